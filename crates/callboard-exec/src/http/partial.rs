//! What of a download is on disk: its bytes, and what tells whether the server still has the same file.

use crate::{ArtifactError, ArtifactStore, Reporter};
use callboard_protocol::{JobId, job::ArtifactRef};
use reqwest::header::{ETAG, HeaderMap, LAST_MODIFIED};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{io, path::PathBuf};
use tokio::{
    fs::{self, File, OpenOptions},
    io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt},
};

/// The bytes that have arrived. They outlive the attempt, so that the next one goes on from them.
pub(super) struct Partial {
    path: PathBuf,
    note: PathBuf,
    file: File,
    hash: Sha256,
    size: u64,
    validator: Option<String>,
}

/// What is written beside the bytes.
#[derive(Serialize, Deserialize)]
struct Note {
    validator: String,
}

impl Partial {
    /// The bytes of this job and address, from earlier attempts if there are any.
    pub(super) async fn open(reporter: &Reporter, job: &JobId, url: &str) -> io::Result<Self> {
        let mut name = Sha256::new();
        name.update(job.as_str());
        name.update([0]);
        name.update(url);
        let name: String = name.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        let store: ArtifactStore = reporter.artifacts().clone();
        let path =
            tokio::task::spawn_blocking(move || store.partial(&name)).await.map_err(io::Error::other)??;
        let note = path.with_extension("json");
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).open(&path).await?;
        let mut partial = Partial { path, note, file, hash: Sha256::new(), size: 0, validator: None };
        match fs::read(&partial.note).await.ok().and_then(|bytes| serde_json::from_slice::<Note>(&bytes).ok())
        {
            Some(note) => partial.read_again(note).await?,
            None => partial.restart().await?,
        }
        Ok(partial)
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// What the server must confirm before more is added.
    pub(super) fn validator(&self) -> Option<&str> {
        self.validator.as_deref()
    }

    /// Begins anew.
    pub(super) async fn restart(&mut self) -> io::Result<()> {
        // The note first: without it nobody trusts the bytes.
        let _ = fs::remove_file(&self.note).await;
        self.file.set_len(0).await?;
        self.file.rewind().await?;
        self.hash = Sha256::new();
        (self.size, self.validator) = (0, None);
        Ok(())
    }

    /// Notes which version of the file the bytes to come are of. Without a strong name they cannot be gone on from.
    pub(super) async fn name(&mut self, validator: Option<String>) -> io::Result<()> {
        if let Some(validator) = &validator {
            let note =
                serde_json::to_vec(&Note { validator: validator.clone() }).map_err(io::Error::other)?;
            fs::write(&self.note, note).await?;
        }
        self.validator = validator;
        Ok(())
    }

    pub(super) async fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes).await?;
        self.hash.update(bytes);
        self.size += bytes.len() as u64;
        Ok(())
    }

    /// The digest of all bytes, in hex.
    pub(super) fn sha256(&self) -> String {
        self.hash.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Makes it an artifact.
    pub(super) async fn keep(
        mut self,
        reporter: &Reporter,
        name: &str,
        mime: &str,
    ) -> Result<ArtifactRef, ArtifactError> {
        let io = |error| ArtifactError::Io { path: name.to_owned(), error };
        self.file.flush().await.map_err(io)?;
        let (sha256, size) = (self.sha256(), self.size);
        let artifact = reporter.adopt((name, mime), self.path.clone(), (sha256, size)).await?;
        let _ = fs::remove_file(&self.note).await;
        Ok(artifact)
    }

    /// Removes it: nobody will go on from it.
    pub(super) async fn discard(self) {
        let _ = fs::remove_file(&self.note).await;
        let _ = fs::remove_file(&self.path).await;
    }

    /// Bytes that a crash left may be less than were told, never others: they were only appended to.
    async fn read_again(&mut self, note: Note) -> io::Result<()> {
        let mut chunk = vec![0; 256 * 1024];
        loop {
            let read = self.file.read(&mut chunk).await?;
            if read == 0 {
                break;
            }
            self.hash.update(&chunk[..read]);
            self.size += read as u64;
        }
        self.validator = Some(note.validator);
        Ok(())
    }
}

/// What names a version of a file: a strong `ETag`, or the time of its last change.
pub(super) fn validator_of(headers: &HeaderMap) -> Option<String> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let strong = text(ETAG.as_str()).filter(|tag| !tag.starts_with("W/"));
    strong.or_else(|| text(LAST_MODIFIED.as_str())).map(str::to_owned)
}
