//! Bearer tokens: 256 random bits, kept as SHA-256, with a role and an end.

use super::{hex, random_hex};
use callboard_protocol::{Time, command::Role};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    fs, io,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};
use subtle::ConstantTimeEq;

/// Tokens that are kept at once. The ones that end first are dropped.
const MOST: usize = 1000;

/// A token that was just made; the only time that its text is known.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// The secret.
    pub token: String,
    /// What it allows.
    pub role: Role,
    /// When it ends.
    pub expires_at: Time,
}

/// The tokens could not be read or stored.
#[derive(Debug, thiserror::Error)]
#[error("failed to use {path}: {source}")]
pub struct TokenError {
    path: PathBuf,
    source: io::Error,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    hash: String,
    role: Role,
    name: String,
    expires_at: Time,
}

/// All valid tokens, in a file of the data folder that only its owner can read.
pub struct Tokens {
    path: PathBuf,
    kept: Mutex<Vec<Kept>>,
}

impl Tokens {
    /// Reads the file; there may be none yet.
    ///
    /// # Errors
    /// When the file is there but cannot be read; it is not overwritten then.
    pub fn open(path: &Path) -> Result<Tokens, TokenError> {
        let fail = |source| TokenError { path: path.into(), source };
        let kept = match fs::read(path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| fail(io::Error::other(error)))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(fail(error)),
        };
        Ok(Tokens { path: path.into(), kept: Mutex::new(kept) })
    }

    /// Makes a token.
    ///
    /// # Errors
    /// When the file cannot be written; the token is void then.
    pub fn create(&self, name: &str, role: Role, ttl_ms: u64) -> Result<NewToken, TokenError> {
        let fail = |source| TokenError { path: self.path.clone(), source };
        let token = random_hex(32).map_err(fail)?;
        let expires_at = now().plus_ms(ttl_ms);
        let mut kept = self.kept();
        kept.retain(|known| known.expires_at > now());
        kept.sort_by_key(|known| known.expires_at);
        let surplus = (kept.len() + 1).saturating_sub(MOST);
        kept.drain(..surplus);
        kept.push(Kept { hash: hash(&token), role, name: name.into(), expires_at });
        let text = serde_json::to_vec_pretty(&*kept).map_err(|error| fail(io::Error::other(error)))?;
        write_private(&self.path, &text).map_err(fail)?;
        Ok(NewToken { token, role, expires_at })
    }

    /// The role and name of a token; `None` when it is unknown or has ended.
    pub(crate) fn check(&self, token: &str) -> Option<(Role, String)> {
        let hash = hash(token);
        let kept = self.kept();
        let mut found = None;
        for known in kept.iter() {
            // All are compared, so that the time taken says nothing.
            if bool::from(known.hash.as_bytes().ct_eq(hash.as_bytes())) {
                found = Some(known);
            }
        }
        found.filter(|known| known.expires_at > now()).map(|known| (known.role, known.name.clone()))
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Replaces a file by one that only its owner can read; either the old or the new text is there, never a half.
pub(crate) fn write_private(path: &Path, text: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("new");
    let mut file =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&temporary, path)
}

fn hash(token: &str) -> String {
    hex(&Sha256::digest(token.as_bytes()))
}

pub(crate) fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_outlives_a_restart_but_not_its_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("tokens.json");
        let tokens = Tokens::open(&path).expect("new");
        let long = tokens.create("a", Role::Operator, 60_000).expect("stored");
        let short = tokens.create("b", Role::Viewer, 0).expect("stored");
        let again = Tokens::open(&path).expect("readable");
        assert_eq!(again.check(&long.token), Some((Role::Operator, "a".into())));
        assert_eq!(again.check(&short.token), None);
        assert_eq!(again.check(""), None);
        let text = fs::read_to_string(&path).expect("readable");
        assert!(!text.contains(&long.token), "only the hash is kept");
    }

    #[test]
    fn a_damaged_file_is_an_error_and_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("tokens.json");
        fs::write(&path, "{").expect("written");
        assert!(Tokens::open(&path).is_err());
        assert_eq!(fs::read_to_string(&path).expect("readable"), "{");
    }
}
