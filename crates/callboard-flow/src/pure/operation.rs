//! What a program shows of one asynchronous operation: five states (S1.19).

use std::{fmt, time::Duration};

/// Which of the five states an [`AsyncOperation`] is in.
///
/// ```
/// # use callboard_flow::OperationState;
/// assert_eq!(OperationState::default(), OperationState::Idle);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OperationState {
    /// Nobody asked for it yet.
    #[default]
    Idle,
    /// It is on its way.
    Pending,
    /// It ended well.
    Success,
    /// It ended badly.
    Error,
    /// It was called off.
    Cancelled,
}

impl OperationState {
    /// The word for it, as views write it.
    ///
    /// ```
    /// # use callboard_flow::OperationState;
    /// assert_eq!(OperationState::Pending.as_str(), "pending");
    /// ```
    pub fn as_str(self) -> &'static str {
        match self {
            OperationState::Idle => "idle",
            OperationState::Pending => "pending",
            OperationState::Success => "success",
            OperationState::Error => "error",
            OperationState::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more happens by itself.
    ///
    /// ```
    /// # use callboard_flow::OperationState;
    /// assert!(OperationState::Error.is_terminal() && !OperationState::Idle.is_terminal());
    /// ```
    pub fn is_terminal(self) -> bool {
        matches!(self, OperationState::Success | OperationState::Error | OperationState::Cancelled)
    }

    /// Whether it is on its way.
    ///
    /// ```
    /// # use callboard_flow::OperationState;
    /// assert!(OperationState::Pending.is_loading());
    /// ```
    pub fn is_loading(self) -> bool {
        self == OperationState::Pending
    }
}

impl fmt::Display for OperationState {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// One asynchronous operation as a value: what a view needs to show it, and nothing that cannot be.
///
/// Only a success has data and only an error has an error, but for what a cancellation interrupted: it keeps the
/// data that was there. Times are readings of one monotonic clock since any origin.
///
/// ```
/// use callboard_flow::AsyncOperation;
/// use std::time::Duration;
///
/// let seconds = Duration::from_secs;
/// let mut download = AsyncOperation::<u64, String>::idle();
/// download.start(seconds(10));
/// assert!(download.state().is_loading());
/// download.succeed(4096, seconds(12));
/// assert_eq!(download.data(), Some(&4096));
/// assert_eq!(download.duration(seconds(99)), Some(seconds(2)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AsyncOperation<T, E> {
    phase: Phase<T, E>,
    started_at: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase<T, E> {
    Idle,
    Pending,
    Success { data: T, ended_at: Duration },
    Error { error: E, ended_at: Duration },
    Cancelled { data: Option<T>, ended_at: Duration },
}

impl<T, E> Default for AsyncOperation<T, E> {
    fn default() -> Self {
        AsyncOperation::idle()
    }
}

impl<T, E> AsyncOperation<T, E> {
    /// One that nobody asked for yet.
    ///
    /// ```
    /// # use callboard_flow::{AsyncOperation, OperationState};
    /// assert_eq!(AsyncOperation::<(), ()>::idle().state(), OperationState::Idle);
    /// ```
    pub fn idle() -> Self {
        AsyncOperation { phase: Phase::Idle, started_at: None }
    }

    /// One that starts at `at`.
    ///
    /// ```
    /// # use callboard_flow::AsyncOperation;
    /// # use std::time::Duration;
    /// assert!(AsyncOperation::<(), ()>::pending(Duration::ZERO).state().is_loading());
    /// ```
    pub fn pending(at: Duration) -> Self {
        AsyncOperation { phase: Phase::Pending, started_at: Some(at) }
    }

