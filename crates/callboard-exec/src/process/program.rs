//! Finding the program, so that a missing one is told apart from one that fails.

use rustix::fs::{Access, access};
use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

/// What is searched when the environment has no PATH.
pub(crate) const PATH_USUAL: &str = "/usr/local/bin:/usr/bin:/bin";

/// The file to execute: a name is looked for in `path`, a name with a slash is taken from `cwd`.
///
/// Entries of PATH that are not absolute are passed over: what runs must not depend on the folder it runs in.
///
/// # Errors
/// A sentence that names the program and where it was looked for.
pub(crate) fn find(program: &str, path: &OsStr, cwd: &Path) -> Result<PathBuf, String> {
    if program.contains('/') {
        let file = cwd.join(program);
        return match obstacle(&file) {
            None => Ok(file),
            Some(obstacle) => Err(format!("the program {program:?} {obstacle} ({})", file.display())),
        };
    }
    let places = || std::env::split_paths(path).filter(|place| place.is_absolute());
    let mut near_miss = None;
    for file in places().map(|place| place.join(program)) {
        match obstacle(&file) {
            None => return Ok(file),
            Some("is not there") => {}
            Some(obstacle) => near_miss = near_miss.or(Some((file, obstacle))),
        }
    }
    Err(match near_miss {
        Some((file, obstacle)) => format!("the program {program:?} {obstacle} ({})", file.display()),
        None => format!("the program {program:?} was not found in PATH ({})", path.to_string_lossy()),
    })
}

fn obstacle(file: &Path) -> Option<&'static str> {
    match fs::metadata(file) {
        Err(_) => Some("is not there"),
        Ok(meta) if meta.is_dir() => Some("is a folder"),
        Ok(meta) if !meta.is_file() => Some("is no regular file"),
        Ok(_) => access(file, Access::EXEC_OK).is_err().then_some("is not executable"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn names_are_looked_for_in_path_and_paths_in_the_folder() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two) = (dir.path().join("one"), dir.path().join("two"));
        for (place, mode) in [(&one, 0o644), (&two, 0o755)] {
            fs::create_dir(place).unwrap();
            fs::write(place.join("tool"), "").unwrap();
            fs::set_permissions(place.join("tool"), fs::Permissions::from_mode(mode)).unwrap();
        }
        let path = std::env::join_paths([Path::new("."), &one, &two]).unwrap();
        assert_eq!(find("tool", &path, &two), Ok(two.join("tool")));
        assert_eq!(find("./tool", &path, &two), Ok(two.join("./tool")));
        assert!(find("./tool", &path, &one).unwrap_err().contains("is not executable"));
        assert!(find("tool", one.as_os_str(), &two).unwrap_err().contains("is not executable"));
        assert!(find("tool", OsStr::new("."), &two).unwrap_err().contains("not found in PATH (.)"));
        let missing = find("no-such-tool", &path, &two).unwrap_err();
        assert!(missing.contains("\"no-such-tool\"") && missing.contains("/two"), "{missing}");
        assert!(find("./one", &path, dir.path()).unwrap_err().contains("is a folder"));
        assert!(find("./none", &path, dir.path()).unwrap_err().contains("is not there"));
    }
}
