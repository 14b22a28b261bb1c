//! What an attempt says while it runs: progress, log lines, artifacts.

use crate::{ArtifactError, ArtifactStore, masks::Masks};
use callboard_protocol::{
    caps,
    job::{ArtifactRef, Progress, clip},
    log::Level,
};
use std::{
    borrow::Cow,
    collections::BTreeSet,
    fmt,
    path::Path,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::io::AsyncRead;

/// Takes what attempts report. Called from the attempt's task: it must not block, and it decides what to drop
/// when it cannot keep up (X9).
pub trait ReportSink: Send + Sync {
    /// How far the attempt is; the value is in 0..=1 and never falls.
    fn progress(&self, progress: Progress);
    /// One line, at most [`caps::LOG_LINE_BYTES`], without its line break.
    fn log(&self, channel: &str, level: Level, message: &str);
    /// A file that is in the store now.
    fn artifact(&self, artifact: ArtifactRef);
    /// Bytes that a child wrote to its terminal, commands included, for whoever shows a terminal. Their text comes
    /// as lines too.
    fn terminal(&self, bytes: &[u8]) {
        let _ = bytes;
    }
    /// Waits until further lines can be taken without dropping any. At once, unless the sink says otherwise.
    fn log_room(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::ready(()))
    }
}

/// Takes an attempt's reports, puts them in order and within their caps, and passes them on.
///
/// Clones are the same reporter.
#[derive(Clone)]
pub struct Reporter {
    inner: Arc<Inner>,
    masks: Masks,
}

struct Inner {
    sink: Arc<dyn ReportSink>,
    artifacts: ArtifactStore,
    seen: Mutex<Seen>,
}

/// What earlier reports of this attempt allow later ones to say.
#[derive(Default)]
struct Seen {
    progress: f64,
    names: BTreeSet<String>,
}

impl Reporter {
    /// The reporter of one attempt.
    pub fn new(sink: Arc<dyn ReportSink>, artifacts: ArtifactStore) -> Self {
        let inner = Arc::new(Inner { sink, artifacts, seen: Mutex::default() });
        Reporter { inner, masks: Masks::default() }
    }

    /// The same reporter, which masks these values in all that it says.
    pub(crate) fn masking(&self, masks: Masks) -> Self {
        Reporter { inner: self.inner.clone(), masks }
    }

    /// Reports progress (X3): a value outside 0..=1 is clamped, one that is no number or lower than the last
    /// becomes the last; a long message is cut.
    pub fn progress(&self, progress: Progress) {
        // The lock is held over the call, so that two tasks of an attempt cannot swap their values.
        let mut seen = self.seen();
        let value = if progress.value.is_nan() { seen.progress } else { progress.value };
        seen.progress = value.clamp(seen.progress, 1.0);
        let message = progress.message.map(|message| clip(&self.masks.text(&message)).to_owned());
        self.inner.sink.progress(Progress { value: seen.progress, message, ..progress });
    }

    /// Writes to the job's log. A text of several lines becomes several entries, a long line is cut and says so.
    pub fn log(&self, channel: &str, level: Level, message: &str) {
        let mut lines = message.lines();
        self.line(channel, level, lines.next().unwrap_or(""), 0);
        lines.for_each(|line| self.line(channel, level, line, 0));
    }

    /// Waits until the log can take more: a child that writes faster than the disk waits like in a shell's pipe.
    pub async fn log_room(&self) {
        self.inner.sink.log_room().await;
    }

    /// Writes one line of which `missing` bytes were dropped before.
    pub(crate) fn line(&self, channel: &str, level: Level, line: &str, missing: u64) {
        self.inner.sink.log(channel, level, &fit_line(&self.masks.text(line), missing));
    }

    /// Passes on what a child wrote to its terminal, as it is.
    pub(crate) fn terminal(&self, bytes: &[u8]) {
        self.inner.sink.terminal(bytes);
    }

