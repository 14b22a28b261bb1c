//! Files that attempts leave, stored by their content: `DIR/ab/cdef…`, named by SHA-256.

#[cfg(feature = "http")]
mod partial;
mod stream;

use callboard_protocol::{caps, job::JobError};
use rustix::{
    fs::{Mode, OFlags},
    io::Errno,
};
use sha2::{Digest, Sha256};
use std::{
    fs::{self, File},
    io::{self, Read, Write},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

/// Why a file did not become an artifact.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// The name cannot be shown or saved under.
    #[error("artifact name {name:?} must be 1 to 255 bytes without '/', '\\' or control characters")]
    BadName {
        /// The name, cut.
        name: String,
    },
    /// The path leads to nothing that may be taken.
    #[error("artifact {path:?} is refused: {reason}")]
    Refused {
        /// The path as given.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// More than [`caps::ARTIFACTS`] names.
    #[error("an attempt leaves at most {} artifacts", caps::ARTIFACTS)]
    TooMany,
    /// Larger than [`caps::ARTIFACT_BYTES`].
    #[error("artifact {path:?} is larger than {} bytes", caps::ARTIFACT_BYTES)]
    TooLarge {
        /// The path as given.
        path: String,
    },
    /// The file could not be read, or the store not be written.
    #[error("failed to store artifact {path:?}: {error}")]
    Io {
        /// The path as given.
        path: String,
        /// What the system said.
        error: io::Error,
    },
}

impl ArtifactError {
    /// Whether the fault is in what was asked for and leaves the attempt as it is; otherwise the attempt's work
    /// is incomplete and it should fail.
    pub fn is_refusal(&self) -> bool {
        matches!(self, ArtifactError::BadName { .. } | ArtifactError::Refused { .. } | ArtifactError::TooMany)
    }
}

impl From<&ArtifactError> for JobError {
    fn from(error: &ArtifactError) -> Self {
        let code = match error {
            ArtifactError::TooLarge { .. } => "too_large",
            _ => "artifact_failed",
        };
        JobError::new(code, error.to_string())
    }
}

/// The store. Clones are the same store; one process uses a folder at a time.
#[derive(Clone, Debug)]
pub struct ArtifactStore(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    dir: PathBuf,
    uploads: AtomicU64,
}

/// Where files are while they are copied; no digest begins with it.
const UPLOADS: &str = "uploads";
const CHUNK_BYTES: usize = 256 * 1024;

impl ArtifactStore {
    /// Opens the store in `dir`, which is created with mode 0700, and removes what a crash left half-copied.
    ///
    /// # Errors
    /// What the file system says.
    pub fn open(dir: impl Into<PathBuf>) -> io::Result<Self> {
        let dir = dir.into();
        let uploads = dir.join(UPLOADS);
        match fs::remove_dir_all(&uploads) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => create_private(&uploads)?,
        }
        Ok(ArtifactStore(Arc::new(Inner { dir, uploads: AtomicU64::new(0) })))
    }

    /// Copies a file into the store: its digest (64 lowercase hex digits) and its size. The copy is durable when
    /// this returns. The file itself stays; it may change meanwhile, the digest is that of the copy.
    ///
    /// # Errors
    /// [`ArtifactError::Refused`] when the path is no regular file (links are not followed), `TooLarge`, `Io`.
    pub async fn put_file(&self, path: &Path) -> Result<(String, u64), ArtifactError> {
        let abandoned = Abandon(Arc::new(AtomicBool::new(false)));
        let (store, source, stop) = (self.clone(), path.to_owned(), abandoned.0.clone());
        match tokio::task::spawn_blocking(move || store.put(&source, &stop)).await {
            Ok(stored) => stored,
            Err(error) => Err(failed(path, io::Error::other(error))),
        }
    }

    /// Where the content with this digest is, if it is here. Only 64 lowercase hex digits are looked for, and
    /// links are not followed.
    pub fn path_of(&self, sha256: &str) -> Option<PathBuf> {
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if sha256.len() != 64 || !sha256.bytes().all(hex) {
            return None;
        }
        let path = self.place(sha256);
        let folder = fs::symlink_metadata(path.parent()?).ok()?;
        (folder.is_dir() && fs::symlink_metadata(&path).ok()?.is_file()).then_some(path)
    }

    fn place(&self, sha256: &str) -> PathBuf {
        let (folder, rest) = sha256.split_at(2);
        self.0.dir.join(folder).join(rest)
    }

    fn put(&self, path: &Path, stop: &AtomicBool) -> Result<(String, u64), ArtifactError> {
        let source = open_regular(path)?;
        let upload = self.new_upload();
        let (sha256, size) = copy(path, source, &upload.0, stop)?;
        self.settle(&upload, &sha256).map_err(|error| failed(path, error))?;
        Ok((sha256, size))
    }

    fn new_upload(&self) -> Upload {
        let number = self.0.uploads.fetch_add(1, Ordering::Relaxed);
        Upload(self.0.dir.join(UPLOADS).join(number.to_string()))
    }

    /// Moves a finished copy to its place, unless the content is there already.
    fn settle(&self, upload: &Upload, sha256: &str) -> io::Result<()> {
        if self.path_of(sha256).is_some() {
            return Ok(());
        }
        let place = self.place(sha256);
        let folder = place.parent().expect("place() has a folder");
        create_private(folder)?;
        fs::rename(&upload.0, &place)?;
        File::open(folder)?.sync_all()?;
        File::open(&self.0.dir)?.sync_all()
    }
}

