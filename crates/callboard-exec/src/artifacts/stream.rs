//! Artifacts out of a stream of bytes, which is nowhere a file yet.

use super::{ArtifactError, ArtifactStore, CHUNK_BYTES, Upload, failed, hex};
use callboard_protocol::caps;
use sha2::{Digest, Sha256};
use std::{io, path::Path};
use tokio::{
    fs::File,
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
};

impl ArtifactStore {
    /// Copies everything that `reader` gives into the store: its digest and its size. The copy is durable when this
    /// returns; `label` is what errors call it.
    ///
    /// # Errors
    /// [`ArtifactError::TooLarge`], or `Io` when the reader or the store fails; nothing is kept then.
    pub async fn put_reader(
        &self,
        label: &str,
        mut reader: impl AsyncRead + Unpin + Send,
    ) -> Result<(String, u64), ArtifactError> {
        let io = |error: io::Error| failed(Path::new(label), error);
        let upload = self.new_upload();
        let mut file = File::create_new(&upload.0).await.map_err(io)?;
        let (mut hash, mut size, mut chunk) = (Sha256::new(), 0_u64, vec![0; CHUNK_BYTES]);
        loop {
            let read = reader.read(&mut chunk).await.map_err(io)?;
            if read == 0 {
                break;
            }
            size += read as u64;
            if size > caps::ARTIFACT_BYTES {
                return Err(ArtifactError::TooLarge { path: label.to_owned() });
            }
            hash.update(&chunk[..read]);
            file.write_all(&chunk[..read]).await.map_err(io)?;
        }
        file.sync_all().await.map_err(io)?;
        self.settle_blocking(upload, hex(hash)).await.map(|sha256| (sha256, size)).map_err(io)
    }

    async fn settle_blocking(&self, upload: Upload, sha256: String) -> io::Result<String> {
        let store = self.clone();
        let settled = tokio::task::spawn_blocking(move || {
            store.settle(&upload, &sha256)?;
            Ok(sha256)
        });
        settled.await.unwrap_or_else(|error| Err(io::Error::other(error)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ABC, store};
    use super::*;

    #[tokio::test]
    async fn a_stream_is_kept_under_its_digest() {
        let (dir, store) = store();
        assert_eq!(store.put_reader("abc", &b"abc"[..]).await.unwrap(), (ABC.to_owned(), 3));
        assert_eq!(std::fs::read(store.path_of(ABC).unwrap()).unwrap(), b"abc");
        assert_eq!(std::fs::read_dir(dir.path().join("store/uploads")).unwrap().count(), 0);
    }

    /// A reader that only fails.
    struct Cut;

    impl AsyncRead for Cut {
        fn poll_read(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
            _: &mut tokio::io::ReadBuf<'_>,
        ) -> std::task::Poll<io::Result<()>> {
            std::task::Poll::Ready(Err(io::Error::other("the cable is out")))
        }
    }

    #[tokio::test]
    async fn a_stream_that_breaks_leaves_nothing() {
        let (dir, store) = store();
        let error = store.put_reader("abc", b"ab".chain(Cut)).await.unwrap_err();
        assert!(error.to_string().contains("the cable is out"), "{error}");
        assert_eq!(std::fs::read_dir(dir.path().join("store/uploads")).unwrap().count(), 0);
    }
}
