//! The reports of a child: one JSON object a line, each written in one piece and flushed.

use std::io::Write;

use serde_json::{Value, json};

use crate::DemoError;

/// How far the work is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress<'a> {
    /// The done share, 0.0..=1.0.
    pub(crate) value: f64,
    /// What is being done, for people.
    pub(crate) message: &'a str,
    /// The thing under way, from 1, and how many there are.
    pub(crate) step: Option<(u64, u64)>,
}

/// Writes reports to whoever started this program.
pub(crate) struct Reporter<'a> {
    out: &'a mut dyn Write,
}

impl<'a> Reporter<'a> {
    pub(crate) fn new(out: &'a mut dyn Write) -> Self {
        Self { out }
    }

    pub(crate) fn progress(&mut self, progress: Progress<'_>) -> Result<(), DemoError> {
        let Progress { value, message, step } = progress;
        let mut report = json!({"value": value, "message": message});
        if let Some((step, steps)) = step {
            report["step"] = step.into();
            report["steps"] = steps.into();
        }
        self.line(&json!({"progress": report}))
    }

    pub(crate) fn log(&mut self, level: &str, message: &str) -> Result<(), DemoError> {
        self.line(&json!({"log": {"level": level, "message": message}}))
    }

    /// Hands over a finished file of the working folder; `path` is relative to it.
    pub(crate) fn artifact(&mut self, path: &str, mime: &str) -> Result<(), DemoError> {
        self.line(&json!({"artifact": {"path": path, "name": path, "mime": mime}}))
    }

    pub(crate) fn result(&mut self, result: &Value) -> Result<(), DemoError> {
        self.line(&json!({"result": result}))
    }

    fn line(&mut self, report: &Value) -> Result<(), DemoError> {
        let mut line = report.to_string();
        line.push('\n');
        self.out.write_all(line.as_bytes()).and_then(|()| self.out.flush()).map_err(DemoError::Report)
    }
}
