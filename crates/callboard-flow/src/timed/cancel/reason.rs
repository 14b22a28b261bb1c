//! Why something was cancelled, and the one error that says so (X5).

use std::{error::Error, fmt, sync::Arc};

/// Why something is to stop.
///
/// ```
/// # use callboard_flow::Reason;
/// assert_eq!(Reason::LeaseLost.as_str(), "lease_lost");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// Somebody asked for it.
    User,
    /// Its time was up.
    Timeout,
    /// The program stops in order.
    Shutdown,
    /// Somebody else does it by now.
    LeaseLost,
    /// Something newer took its place.
    Superseded,
    /// As said here.
    Other(Arc<str>),
}

impl Reason {
    /// A reason of the caller's own.
    ///
    /// ```
    /// # use callboard_flow::Reason;
    /// assert_eq!(Reason::other("no battery").to_string(), "no battery");
    /// ```
    pub fn other(reason: impl AsRef<str>) -> Self {
        Reason::Other(reason.as_ref().into())
    }

    /// The word for it.
    ///
    /// ```
    /// # use callboard_flow::Reason;
    /// assert_eq!(Reason::Timeout.as_str(), "timeout");
    /// ```
    pub fn as_str(&self) -> &str {
        match self {
            Reason::User => "user",
            Reason::Timeout => "timeout",
            Reason::Shutdown => "shutdown",
            Reason::LeaseLost => "lease_lost",
            Reason::Superseded => "superseded",
            Reason::Other(reason) => reason,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// Something was cancelled: the same error before, while waiting and while running, with its reason.
///
/// ```
/// use callboard_flow::{CancelToken, Reason};
///
/// let token = CancelToken::new();
/// token.cancel(Reason::Timeout);
/// let error = token.check().unwrap_err();
/// assert!(error.is_timeout());
/// assert_eq!(error.to_string(), "the operation was cancelled (timeout)");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cancelled {
    reason: Reason,
}

impl Cancelled {
    /// The error for `reason`, for operations that are cancelled by another way than a token.
    ///
    /// ```
    /// # use callboard_flow::{Cancelled, Reason};
    /// assert_eq!(Cancelled::new(Reason::User).reason(), &Reason::User);
    /// ```
    pub fn new(reason: Reason) -> Self {
        Cancelled { reason }
    }

    /// Why.
    ///
    /// ```
    /// # use callboard_flow::{Cancelled, Reason};
    /// assert_eq!(Cancelled::new(Reason::Shutdown).reason().as_str(), "shutdown");
    /// ```
    pub fn reason(&self) -> &Reason {
        &self.reason
    }

    /// Whether its time was up.
    ///
    /// ```
    /// # use callboard_flow::{Cancelled, Reason};
    /// assert!(!Cancelled::new(Reason::User).is_timeout());
    /// ```
    pub fn is_timeout(&self) -> bool {
        self.reason == Reason::Timeout
    }
}

impl fmt::Display for Cancelled {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "the operation was cancelled ({})", self.reason)
    }
}

impl Error for Cancelled {}
