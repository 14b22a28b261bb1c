//! Progress as a reader and as a reporter sees it.

use callboard_protocol::job::{Progress, clip};
use futures_util::{Stream, stream};
use tokio::sync::watch;

/// How far a job is. A late reader first sees the last value, and misses none that comes after it (S2.15, W2.10);
/// one that is slow sees the newest value instead of all of them. It ends with the job.
#[derive(Clone, Debug)]
pub struct ProgressStream(watch::Receiver<Option<Progress>>);

impl ProgressStream {
    /// `receiver` must not have seen the present value.
    pub(crate) fn new(receiver: watch::Receiver<Option<Progress>>) -> Self {
        ProgressStream(receiver)
    }

    /// The next value; `None` when the job has ended. Safe to drop and call again.
    pub async fn next(&mut self) -> Option<Progress> {
        loop {
            self.0.changed().await.ok()?;
            let progress = self.0.borrow_and_update().clone();
            if progress.is_some() {
                return progress;
            }
        }
    }

    /// The last value, when there is one.
    pub fn current(&self) -> Option<Progress> {
        self.0.borrow().clone()
    }

    /// The same as a stream.
    pub fn into_stream(self) -> impl Stream<Item = Progress> + Send {
        stream::unfold(self, |mut this| async move { Some((this.next().await?, this)) })
    }
}

/// Keeps what a reporter says in order (X3): a value outside 0..=1 is clamped, one that is no number or lower than the
/// last of the same attempt becomes the last, a long message is cut.
#[derive(Debug, Default)]
pub(crate) struct Monotone {
    attempt: u32,
    last: f64,
}

impl Monotone {
    pub(crate) fn fit(&mut self, attempt: u32, progress: Progress) -> Progress {
        if self.attempt != attempt {
            *self = Monotone { attempt, last: 0.0 };
        }
        let value = if progress.value.is_nan() { self.last } else { progress.value };
        self.last = value.clamp(self.last, 1.0);
        let message = progress.message.map(|message| clip(&message).to_owned());
        Progress { value: self.last, message, ..progress }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(value: f64) -> Progress {
        Progress { value, ..Progress::default() }
    }

    /// X3.
    #[test]
    fn an_attempt_never_goes_back_and_a_new_one_begins_anew() {
        let mut monotone = Monotone::default();
        let given = [(1, 0.5), (1, 0.2), (1, f64::NAN), (1, 7.0), (2, -1.0), (2, 0.25)];
        let shown = given.map(|(attempt, given)| monotone.fit(attempt, value(given)).value);
        assert_eq!(shown, [0.5, 0.5, 0.5, 1.0, 0.0, 0.25]);
    }

    /// W2.10: the original replayed the last value and then subscribed; what came in between was lost.
    #[tokio::test]
    async fn a_late_reader_sees_the_last_value_and_then_the_end() {
        let (sender, first) = watch::channel(None);
        sender.send_replace(Some(value(0.5)));
        let mut late = ProgressStream::new(first.clone());
        sender.send_replace(Some(value(0.75)));
        assert_eq!(late.next().await, Some(value(0.75)));
        sender.send_replace(Some(value(1.0)));
        drop(sender);
        assert_eq!((late.next().await, late.next().await), (Some(value(1.0)), None));
        let mut after = ProgressStream::new(first);
        assert_eq!((after.next().await, after.next().await), (Some(value(1.0)), None));
    }
}