/// Ends the copying when nobody waits for it any more.
struct Abandon(Arc<AtomicBool>);

impl Drop for Abandon {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A file that goes away unless it was moved to its place.
struct Upload(PathBuf);

impl Drop for Upload {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn create_private(dir: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

/// Opens a regular file; not blocking, because the name may turn out to be a pipe that nobody writes to.
fn open_regular(path: &Path) -> Result<File, ArtifactError> {
    let refused = |reason: String| ArtifactError::Refused { path: path.display().to_string(), reason };
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file =
        rustix::fs::open(path, flags, Mode::empty()).map_err(|errno| match io::Error::from(errno) {
            // The server's own trouble (no descriptors, a broken disk) is not a fault of the path.
            error if matches!(errno, Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::IO) => {
                failed(path, error)
            }
            error => refused(error.to_string()),
        })?;
    let file = File::from(file);
    let meta = file.metadata().map_err(|error| failed(path, error))?;
    if !meta.is_file() {
        return Err(refused("not a regular file".into()));
    }
    if meta.len() > caps::ARTIFACT_BYTES {
        return Err(ArtifactError::TooLarge { path: path.display().to_string() });
    }
    Ok(file)
}

fn copy(path: &Path, mut from: File, to: &Path, stop: &AtomicBool) -> Result<(String, u64), ArtifactError> {
    let io = |error| failed(path, error);
    let mut file = File::options().write(true).create_new(true).open(to).map_err(io)?;
    let mut hash = Sha256::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut size = 0;
    loop {
        let read = match from.read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(io(error)),
        };
        size += read as u64;
        if size > caps::ARTIFACT_BYTES {
            return Err(ArtifactError::TooLarge { path: path.display().to_string() });
        }
        if stop.load(Ordering::Relaxed) {
            return Err(io(io::Error::other("abandoned")));
        }
        hash.update(&chunk[..read]);
        file.write_all(&chunk[..read]).map_err(io)?;
    }
    file.sync_all().map_err(io)?;
    Ok((hex(hash), size))
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn failed(path: &Path, error: io::Error) -> ArtifactError {
    ArtifactError::Io { path: path.display().to_string(), error }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    pub(super) const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    pub(super) fn store() -> (tempfile::TempDir, ArtifactStore) {
        let dir = tempfile::tempdir().unwrap();
        let store = ArtifactStore::open(dir.path().join("store")).unwrap();
        (dir, store)
    }

    #[tokio::test]
    async fn content_is_found_by_its_digest_and_kept_once() {
        let (dir, store) = store();
        for name in ["one", "two"] {
            let file = dir.path().join(name);
            fs::write(&file, "abc").unwrap();
            assert_eq!(store.put_file(&file).await.unwrap(), (ABC.to_owned(), 3));
            assert!(file.exists());
        }
        let path = store.path_of(ABC).unwrap();
        assert!(path.ends_with(format!("ba/{}", &ABC[2..])));
        assert_eq!(fs::read(path).unwrap(), b"abc");
        assert_eq!(fs::read_dir(dir.path().join("store/uploads")).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn only_digests_are_looked_for_and_links_are_not_followed() {
        let (dir, store) = store();
        fs::write(dir.path().join("secret"), "abc").unwrap();
        for wrong in
            ["", "..", "../secret", &ABC.to_uppercase(), &ABC[1..], &format!("{ABC}0"), &"/".repeat(64)]
        {
            assert_eq!(store.path_of(wrong), None, "{wrong:?}");
        }
        fs::create_dir(dir.path().join("store/ba")).unwrap();
        symlink(dir.path().join("secret"), dir.path().join("store/ba").join(&ABC[2..])).unwrap();
        assert_eq!(store.path_of(ABC), None);
    }

    #[tokio::test]
    async fn what_is_no_regular_file_is_refused() {
        let (dir, store) = store();
        symlink("/etc/hostname", dir.path().join("link")).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, dir.path().join("fifo"), Mode::RWXU).unwrap();
        for name in ["absent", "link", "fifo", "."] {
            let refused = store.put_file(&dir.path().join(name)).await;
            assert!(matches!(refused, Err(ArtifactError::Refused { .. })), "{name}: {refused:?}");
        }
    }

    #[tokio::test]
    async fn a_file_over_the_cap_is_too_large() {
        let (dir, store) = store();
        let path = dir.path().join("sparse");
        File::create(&path).unwrap().set_len(caps::ARTIFACT_BYTES + 1).unwrap();
        let error = store.put_file(&path).await.unwrap_err();
        assert_eq!(JobError::from(&error).code, "too_large");
        assert!(!error.is_refusal());
    }

    #[test]
    fn opening_removes_half_copied_files() {
        let (dir, _) = store();
        let left = dir.path().join("store/uploads/7");
        fs::write(&left, "half").unwrap();
        ArtifactStore::open(dir.path().join("store")).unwrap();
        assert!(!left.exists());
    }
}
