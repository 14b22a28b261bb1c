//! Named events of an operation and the reducer that folds them (S1.20).

use super::operation::AsyncOperation;
use std::time::Duration;

/// What happened to an operation.
///
/// ```
/// use callboard_flow::Happening;
///
/// let ended: [Happening<u64, &str>; 2] = [Happening::Fulfilled(4096), Happening::Rejected("disk full")];
/// assert_ne!(ended[0], ended[1]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Happening<T, E> {
    /// It started.
    Pending,
    /// It ended well, with this.
    Fulfilled(T),
    /// It ended badly, because of this.
    Rejected(E),
    /// It was called off.
    Cancelled,
}

/// Something that happened to a named operation, and when: what a log of actions holds.
///
/// ```
/// use callboard_flow::{Action, AsyncOperation, Happening};
/// use std::time::Duration;
///
/// let actions = [
///     Action::new("download", Happening::Pending, Duration::from_secs(1)),
///     Action::new("upload", Happening::Cancelled, Duration::from_secs(2)),
///     Action::new("download", Happening::Fulfilled(4096), Duration::from_secs(3)),
/// ];
/// let mut download = AsyncOperation::<u64, String>::idle();
/// let changed = actions.map(|action| action.with_correlation_id("c1").apply("download", &mut download));
/// assert_eq!(changed, [true, false, true]);
/// assert_eq!(download.data(), Some(&4096));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Action<T, E> {
    /// Of which operation: a stable name, never a type's.
    pub name: String,
    /// What happened.
    pub happening: Happening<T, E>,
    /// What belongs together with it.
    pub correlation_id: Option<String>,
    /// When, on the same clock as the operation's times.
    pub at: Duration,
}

impl<T, E> Action<T, E> {
    /// Something that happened at `at`.
    ///
    /// ```
    /// # use callboard_flow::{Action, Happening};
    /// # use std::time::Duration;
    /// let action = Action::<(), ()>::new("sync", Happening::Pending, Duration::ZERO);
    /// assert_eq!(action.kind(), "sync/pending");
    /// ```
    pub fn new(name: impl Into<String>, happening: Happening<T, E>, at: Duration) -> Self {
        Action { name: name.into(), happening, correlation_id: None, at }
    }

    /// The same, belonging to `id`.
    ///
    /// ```
    /// # use callboard_flow::{Action, Happening};
    /// # use std::time::Duration;
    /// let action = Action::<(), ()>::new("sync", Happening::Pending, Duration::ZERO).with_correlation_id("c1");
    /// assert_eq!(action.correlation_id.as_deref(), Some("c1"));
    /// ```
    #[must_use]
    pub fn with_correlation_id(self, id: impl Into<String>) -> Self {
        Action { correlation_id: Some(id.into()), ..self }
    }

    /// Name and happening in one word, as a log shows it: `download/fulfilled`.
    ///
    /// ```
    /// # use callboard_flow::{Action, Happening};
    /// # use std::time::Duration;
    /// let action = Action::<(), _>::new("sync", Happening::Rejected("offline"), Duration::ZERO);
    /// assert_eq!(action.kind(), "sync/rejected");
    /// ```
    pub fn kind(&self) -> String {
        let suffix = match self.happening {
            Happening::Pending => "pending",
            Happening::Fulfilled(_) => "fulfilled",
            Happening::Rejected(_) => "rejected",
            Happening::Cancelled => "cancelled",
        };
        format!("{}/{suffix}", self.name)
    }

    /// Folds it into the operation called `name`; whether it was meant and so changed something.
    ///
    /// ```
    /// # use callboard_flow::{Action, AsyncOperation, Happening};
    /// # use std::time::Duration;
    /// let mut operation = AsyncOperation::<u8, u8>::idle();
    /// let other = Action::new("other", Happening::Pending, Duration::ZERO);
    /// assert!(!other.apply("mine", &mut operation));
    /// assert_eq!(operation, AsyncOperation::idle());
    /// ```
    pub fn apply(self, name: &str, operation: &mut AsyncOperation<T, E>) -> bool {
        if self.name != name {
            return false;
        }
        match self.happening {
            Happening::Pending => operation.start(self.at),
            Happening::Fulfilled(data) => operation.succeed(data, self.at),
            Happening::Rejected(error) => operation.fail(error, self.at),
            Happening::Cancelled => operation.cancel(self.at),
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OperationState;

    /// S1.20: the four suffixes, each into its state; another name changes nothing.
    #[test]
    fn every_happening_has_its_suffix_and_its_state() {
        let cases = [
            (Happening::Pending, "a/pending", OperationState::Pending),
            (Happening::Fulfilled(1), "a/fulfilled", OperationState::Success),
            (Happening::Rejected(2), "a/rejected", OperationState::Error),
            (Happening::Cancelled, "a/cancelled", OperationState::Cancelled),
        ];
        for (happening, kind, state) in cases {
            let action = Action::new("a", happening, Duration::from_secs(1));
            assert_eq!(action.kind(), kind);
            let mut operation = AsyncOperation::<u8, u8>::idle();
            assert!(!action.clone().apply("b", &mut operation));
            assert_eq!(operation.state(), OperationState::Idle);
            assert!(action.apply("a", &mut operation));
            assert_eq!(operation.state(), state);
        }
    }
}
