//! Staying with a job until it is over: its state, its lines, and a person who may interrupt.

mod connection;
mod interrupts;
mod presenter;

pub(crate) use connection::Connection;
pub(crate) use interrupts::Interrupts;
pub(crate) use presenter::{Manner, Presenter, draw, event};

use crate::{
    api::Api,
    failure::{Failure, exit},
};
use callboard_client::{Client, JobHandle, LogEvent, LogStream, Telemetry};
use callboard_protocol::{
    JobId,
    caps::LOG_QUERY_LINES,
    job::{Job, JobState},
    log::LogEntry,
};
use std::time::Duration;

/// What an interruption by the user means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnInterrupt {
    /// The job belongs to this command: it is cancelled.
    Cancel,
    /// The job goes on without us.
    Leave,
}

/// How following ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// The job is over.
    Finished(Box<Job>),
    /// The user left.
    Left,
}

/// A job that is followed.
pub(crate) struct Follow<'a> {
    api: &'a Api,
    client: &'a Client,
    job: &'a JobHandle,
    presenter: Presenter,
    on_interrupt: OnInterrupt,
    /// Which of the job's lines are shown.
    wanted: Box<dyn Fn(&LogEntry) -> bool>,
    /// The last line that was shown.
    last_seq: u64,
    interrupted: bool,
    connection: Connection,
}

enum Event {
    Over(Box<Result<Job, callboard_client::ClientError>>),
    StateChanged,
    Log(Option<LogEvent>),
    Interrupted,
    Connection(Box<Telemetry>),
    Tick,
}

/// How often the live line is drawn again although nothing happened: its clocks go on.
const REDRAW: Duration = Duration::from_millis(500);

impl<'a> Follow<'a> {
    pub(crate) fn new(
        api: &'a Api,
        client: &'a Client,
        job: &'a JobHandle,
        presenter: Presenter,
        on_interrupt: OnInterrupt,
    ) -> Self {
        let wanted = Box::new(|_: &LogEntry| true);
        Follow {
            api,
            client,
            job,
            presenter,
            on_interrupt,
            wanted,
            last_seq: 0,
            interrupted: false,
            connection: Connection::open(),
        }
    }

    /// Goes on after a line that was shown already.
    pub(crate) fn after(self, last_seq: u64) -> Self {
        Follow { last_seq, ..self }
    }

    /// Shows some of its lines only.
    pub(crate) fn only(self, wanted: impl Fn(&LogEntry) -> bool + 'static) -> Self {
        Follow { wanted: Box::new(wanted), ..self }
    }

    /// Follows to the end of the job, or until the user leaves.
    pub(crate) async fn run(
        mut self,
        mut logs: LogStream,
        interrupts: &mut Interrupts,
    ) -> Result<Ended, Failure> {
        let result = self.watch(&mut logs, interrupts).await;
        self.presenter.clear();
        // Nobody reads what a foreground job says: it is stopped like at the end of a pipe.
        if let Err(failure) = &result
            && failure.is_unread()
            && self.on_interrupt == OnInterrupt::Cancel
        {
            self.job.cancel(Some("the reader of the output is gone")).await?;
        }
        result
    }

    async fn watch(&mut self, logs: &mut LogStream, interrupts: &mut Interrupts) -> Result<Ended, Failure> {
        let mut views = self.client.follow();
        let mut telemetry = self.client.follow_telemetry();
        let mut redraw = tokio::time::interval(REDRAW);
        let job = self.job.clone();
        let mut over = Box::pin(async move { job.wait().await });
        loop {
            let event = tokio::select! {
                ended = &mut over => Event::Over(Box::new(ended)),
                true = views.changed() => Event::StateChanged,
                event = logs.next() => Event::Log(event),
                () = interrupts.next() => Event::Interrupted,
                true = telemetry.changed() => Event::Connection(Box::new(telemetry.get())),
                _ = redraw.tick() => Event::Tick,
            };
            match event {
                Event::Over(ended) => return self.over((*ended)?).await,
                Event::StateChanged => {
                    views.get();
                    self.show_record()?;
                }
                Event::Log(Some(LogEvent::Lines(lines))) => self.show(&lines)?,
                // The server lost its newest lines in a crash; their numbers are used again.
                Event::Log(Some(LogEvent::Reset { after })) => self.last_seq = after,
                // Lines are missing, of whichever job: the job's own file has them.
                Event::Log(Some(_)) => self.catch_up().await?,
                Event::Log(None) => {
                    return Err(Failure::new(exit::NOT_CONNECTED, "closed", "the connection is closed"));
                }
                Event::Interrupted => {
                    if self.interrupt() {
                        return Ok(Ended::Left);
                    }
                }
                Event::Connection(telemetry) => {
                    if let Some(words) = self.connection.news(&telemetry.phase) {
                        self.presenter.note(words);
                    }
                }
                Event::Tick => self.presenter.redraw(),
            }
        }
    }

