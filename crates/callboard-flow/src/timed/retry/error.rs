//! What a try's failure says about another try, and what is left after the last one.

use crate::Cancelled;
use std::{error::Error, fmt, time::Duration};

/// Why one try failed, and whether another may help.
///
/// A plain error converts into one that may be tried again, so `?` works.
///
/// ```
/// use callboard_flow::Failure;
/// use std::time::Duration;
///
/// fn status(code: u16) -> Result<(), Failure<String>> {
///     match code {
///         200 => Ok(()),
///         429 => Err(Failure::retry_after("slow down".to_owned(), Duration::from_secs(60))),
///         500.. => Err(Failure::retry(format!("status {code}"))),
///         _ => Err(Failure::fatal(format!("status {code}"))),
///     }
/// }
/// assert!(status(404).unwrap_err().is_fatal() && !status(503).unwrap_err().is_fatal());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure<E> {
    /// Another try may help.
    Retry {
        /// What went wrong.
        source: E,
        /// The time until the next try when the other side said so; else the backoff decides.
        after: Option<Duration>,
    },
    /// No other try can help.
    Fatal(E),
}

impl<E> Failure<E> {
    /// Another try may help.
    ///
    /// ```
    /// # use callboard_flow::Failure;
    /// assert!(!Failure::retry("busy").is_fatal());
    /// ```
    pub fn retry(source: E) -> Self {
        Failure::Retry { source, after: None }
    }

    /// Another try may help, but not before `after`.
    ///
    /// ```
    /// # use callboard_flow::Failure;
    /// # use std::time::Duration;
    /// assert_eq!(Failure::retry_after("busy", Duration::from_secs(1)).into_source(), "busy");
    /// ```
    pub fn retry_after(source: E, after: Duration) -> Self {
        Failure::Retry { source, after: Some(after) }
    }

    /// No other try can help.
    ///
    /// ```
    /// # use callboard_flow::Failure;
    /// assert!(Failure::fatal("forbidden").is_fatal());
    /// ```
    pub fn fatal(source: E) -> Self {
        Failure::Fatal(source)
    }

    /// Whether no other try can help.
    ///
    /// ```
    /// # use callboard_flow::Failure;
    /// assert!(!Failure::from("a plain error").is_fatal());
    /// ```
    pub fn is_fatal(&self) -> bool {
        matches!(self, Failure::Fatal(_))
    }

    /// What went wrong.
    ///
    /// ```
    /// # use callboard_flow::Failure;
    /// assert_eq!(Failure::fatal("forbidden").into_source(), "forbidden");
    /// ```
    pub fn into_source(self) -> E {
        match self {
            Failure::Retry { source, .. } | Failure::Fatal(source) => source,
        }
    }
}

impl<E> From<E> for Failure<E> {
    fn from(source: E) -> Self {
        Failure::retry(source)
    }
}

/// Why an operation was given up.
///
/// ```
/// use callboard_flow::RetryError;
/// use std::{error::Error, io};
///
/// let error = RetryError::Exhausted { source: io::Error::other("broken pipe"), attempts: 3 };
/// assert_eq!(error.to_string(), "the operation failed after 3 attempts");
/// assert_eq!(error.source().unwrap().to_string(), "broken pipe");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryError<E> {
    /// Every try failed.
    Exhausted {
        /// Why the last one did.
        source: E,
        /// How many tries there were.
        attempts: u32,
    },
    /// A try failed in a way that no other try can help.
    Fatal {
        /// How.
        source: E,
        /// How many tries there were, this one included.
        attempts: u32,
    },
    /// It was cancelled.
    Cancelled(Cancelled),
}

impl<E> RetryError<E> {
    /// Whether it was cancelled.
    ///
    /// ```
    /// # use callboard_flow::{Cancelled, Reason, RetryError};
    /// assert!(RetryError::<String>::Cancelled(Cancelled::new(Reason::User)).is_cancelled());
    /// ```
    pub fn is_cancelled(&self) -> bool {
        matches!(self, RetryError::Cancelled(_))
    }

    /// The operation's own error; `None` after a cancellation.
    ///
    /// ```
    /// # use callboard_flow::RetryError;
    /// assert_eq!(RetryError::Fatal { source: "forbidden", attempts: 1 }.into_source(), Some("forbidden"));
    /// ```
    pub fn into_source(self) -> Option<E> {
        match self {
            RetryError::Exhausted { source, .. } | RetryError::Fatal { source, .. } => Some(source),
            RetryError::Cancelled(_) => None,
        }
    }
}

impl<E> From<Cancelled> for RetryError<E> {
    fn from(cancelled: Cancelled) -> Self {
        RetryError::Cancelled(cancelled)
    }
}

impl<E> fmt::Display for RetryError<E> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RetryError::Exhausted { attempts: 1, .. } => {
                out.write_str("the operation failed after 1 attempt")
            }
            RetryError::Exhausted { attempts, .. } => {
                write!(out, "the operation failed after {attempts} attempts")
            }
            RetryError::Fatal { .. } => out.write_str("the operation failed and cannot be tried again"),
            RetryError::Cancelled(cancelled) => cancelled.fmt(out),
        }
    }
}

impl<E: Error + 'static> Error for RetryError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            RetryError::Exhausted { source, .. } | RetryError::Fatal { source, .. } => Some(source),
            RetryError::Cancelled(_) => None,
        }
    }
}