    /// Starts it, or starts it again: data, error and end are cleared, the first start is kept.
    ///
    /// ```
    /// # use callboard_flow::AsyncOperation;
    /// # use std::time::Duration;
    /// let mut operation = AsyncOperation::<u8, &str>::pending(Duration::from_secs(1));
    /// operation.fail("no", Duration::from_secs(2));
    /// operation.start(Duration::from_secs(3));
    /// assert_eq!((operation.error(), operation.started_at()), (None, Some(Duration::from_secs(1))));
    /// ```
    pub fn start(&mut self, at: Duration) {
        self.started_at.get_or_insert(at);
        self.phase = Phase::Pending;
    }

    /// Ends it well.
    ///
    /// ```
    /// # use callboard_flow::AsyncOperation;
    /// # use std::time::Duration;
    /// let mut operation = AsyncOperation::<u8, &str>::pending(Duration::ZERO);
    /// operation.succeed(7, Duration::from_secs(1));
    /// assert_eq!(operation.data(), Some(&7));
    /// ```
    pub fn succeed(&mut self, data: T, at: Duration) {
        self.phase = Phase::Success { data, ended_at: at };
    }

    /// Ends it badly; data are cleared.
    ///
    /// ```
    /// # use callboard_flow::AsyncOperation;
    /// # use std::time::Duration;
    /// let mut operation = AsyncOperation::<u8, &str>::pending(Duration::ZERO);
    /// operation.fail("disk full", Duration::from_secs(1));
    /// assert_eq!((operation.data(), operation.error()), (None, Some(&"disk full")));
    /// ```
    pub fn fail(&mut self, error: E, at: Duration) {
        self.phase = Phase::Error { error, ended_at: at };
    }

    /// Calls it off; data that were there stay.
    ///
    /// ```
    /// # use callboard_flow::AsyncOperation;
    /// # use std::time::Duration;
    /// let mut operation = AsyncOperation::<u8, &str>::pending(Duration::ZERO);
    /// operation.cancel(Duration::from_secs(1));
    /// assert!(operation.state().is_terminal());
    /// ```
    pub fn cancel(&mut self, at: Duration) {
        let data = match std::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Success { data, .. } => Some(data),
            Phase::Cancelled { data, .. } => data,
            _ => None,
        };
        self.phase = Phase::Cancelled { data, ended_at: at };
    }

    /// Makes it one that nobody asked for; the next start counts from its own time.
    ///
    /// ```
    /// # use callboard_flow::AsyncOperation;
    /// # use std::time::Duration;
    /// let mut operation = AsyncOperation::<u8, &str>::pending(Duration::ZERO);
    /// operation.reset();
    /// assert_eq!(operation, AsyncOperation::idle());
    /// ```
    pub fn reset(&mut self) {
        *self = AsyncOperation::idle();
    }

    /// Which state it is in.
    ///
    /// ```
    /// # use callboard_flow::AsyncOperation;
    /// assert_eq!(AsyncOperation::<u8, u8>::default().state().as_str(), "idle");
    /// ```
    pub fn state(&self) -> OperationState {
        match self.phase {
            Phase::Idle => OperationState::Idle,
            Phase::Pending => OperationState::Pending,
            Phase::Success { .. } => OperationState::Success,
            Phase::Error { .. } => OperationState::Error,
            Phase::Cancelled { .. } => OperationState::Cancelled,
        }
    }

    /// What it brought.
    ///
    /// ```
    /// # use callboard_flow::AsyncOperation;
    /// assert_eq!(AsyncOperation::<u8, u8>::idle().data(), None);
    /// ```
    pub fn data(&self) -> Option<&T> {
        match &self.phase {
            Phase::Success { data, .. } => Some(data),
            Phase::Cancelled { data, .. } => data.as_ref(),
            _ => None,
        }
    }

    /// What went wrong.
    ///
    /// ```
    /// # use callboard_flow::AsyncOperation;
    /// assert_eq!(AsyncOperation::<u8, u8>::idle().error(), None);
    /// ```
    pub fn error(&self) -> Option<&E> {
        match &self.phase {
            Phase::Error { error, .. } => Some(error),
            _ => None,
        }
    }