    /// The state was told first; what the job said last may not have arrived yet.
    async fn over(&mut self, job: Job) -> Result<Ended, Failure> {
        self.catch_up().await?;
        // The newest lines are in the board's ring even where the job's file could not take them.
        self.read_on(None).await?;
        self.presenter.finished(&job)?;
        Ok(Ended::Finished(Box::new(job)))
    }

    fn show_record(&mut self) -> Result<(), Failure> {
        match self.job.record() {
            Some(job) if !job.state.is_terminal() => self.presenter.job(job),
            _ => Ok(()),
        }
    }

    fn show(&mut self, lines: &[LogEntry]) -> Result<(), Failure> {
        let own = lines.iter().filter(|line| line.job_id.as_ref() == Some(self.job.id()));
        for line in own.filter(|line| line.seq > self.last_seq && (self.wanted)(line)) {
            self.presenter.line(line)?;
        }
        // Lines of other jobs count too: what comes before them has been seen.
        self.last_seq = lines.last().map_or(self.last_seq, |line| line.seq.max(self.last_seq));
        Ok(())
    }

    async fn catch_up(&mut self) -> Result<(), Failure> {
        let id = self.job.id().clone();
        self.read_on(Some(&id)).await
    }

    /// Shows what a log has after the last line shown: the job's own, or the board's.
    async fn read_on(&mut self, log: Option<&JobId>) -> Result<(), Failure> {
        while self.presenter.wants_lines() {
            let lines = self.api.lines(log, Some(self.last_seq), LOG_QUERY_LINES, "").await?;
            if lines.last().is_none_or(|last| last.seq <= self.last_seq) {
                break;
            }
            self.show(&lines)?;
        }
        Ok(())
    }

    /// What the user's interruption does; whether it ends the following.
    fn interrupt(&mut self) -> bool {
        let id = self.job.id().clone();
        if self.on_interrupt == OnInterrupt::Leave {
            self.presenter.note(&format!(
                "the job goes on; `callboard logs {id} -f` follows it, `callboard cancel {id}` stops it"
            ));
            return true;
        }
        if std::mem::replace(&mut self.interrupted, true) {
            self.presenter.note("left before the job had stopped");
            return true;
        }
        self.presenter.note("cancelling the job; press Ctrl-C again to leave at once");
        let job = self.job.clone();
        // Its outcome shows in the state; the loop must go on meanwhile.
        tokio::spawn(async move { job.cancel(Some("interrupted by the user")).await });
        false
    }
}

/// The exit code of `run`: the child's own, 128 and the signal, or what befell the job.
pub(crate) fn child_exit_code(job: &Job) -> u8 {
    let code = job.error.as_ref().and_then(|error| error.exit_code);
    let signal = job.error.as_ref().and_then(|error| error.signal);
    match (job.state, code, signal) {
        (JobState::Succeeded, ..) => exit::OK,
        (JobState::Cancelled, ..) => exit::CANCELLED,
        (_, Some(code), _) => u8::try_from(code).ok().filter(|code| *code > 0).unwrap_or(exit::JOB_FAILED),
        (_, _, Some(signal)) => {
            u8::try_from(signal).ok().and_then(|signal| signal.checked_add(128)).unwrap_or(exit::JOB_FAILED)
        }
        _ => exit::JOB_FAILED,
    }
}

/// The exit code of a job that is no child of this command.
pub(crate) fn job_exit_code(job: &Job) -> u8 {
    match job.state {
        JobState::Succeeded => exit::OK,
        JobState::Cancelled => exit::CANCELLED,
        _ => exit::JOB_FAILED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::progress::tests::job;
    use callboard_protocol::job::JobError;

    #[test]
    fn run_passes_the_childs_code() {
        let ended = |state: &str, exit_code, signal| {
            let mut job = job(state);
            job.error = Some(JobError { exit_code, signal, ..JobError::new("x", "y") });
            (child_exit_code(&job), job_exit_code(&job))
        };
        assert_eq!(ended("succeeded", None, None), (0, 0));
        assert_eq!(ended("failed", Some(3), None), (3, 1));
        assert_eq!(ended("failed", Some(255), None), (255, 1));
        assert_eq!(ended("failed", Some(256), None), (1, 1));
        assert_eq!(ended("failed", None, Some(9)), (137, 1));
        assert_eq!(ended("failed", None, Some(200)), (1, 1));
        assert_eq!(ended("failed", None, None), (1, 1));
        assert_eq!(ended("cancelled", None, Some(15)), (130, 130));
    }
}
