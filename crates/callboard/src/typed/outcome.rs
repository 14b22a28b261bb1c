//! Small vocabulary for programs that show what became of a job (S2.26).

use super::{Failure, JobEnd, Settled};
use crate::events::DataSource;
use std::time::Duration;

/// What became of a job, as a value to match on.
#[derive(Clone, Debug)]
pub enum JobResult<T> {
    /// It returned this.
    Success(T, DataSource),
    /// It failed, or could not begin.
    Failure(JobEnd),
    /// It was cancelled, for this reason.
    Cancelled(Option<String>),
    /// It was stopped at this limit.
    TimedOut(Duration),
}

impl<T> JobResult<T> {
    /// The result, when there is one.
    pub fn value(self) -> Option<T> {
        match self {
            JobResult::Success(value, _) => Some(value),
            _ => None,
        }
    }

    /// Whether there is a result.
    pub fn is_success(&self) -> bool {
        matches!(self, JobResult::Success(..))
    }

    /// The error of the last try, when it failed.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            JobResult::Failure(JobEnd::Failed(failure)) => Some(failure),
            _ => None,
        }
    }
}

impl<T> From<Result<Settled<T>, JobEnd>> for JobResult<T> {
    fn from(ended: Result<Settled<T>, JobEnd>) -> Self {
        match ended {
            Ok(settled) => JobResult::Success(settled.value, settled.source),
            Err(JobEnd::Cancelled(reason)) => JobResult::Cancelled(reason),
            Err(JobEnd::TimedOut(limit)) => JobResult::TimedOut(limit),
            Err(end) => JobResult::Failure(end),
        }
    }
}

/// Data that is loaded: what a screen shows of it. What was loaded once stays visible while it is loaded again and
/// when that fails.
///
/// ```
/// use callboard::AsyncState;
///
/// let state = AsyncState::<_, String>::Success(3).to_loading();
/// assert_eq!(state, AsyncState::Refreshing(3));
/// let state = state.to_failure("offline".into());
/// assert_eq!((state.data(), state.error().map(String::as_str)), (Some(&3), Some("offline")));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AsyncState<T, E = JobEnd> {
    /// Nothing was asked for.
    #[default]
    Initial,
    /// It is being loaded for the first time.
    Loading,
    /// It is there.
    Success(T),
    /// Loading failed; what was there before still is.
    Failure(E, Option<T>),
    /// It is there and is being loaded again.
    Refreshing(T),
}

impl<T, E> AsyncState<T, E> {
    /// It is being loaded from now on; old data stays.
    pub fn to_loading(self) -> Self {
        self.into_data().map_or(AsyncState::Loading, AsyncState::Refreshing)
    }

    /// Loading has failed; old data stays.
    pub fn to_failure(self, error: E) -> Self {
        AsyncState::Failure(error, self.into_data())
    }

    /// It is there.
    pub fn to_success(self, data: T) -> Self {
        AsyncState::Success(data)
    }

    /// What is there, be it old or new.
    pub fn data(&self) -> Option<&T> {
        match self {
            AsyncState::Success(data) | AsyncState::Refreshing(data) => Some(data),
            AsyncState::Failure(_, data) => data.as_ref(),
            AsyncState::Initial | AsyncState::Loading => None,
        }
    }

    /// What is there, be it old or new.
    pub fn into_data(self) -> Option<T> {
        match self {
            AsyncState::Success(data) | AsyncState::Refreshing(data) => Some(data),
            AsyncState::Failure(_, data) => data,
            AsyncState::Initial | AsyncState::Loading => None,
        }
    }

    /// Why loading failed the last time.
    pub fn error(&self) -> Option<&E> {
        match self {
            AsyncState::Failure(error, _) => Some(error),
            _ => None,
        }
    }

    /// Whether it is being loaded.
    pub fn is_loading(&self) -> bool {
        matches!(self, AsyncState::Loading | AsyncState::Refreshing(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// S2.26: loading and failing keep what was there.
    #[test]
    fn old_data_stays_visible() {
        type State = AsyncState<u32, &'static str>;
        assert_eq!(State::Initial.to_loading(), State::Loading);
        assert_eq!(State::Loading.to_failure("a"), State::Failure("a", None));
        assert_eq!(State::Failure("a", None).to_loading(), State::Loading);
        let state = State::Loading.to_success(1).to_loading();
        assert_eq!((state.data(), state.is_loading()), (Some(&1), true));
        let state = state.to_failure("b").to_loading().to_failure("c");
        assert_eq!(state, State::Failure("c", Some(1)));
    }

    #[test]
    fn an_end_becomes_a_result() {
        let ended: Result<Settled<u32>, _> = Ok(Settled { value: 1, source: DataSource::Cached });
        assert_eq!(JobResult::from(ended).value(), Some(1));
        let failed = JobResult::<u32>::from(Err(JobEnd::Failed(Failure::new("failed", "no", 2))));
        assert_eq!(failed.failure().map(|failure| failure.attempts), Some(2));
        let cancelled = JobResult::<u32>::from(Err(JobEnd::Cancelled(None)));
        assert!(matches!(cancelled, JobResult::Cancelled(None)) && !cancelled.is_success());
    }
}
