//! What is shown of a job that is followed: lines for people, or one JSON object a line for programs.

use crate::{
    clock::now,
    failure::Failure,
    text::{
        clean::clean,
        form::Fields,
        log_line::LogForm,
        output::{ProgressWhen, Screen, note, print},
        progress,
        signals::{linked, taskbar},
    },
};
use callboard_protocol::{
    JobId, Node,
    job::{Job, JobState},
    log::{Level, LogEntry},
};
use serde_json::{Value, json};
use std::io::Write as _;

/// What is wanted to be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// The job's output on the streams that it was written to, and progress.
    Output(ProgressWhen),
    /// Progress only.
    Progress(ProgressWhen),
    /// Everything, as JSON; of each event these members.
    Json(Fields),
    /// Log lines and nothing else.
    Log(LogForm),
}

/// See the module.
pub(crate) struct Presenter {
    screen: Screen,
    manner: Manner,
    /// The record that the live line shows.
    shown: Option<Job>,
    /// Whether a live line stands on the terminal.
    drawn: bool,
    /// Where ids lead to.
    studio: Option<String>,
}

impl Presenter {
    pub(crate) fn new(screen: Screen, manner: Manner) -> Self {
        Presenter { screen, manner, shown: None, drawn: false, studio: None }
    }

    /// Lets ids lead to a Studio where the terminal has links.
    pub(crate) fn linking(self, studio: Option<String>) -> Self {
        Presenter { studio, ..self }
    }

    pub(crate) fn wants_lines(&self) -> bool {
        !matches!(self.manner, Manner::Progress(_))
    }

    /// The job was accepted.
    pub(crate) fn accepted(&mut self, id: &JobId) -> Result<(), Failure> {
        match &self.manner {
            Manner::Json(fields) => event(fields, "accepted", &json!({ "id": id })),
            _ => Ok(()),
        }
    }

    /// The job's record changed.
    pub(crate) fn job(&mut self, job: Job) -> Result<(), Failure> {
        let before = self.shown.replace(job);
        let Some(job) = &self.shown else { return Ok(()) };
        let moved =
            before.as_ref().is_none_or(|before| before.state != job.state || before.attempt != job.attempt);
        let tenth = |job: &Job| job.progress.as_ref().map(|progress| (progress.value * 10.0) as u32);
        match &self.manner {
            Manner::Json(fields) => {
                if moved {
                    event(
                        fields,
                        "state",
                        &json!({ "id": job.id, "state": job.state, "attempt": job.attempt }),
                    )?;
                }
                let progress = job.progress.as_ref();
                if let Some(progress) =
                    progress.filter(|now| before.and_then(|job| job.progress).as_ref() != Some(*now))
                {
                    event(fields, "progress", &json!({ "id": job.id, "progress": progress }))?;
                }
            }
            Manner::Output(ProgressWhen::Plain) | Manner::Progress(ProgressWhen::Plain)
                if moved || before.as_ref().and_then(tenth) != tenth(job) =>
            {
                note(&progress::live(job, now(), usize::MAX, self.screen.unicode));
            }
            _ => self.redraw(),
        }
        Ok(())
    }

    /// The job wrote a line.
    pub(crate) fn line(&mut self, line: &LogEntry) -> Result<(), Failure> {
        match &self.manner {
            Manner::Json(fields) => return event(fields, "log", &json!({ "entry": line })),
            Manner::Log(form) => return print(&form.render(line, &self.screen)),
            Manner::Progress(_) => return Ok(()),
            Manner::Output(_) => {}
        }
        self.clear();
        match &*line.channel {
            "stdout" if self.screen.out_is_terminal => print(&clean(&line.message))?,
            "stdout" => print(&line.message)?,
            // That an attempt failed is told by the job's record.
            "job" if line.level >= Level::Error => {}
            _ if self.screen.err_is_terminal => note(&clean(&line.message)),
            _ => note(&line.message),
        }
        self.redraw();
        Ok(())
    }

    /// Something for the person; in JSON for nobody.
    pub(crate) fn note(&mut self, text: &str) {
        if !matches!(self.manner, Manner::Json(_) | Manner::Log(LogForm::Json(_))) {
            self.clear();
            note(text);
            self.redraw();
        }
    }

    /// The job is over.
    pub(crate) fn finished(&mut self, job: &Job) -> Result<(), Failure> {
        self.shown = None;
        self.clear();
        let (progress, output) = match &self.manner {
            Manner::Json(fields) => return event(fields, "finished", &json!({ "job": job })),
            Manner::Log(_) => return Ok(()),
            Manner::Output(progress) => (*progress, true),
            Manner::Progress(progress) => (*progress, false),
        };
        let told_by_itself = output && job.error.as_ref().is_some_and(|error| error.exit_code.is_some());
        if progress != ProgressWhen::None {
            let line = progress::finished(job, self.screen.unicode);
            note(&linked(&line, &job.id, self.studio.as_deref()));
        } else if job.state == JobState::Failed && !told_by_itself {
            let why = job.error.as_ref().map_or("no reason is recorded", |error| error.message.as_str());
            note(&format!("error: the job failed: {}", clean(why)));
        }
        Ok(())
    }

    /// Draws the live line again.
    pub(crate) fn redraw(&mut self) {
        let live =
            matches!(self.manner, Manner::Output(ProgressWhen::Tty) | Manner::Progress(ProgressWhen::Tty));
        if let (true, Some(job)) = (live, &self.shown) {
            let line = progress::live(job, now(), self.screen.width, self.screen.unicode);
            let line = linked(&line, &job.id, self.studio.as_deref());
            let value = job.progress.as_ref().map(|progress| progress.value);
            let told = if self.screen.signals.taskbar { taskbar(value) } else { String::new() };
            draw(&format!("\r\u{1b}[2K{line}{told}"));
            self.drawn = true;
        }
    }

    /// Takes the live line away.
    pub(crate) fn clear(&mut self) {
        if std::mem::take(&mut self.drawn) {
            let told = if self.screen.signals.taskbar { taskbar(None) } else { String::new() };
            draw(&format!("\r\u{1b}[2K{told}"));
        }
    }
}

/// One line of the stream for programs; `v` is the version of its form.
pub(crate) fn event(fields: &Fields, name: &str, members: &Value) -> Result<(), Failure> {
    let members = members.to_string();
    let event = format!(r#"{{"v":1,"type":"{name}",{}"#, &members[1..]);
    if fields.is_all() {
        return print(&event);
    }
    let event: Node = serde_json::from_str(&event).unwrap_or_default();
    print(&fields.pick(&event).to_string())
}

/// Writes to the terminal as it is.
pub(crate) fn draw(text: &str) {
    let mut err = anstream::stderr().lock();
    // Progress that cannot be shown is no reason to stop.
    let _ = write!(err, "{text}").and_then(|()| err.flush());
}
