//! A Chromium for the browser tests: the one that is there, or one from the system's packages.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::repo::Repo;
use crate::tools::{Tool, find};

/// The names Chromium goes by.
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
/// Names the browser outright.
const VARIABLE: &str = "CALLBOARD_CHROMIUM";
const HINT: &str = "install Chromium, or name one with CALLBOARD_CHROMIUM=/path/to/chromium, or leave the browser out: \
                    `cargo xtask test --no-browser`";

/// Who may install packages.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Installer {
    Root,
    Sudo,
}

/// A Chromium that starts. Installs one on Debian and its kin, when it may.
pub(crate) fn find_or_install(repo: &Repo) -> Result<PathBuf, Failure> {
    if let Some(named) = std::env::var_os(VARIABLE) {
        return checked(repo, PathBuf::from(named));
    }
    if let Some(found) = find(&NAMES) {
        return checked(repo, found);
    }
    let installer = installer(repo)?;
    install(repo, installer)?;
    match find(&NAMES) {
        Some(found) => checked(repo, found),
        None => Err(Failure::new("the package `chromium` is installed, but has no program").hint(HINT)),
    }
}

/// Some packages hold a stand-in that only says where the real one is: ask for the version.
fn checked(repo: &Repo, program: PathBuf) -> Result<PathBuf, Failure> {
    match Tool::new(repo, &program).args(["--version"]).capture() {
        Ok(_) => Ok(program),
        Err(failure) => Err(failure.within(&format!("{} does not start", program.display())).hint(HINT)),
    }
}

fn installer(repo: &Repo) -> Result<Installer, Failure> {
    let missing = |why: &str| Failure::new(format!("Chromium is missing and {why}")).hint(HINT);
    let release = fs::read_to_string(Path::new("/etc/os-release")).unwrap_or_default();
    if !is_debian(&release) || find(&["apt-get"]).is_none() {
        return Err(missing("only on Debian and its kin can it be installed from here"));
    }
    if Tool::new(repo, "id").args(["-u"]).capture()?.trim() == "0" {
        return Ok(Installer::Root);
    }
    match Tool::new(repo, "sudo").args(["-n", "true"]).capture() {
        Ok(_) => Ok(Installer::Sudo),
        Err(_) => Err(missing("it takes root, or sudo without a password, to install it")),
    }
}

fn install(repo: &Repo, installer: Installer) -> Result<(), Failure> {
    // One broken source fails the update, and yet the package may well be there.
    if let Err(failure) = apt(repo, installer, &["update", "-q"]) {
        eprintln!("going on, although {failure}");
    }
    apt(repo, installer, &["install", "-y", "-q", "--no-install-recommends", "chromium"])
}

fn apt(repo: &Repo, installer: Installer, args: &[&str]) -> Result<(), Failure> {
    let tool = match installer {
        Installer::Root => Tool::new(repo, "apt-get").env("DEBIAN_FRONTEND", "noninteractive"),
        Installer::Sudo => {
            Tool::new(repo, "sudo").args(["-n", "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"])
        }
    };
    tool.args(args).run().map_err(|failure| failure.hint(HINT))
}

/// Whether `/etc/os-release` says Debian, or something made from it.
fn is_debian(release: &str) -> bool {
    release
        .lines()
        .filter_map(|line| line.strip_prefix("ID=").or_else(|| line.strip_prefix("ID_LIKE=")))
        .any(|ids| ids.trim_matches('"').split_whitespace().any(|id| id == "debian"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debian_and_its_kin_are_told_from_others() {
        assert!(is_debian("NAME=x\nID=debian\n"));
        assert!(is_debian("ID=ubuntu\nID_LIKE=debian\n"));
        assert!(is_debian("ID=mint\nID_LIKE=\"ubuntu debian\"\n"));
        assert!(!is_debian("ID=fedora\n"));
        assert!(!is_debian("ID=alpine\nHOME_URL=debian\n"));
        assert!(!is_debian(""));
    }

    #[test]
    fn a_browser_that_does_not_start_is_named() {
        let repo = Repo { root: "/".into(), target: "/".into() };
        let failure = checked(&repo, "/no/such/browser".into()).expect_err("not there").to_string();
        assert!(failure.starts_with("/no/such/browser does not start"), "{failure}");
        assert!(failure.contains("--no-browser"), "{failure}");
    }
}