    /// Copies a file into the artifact store and reports it under `name`; `mime` is
    /// `application/octet-stream` when it is not known or not well formed. A later artifact with the same name
    /// replaces the earlier one.
    ///
    /// # Errors
    /// See [`ArtifactError`]; nothing was reported then.
    pub async fn artifact(&self, name: &str, mime: &str, path: &Path) -> Result<ArtifactRef, ArtifactError> {
        self.admit(name)?;
        let stored = self.inner.artifacts.put_file(path).await?;
        Ok(self.stored(name, mime, stored))
    }

    /// Stores what `reader` gives as an artifact, like [`Reporter::artifact`].
    ///
    /// # Errors
    /// See [`ArtifactError`]; nothing was reported then.
    pub async fn artifact_from(
        &self,
        name: &str,
        mime: &str,
        reader: impl AsyncRead + Unpin + Send,
    ) -> Result<ArtifactRef, ArtifactError> {
        self.admit(name)?;
        let stored = self.inner.artifacts.put_reader(name, reader).await?;
        Ok(self.stored(name, mime, stored))
    }

    /// Where artifacts are.
    #[cfg(feature = "http")]
    pub(crate) fn artifacts(&self) -> &ArtifactStore {
        &self.inner.artifacts
    }

    /// Moves a complete file, whose digest and size are known, into the store and reports it.
    #[cfg(feature = "http")]
    pub(crate) async fn adopt(
        &self,
        (name, mime): (&str, &str),
        path: std::path::PathBuf,
        (sha256, size): (String, u64),
    ) -> Result<ArtifactRef, ArtifactError> {
        self.admit(name)?;
        self.inner.artifacts.adopt(path, sha256.clone()).await?;
        Ok(self.stored(name, mime, (sha256, size)))
    }

    fn stored(&self, name: &str, mime: &str, (sha256, size): (String, u64)) -> ArtifactRef {
        let artifact = ArtifactRef { name: name.to_owned(), sha256, size, mime: media_type(mime).to_owned() };
        self.inner.sink.artifact(artifact.clone());
        artifact
    }

    /// Whether a file may have this name, and one more is allowed.
    fn admit(&self, name: &str) -> Result<(), ArtifactError> {
        check_name(name)?;
        let mut seen = self.seen();
        if !seen.names.contains(name) {
            if seen.names.len() >= caps::ARTIFACTS {
                return Err(ArtifactError::TooMany);
            }
            seen.names.insert(name.to_owned());
        }
        Ok(())
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        // Every state of it is valid, so a panic of a sink does not spoil it.
        self.inner.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Reporter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Reporter").finish_non_exhaustive()
    }
}

/// Room for the mark of a cut line.
const MARK_BYTES: usize = 48;

/// The line within [`caps::LOG_LINE_BYTES`], with a mark that counts what is not there.
fn fit_line(line: &str, missing: u64) -> Cow<'_, str> {
    if missing == 0 && line.len() <= caps::LOG_LINE_BYTES {
        return line.into();
    }
    let kept = &line[..line.floor_char_boundary(caps::LOG_LINE_BYTES - MARK_BYTES)];
    let missing = missing.saturating_add((line.len() - kept.len()) as u64);
    format!("{kept} … [cut: {missing} more bytes]").into()
}

/// A name is shown, stored in the state and offered as a file name: a single path component without surprises.
fn check_name(name: &str) -> Result<(), ArtifactError> {
    let strange = |letter: char| letter.is_control() || letter == '/' || letter == '\\';
    if name.is_empty() || name == "." || name == ".." || name.len() > 255 || name.contains(strange) {
        return Err(ArtifactError::BadName { name: name.chars().take(60).collect() });
    }
    Ok(())
}

