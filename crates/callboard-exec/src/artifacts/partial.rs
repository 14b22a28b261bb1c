//! Room for files that arrive over several attempts, and their way into the store.

use super::{ArtifactError, ArtifactStore, Upload, create_private, failed};
use std::{
    fs::{self, File},
    io,
    path::PathBuf,
    time::Duration,
};

/// Where such files are; no digest begins with it.
const PARTIALS: &str = "partials";
/// Nobody comes back for them after this time.
const KEPT: Duration = Duration::from_secs(7 * 86_400);

impl ArtifactStore {
    /// A place for a file that may stay half-written when its attempt ends, found again under the same name. The
    /// folder is there when this returns; what was not touched for a week is removed.
    pub(crate) fn partial(&self, name: &str) -> io::Result<PathBuf> {
        let folder = self.0.dir.join(PARTIALS);
        create_private(&folder)?;
        for entry in fs::read_dir(&folder)?.flatten() {
            let age = entry.metadata().and_then(|meta| meta.modified()).ok().and_then(|at| at.elapsed().ok());
            if age.is_some_and(|age| age > KEPT) {
                let _ = fs::remove_file(entry.path());
            }
        }
        Ok(folder.join(name))
    }

    /// Moves a complete file, whose digest is known, into the store. It is durable when this returns.
    pub(crate) async fn adopt(&self, path: PathBuf, sha256: String) -> Result<(), ArtifactError> {
        let (store, label) = (self.clone(), path.clone());
        let moved = tokio::task::spawn_blocking(move || {
            File::open(&path)?.sync_all()?;
            // Dropped, it removes the file, unless that is where it belongs by then.
            let upload = Upload(path);
            store.settle(&upload, &sha256)
        });
        let moved = moved.await.unwrap_or_else(|error| Err(io::Error::other(error)));
        moved.map_err(|error| failed(&label, error))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ABC, store};
    use super::*;

    #[tokio::test]
    async fn a_complete_file_moves_into_the_store() {
        let (_dir, store) = store();
        for _ in 0..2 {
            let path = store.partial("one").unwrap();
            fs::write(&path, "abc").unwrap();
            store.adopt(path.clone(), ABC.into()).await.unwrap();
            assert!(!path.exists());
            assert_eq!(fs::read(store.path_of(ABC).unwrap()).unwrap(), b"abc");
        }
    }

    #[test]
    fn what_nobody_came_back_for_is_removed() {
        let (_dir, store) = store();
        let old = store.partial("old").unwrap();
        let file = File::create(&old).unwrap();
        file.set_modified(std::time::SystemTime::now() - KEPT - Duration::from_secs(60)).unwrap();
        fs::write(store.partial("new").unwrap(), "x").unwrap();
        assert!(!old.exists());
        assert!(store.partial("new").unwrap().exists());
    }
}