    /// When it started.
    ///
    /// ```
    /// # use callboard_flow::AsyncOperation;
    /// assert_eq!(AsyncOperation::<u8, u8>::idle().started_at(), None);
    /// ```
    pub fn started_at(&self) -> Option<Duration> {
        self.started_at
    }

    /// When it ended.
    ///
    /// ```
    /// # use callboard_flow::AsyncOperation;
    /// # use std::time::Duration;
    /// let mut operation = AsyncOperation::<u8, u8>::idle();
    /// operation.cancel(Duration::from_secs(3));
    /// assert_eq!(operation.ended_at(), Some(Duration::from_secs(3)));
    /// ```
    pub fn ended_at(&self) -> Option<Duration> {
        match self.phase {
            Phase::Success { ended_at, .. }
            | Phase::Error { ended_at, .. }
            | Phase::Cancelled { ended_at, .. } => Some(ended_at),
            Phase::Idle | Phase::Pending => None,
        }
    }

    /// How long it took, or takes already at `now`; `None` for one that never started.
    ///
    /// ```
    /// # use callboard_flow::AsyncOperation;
    /// # use std::time::Duration;
    /// let running = AsyncOperation::<u8, u8>::pending(Duration::from_secs(1));
    /// assert_eq!(running.duration(Duration::from_secs(4)), Some(Duration::from_secs(3)));
    /// ```
    pub fn duration(&self, now: Duration) -> Option<Duration> {
        Some(self.ended_at().unwrap_or(now).saturating_sub(self.started_at?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: [Duration; 4] =
        [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(3), Duration::from_secs(4)];

    /// In each of the five states, after it was started at `AT[0]` and ended at `AT[1]`.
    fn every() -> [AsyncOperation<u8, u8>; 5] {
        let started = AsyncOperation::pending(AT[0]);
        let mut every = [AsyncOperation::idle(), started, started, started, started];
        every[2].succeed(7, AT[1]);
        every[3].fail(9, AT[1]);
        every[4].cancel(AT[1]);
        every
    }

    type Row = (OperationState, Option<u8>, Option<u8>, Option<Duration>, Option<Duration>);

    fn row(operation: &AsyncOperation<u8, u8>) -> Row {
        let AsyncOperation { started_at, .. } = operation;
        (
            operation.state(),
            operation.data().copied(),
            operation.error().copied(),
            *started_at,
            operation.ended_at(),
        )
    }

    /// S1.19, from every state into every other.
    #[test]
    fn every_transition_does_what_it_says() {
        for before in every() {
            let began = before.started_at();
            let after = |change: fn(&mut AsyncOperation<u8, u8>)| {
                let mut operation = before;
                change(&mut operation);
                row(&operation)
            };
            let pending = (OperationState::Pending, None, None, began.or(Some(AT[2])), None);
            assert_eq!(after(|operation| operation.start(AT[2])), pending);
            let success = (OperationState::Success, Some(1), None, began, Some(AT[2]));
            assert_eq!(after(|operation| operation.succeed(1, AT[2])), success);
            let error = (OperationState::Error, None, Some(2), began, Some(AT[2]));
            assert_eq!(after(|operation| operation.fail(2, AT[2])), error);
            let cancelled = (OperationState::Cancelled, before.data().copied(), None, began, Some(AT[2]));
            assert_eq!(after(|operation| operation.cancel(AT[2])), cancelled);
            assert_eq!(after(AsyncOperation::reset), (OperationState::Idle, None, None, None, None));
        }
    }

    #[test]
    fn states_and_durations() {
        let terminal = every().map(|operation| operation.state().is_terminal());
        assert_eq!(terminal, [false, false, true, true, true]);
        let durations = every().map(|operation| operation.duration(AT[3]).map(|duration| duration.as_secs()));
        assert_eq!(durations, [None, Some(3), Some(1), Some(1), Some(1)]);
    }
}
