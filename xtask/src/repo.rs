//! Where things are.

use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// This clone of the repository.
#[derive(Clone, Debug)]
pub(crate) struct Repo {
    /// The folder of the root `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Where cargo builds.
    pub(crate) target: PathBuf,
}

impl Repo {
    /// The clone that `cargo xtask` was called in.
    pub(crate) fn find() -> Result<Self, Failure> {
        let own = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = own.parent().map(Path::to_owned).filter(|root| root.join("Cargo.toml").exists());
        let root = root.ok_or_else(|| {
            Failure::new("cannot find the repository").hint("call it as `cargo xtask` from within the clone")
        })?;
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => root.join(folder),
            None => root.join("target"),
        };
        Ok(Self { root, target })
    }

    /// The folder for stamps and other notes of this program; made when needed.
    pub(crate) fn notes(&self) -> Result<PathBuf, Failure> {
        let notes = self.target.join("xtask");
        std::fs::create_dir_all(&notes).map_err(|error| Failure::file("make", &notes, &error))?;
        Ok(notes)
    }

    /// The `callboard` binary of a profile's folder: `debug` or `fast`.
    pub(crate) fn callboard(&self, profile: &str) -> PathBuf {
        self.binary(profile, "callboard")
    }

    /// A binary of a profile's folder.
    pub(crate) fn binary(&self, profile: &str, name: &str) -> PathBuf {
        self.target.join(profile).join(name)
    }
}