/// `type/subtype`, perhaps with parameters; anything else would be a header of its own making.
fn media_type(mime: &str) -> &str {
    let plain = mime.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    let parts = mime.split_once('/').is_some_and(|(kind, rest)| !kind.is_empty() && !rest.is_empty());
    if plain && parts && mime.len() <= 127 { mime } else { "application/octet-stream" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Seen(Mutex<Vec<Progress>>, Mutex<Vec<String>>, Mutex<Vec<ArtifactRef>>);

    impl ReportSink for Seen {
        fn progress(&self, progress: Progress) {
            self.0.lock().unwrap().push(progress);
        }
        fn log(&self, _: &str, _: Level, message: &str) {
            self.1.lock().unwrap().push(message.to_owned());
        }
        fn artifact(&self, artifact: ArtifactRef) {
            self.2.lock().unwrap().push(artifact);
        }
    }

    fn reporter() -> (tempfile::TempDir, Arc<Seen>, Reporter) {
        let dir = tempfile::tempdir().unwrap();
        let sink = Arc::new(Seen::default());
        let store = ArtifactStore::open(dir.path().join("artifacts")).unwrap();
        (dir, sink.clone(), Reporter::new(sink, store))
    }

    #[test]
    fn progress_never_falls_and_stays_in_range() {
        let (_dir, sink, reporter) = reporter();
        for value in [-1.0, 0.5, f64::NAN, 0.25, f64::NEG_INFINITY, 7.0, 0.9] {
            reporter.progress(Progress { value, ..Progress::default() });
        }
        let values: Vec<f64> = sink.0.lock().unwrap().iter().map(|progress| progress.value).collect();
        assert_eq!(values, [0.0, 0.5, 0.5, 0.5, 0.5, 1.0, 1.0]);
    }

    #[test]
    fn long_messages_are_cut_at_a_character() {
        let (_dir, sink, reporter) = reporter();
        let message = "é".repeat(caps::TEXT_BYTES);
        reporter.progress(Progress { message: Some(message), ..Progress::default() });
        assert_eq!(sink.0.lock().unwrap()[0].message.as_ref().unwrap().len(), caps::TEXT_BYTES);
    }

    #[test]
    fn lines_are_split_and_cut_with_a_mark() {
        let (_dir, sink, reporter) = reporter();
        reporter.log("job", Level::Info, "one\ntwo\r\n");
        reporter.log("job", Level::Info, "");
        reporter.log("job", Level::Info, &"ü".repeat(caps::LOG_LINE_BYTES));
        let lines = sink.1.lock().unwrap().clone();
        assert_eq!(lines[..3], ["one", "two", ""]);
        assert_eq!(lines.len(), 4);
        assert!(lines[3].len() <= caps::LOG_LINE_BYTES);
        assert!(lines[3].ends_with("[cut: 8240 more bytes]"), "{}", &lines[3][8000..]);
    }

    #[tokio::test]
    async fn artifacts_are_stored_named_and_limited() {
        let (dir, sink, reporter) = reporter();
        let file = dir.path().join("a.png");
        std::fs::write(&file, b"picture").unwrap();
        let artifact = reporter.artifact("a.png", "image/png", &file).await.unwrap();
        assert_eq!((artifact.size, artifact.mime.as_str()), (7, "image/png"));
        for name in ["", ".", "..", "a/b", "a\\b", "a\nb", &"x".repeat(256)] {
            let refused = reporter.artifact(name, "", &file).await;
            assert!(matches!(refused, Err(ArtifactError::BadName { .. })), "{name:?}");
        }
        for index in 1..caps::ARTIFACTS {
            let artifact = reporter.artifact(&index.to_string(), "text/html\r\nx: y", &file).await.unwrap();
            assert_eq!(artifact.mime, "application/octet-stream");
        }
        assert!(matches!(reporter.artifact("more", "", &file).await, Err(ArtifactError::TooMany)));
        reporter.artifact("a.png", "image/png", &file).await.expect("a name that is there may be replaced");
        assert_eq!(sink.2.lock().unwrap().len(), caps::ARTIFACTS + 1);
    }
}
