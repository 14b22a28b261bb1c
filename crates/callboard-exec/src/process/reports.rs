//! What a child reports on descriptor 3: one JSON object a line.
//!
//! `{"progress":{"value":0.5,"message":…,"step":…,"steps":…}}`, `{"log":{"level":"warn","message":…}}`,
//! `{"artifact":{"path":…,"name":…,"mime":…}}`, `{"result":…}`; the last result counts. A child that does not
//! know of all this writes nothing there and is fine.

use super::{
    gather::{self, ArtifactPattern},
    lines::Line,
    spec::{ResultSource, ResultSpec},
};
use crate::{ArtifactError, Reporter};
use callboard_protocol::{
    Node, caps,
    job::{JobError, Progress},
    log::Level,
};
use serde::Deserialize;
use std::{
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Report {
    Progress(Progress),
    Log(LogReport),
    Artifact(ArtifactReport),
    Result(Node),
}

#[derive(Debug, Deserialize)]
struct LogReport {
    #[serde(default)]
    level: Level,
    message: String,
}

#[derive(Debug, Deserialize)]
struct ArtifactReport {
    path: String,
    name: Option<String>,
    mime: Option<String>,
}

/// Takes reports and remembers what the outcome needs.
#[derive(Debug)]
pub(crate) struct Desk {
    reporter: Reporter,
    /// Artifacts come from this folder only.
    work_dir: PathBuf,
    received: Mutex<Received>,
}

/// What reports leave for the outcome.
#[derive(Clone, Debug, Default)]
pub(crate) struct Received {
    /// The last result, or why it cannot be taken.
    pub(crate) result: Option<Result<Node, JobError>>,
    /// The first artifact that was lost by no fault of the report.
    pub(crate) lost_artifact: Option<JobError>,
    pub(crate) puzzling: u64,
}

/// Lines that are not understood and complained about one by one.
const COMPLAINTS: u64 = 3;

impl Desk {
    pub(crate) fn new(reporter: Reporter, work_dir: PathBuf) -> Self {
        Desk { reporter, work_dir, received: Mutex::default() }
    }

    /// Takes one line.
    pub(crate) async fn take(&self, line: Line<'_>) {
        let bytes = line.bytes.trim_ascii();
        if bytes.is_empty() && line.missing == 0 {
            return;
        }
        if line.missing > 0 {
            return self.refuse_long(bytes, line.missing);
        }
        match serde_json::from_slice(bytes) {
            Ok(report) => self.carry_out(report).await,
            Err(error) => self.complain(&error.to_string(), bytes),
        }
    }

    /// Takes a line of standard output if it is a report; whether it was.
    pub(crate) async fn take_if_report(&self, line: Line<'_>) -> bool {
        let bytes = line.bytes.trim_ascii();
        if line.missing > 0 || !bytes.starts_with(b"{") {
            return false;
        }
        match serde_json::from_slice(bytes) {
            Ok(report) => {
                self.carry_out(report).await;
                true
            }
            Err(_) => false,
        }
    }

    async fn carry_out(&self, report: Report) {
        match report {
            Report::Progress(progress) => self.reporter.progress(progress),
            Report::Log(log) => self.reporter.log("job", log.level, &log.message),
            Report::Artifact(artifact) => self.artifact(artifact).await,
            Report::Result(result) => self.received().result = Some(within_caps(result)),
        }
    }

    /// Keeps the files that the patterns mean, and takes the result from where it is to be if none was reported.
    pub(crate) async fn gather(
        &self,
        patterns: &[ArtifactPattern],
        result: &ResultSpec,
        last_json: Option<Vec<u8>>,
    ) {
        if self.received().result.is_none() {
            let found = match (&result.from, &result.path) {
                (ResultSource::LastJson, _) => last_json.map(|line| read_result(&line)),
                (ResultSource::File, Some(path)) => Some(self.result_file(path).await),
                _ => None,
            };
            self.received().result = found;
        }
        if patterns.is_empty() {
            return;
        }
        let (folder, patterns) = (self.work_dir.clone(), patterns.to_vec());
        let found =
            tokio::task::spawn_blocking(move || gather::find(&folder, &patterns)).await.unwrap_or_default();
        if found.incomplete {
            self.warn(
                "the folder is too large or too deep to look through for artifacts; some may be missing",
            );
        }
        for (path, name) in found.files {
            let mime = Some(gather::mime_of(&name).to_owned());
            let path = path.to_string_lossy().into_owned();
            self.artifact(ArtifactReport { path, name: Some(name), mime }).await;
        }
    }

    async fn result_file(&self, path: &str) -> Result<Node, JobError> {
        let unreadable =
            |problem: String| JobError::new("bad_result", format!("the result file {path:?}: {problem}"));
        let file = confine(&self.work_dir, path).await.map_err(|error| unreadable(error.to_string()))?;
        let meta = tokio::fs::metadata(&file).await.map_err(|error| unreadable(error.to_string()))?;
        if !meta.is_file() {
            return Err(unreadable("it is no regular file".into()));
        }
        if meta.len() > caps::RESULT_BYTES as u64 {
            return Err(too_large(meta.len()));
        }
        let bytes = tokio::fs::read(&file).await.map_err(|error| unreadable(error.to_string()))?;
        read_result(&bytes)
    }

    /// Says how many lines were not understood and not complained about.
    pub(crate) fn close(&self) {
        let more = self.received().puzzling.saturating_sub(COMPLAINTS);
        if more > 0 {
            self.warn(&format!("{more} more reports were not understood"));
        }
    }

    /// What was received so far.
    pub(crate) fn received(&self) -> MutexGuard<'_, Received> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn artifact(&self, report: ArtifactReport) {
        let name = report.name.or_else(|| file_name(&report.path)).unwrap_or_default();
        let mime = report.mime.unwrap_or_default();
        let stored = match confine(&self.work_dir, &report.path).await {
            Ok(path) => self.reporter.artifact(&name, &mime, &path).await.map(|_| ()),
            Err(error) => Err(error),
        };
        if let Err(error) = stored {
            self.warn(&error.to_string());
            if !error.is_refusal() {
                self.received().lost_artifact.get_or_insert_with(|| JobError::from(&error));
            }
        }
    }

    fn refuse_long(&self, start: &[u8], missing: u64) {
        self.complain(&format!("it is longer than {} bytes", caps::REPORT_LINE_BYTES), start);
        if start.starts_with(b"{\"result\"") {
            let bytes = (start.len() as u64).saturating_add(missing);
            self.received().result = Some(Err(too_large(bytes)));
        }
    }

    fn complain(&self, problem: &str, line: &[u8]) {
        let count = {
            let mut received = self.received();
            received.puzzling += 1;
            received.puzzling
        };
        if count <= COMPLAINTS {
            let start = String::from_utf8_lossy(&line[..line.len().min(200)]);
            self.warn(&format!("a report was not understood: {problem}: {start:?}"));
        }
    }

    fn warn(&self, message: &str) {
        self.reporter.log("job", Level::Warn, message);
    }
}

fn read_result(json: &[u8]) -> Result<Node, JobError> {
    let result = serde_json::from_slice(json)
        .map_err(|error| JobError::new("bad_result", format!("the result is no JSON: {error}")))?;
    within_caps(result)
}

fn within_caps(result: Node) -> Result<Node, JobError> {
    let bytes = result.to_string().len();
    if bytes > caps::RESULT_BYTES {
        return Err(too_large(bytes as u64));
    }
    if depth(&result) > caps::JSON_DEPTH {
        let message = format!("the result is nested deeper than {} levels", caps::JSON_DEPTH);
        return Err(JobError::new("too_large", message));
    }
    Ok(result)
}

fn too_large(bytes: u64) -> JobError {
    let cap = caps::RESULT_BYTES;
    JobError::new("too_large", format!("the result takes {bytes} bytes, at most {cap} fit; leave a file"))
}

/// Levels of nesting; the JSON reader has bounded them at 128.
fn depth(node: &Node) -> usize {
    match node {
        Node::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Node::Object(object) => 1 + object.iter().map(|(_, value)| depth(value)).max().unwrap_or(0),
        _ => 0,
    }
}

fn file_name(path: &str) -> Option<String> {
    Some(Path::new(path).file_name()?.to_str()?.to_owned())
}

/// The real path of an artifact, if it is within the folder after all links are followed.
async fn confine(work_dir: &Path, path: &str) -> Result<PathBuf, ArtifactError> {
    let refused = |reason: String| ArtifactError::Refused { path: path.chars().take(200).collect(), reason };
    let real = |path: PathBuf| async move {
        tokio::fs::canonicalize(path).await.map_err(|error| refused(error.to_string()))
    };
    let folder = real(work_dir.to_owned()).await?;
    let file = real(work_dir.join(path)).await?;
    if file.starts_with(&folder) {
        return Ok(file);
    }
    Err(refused("it leads out of the attempt's folder (CALLBOARD_WORK_DIR)".into()))
}
