//! What a configured program left in its folder: artifacts by pattern, and a result in a file.

use callboard_protocol::caps;
use glob::{MatchOptions, Pattern};
use serde::{Deserialize, Deserializer, de::Error as _};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// A pattern of paths relative to the attempt's folder, such as `out/**/*.png`. `*` does not cross a `/`; names that
/// begin with a dot are matched by patterns that begin with one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArtifactPattern(Pattern);

impl ArtifactPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// A sentence about what is wrong with it.
    pub fn parse(pattern: &str) -> Result<Self, String> {
        if pattern.is_empty() || pattern.starts_with('/') || pattern.split('/').any(|part| part == "..") {
            return Err(format!(
                "the pattern {pattern:?} must stay in the attempt's folder: no '/' first, no '..'"
            ));
        }
        Pattern::new(pattern)
            .map(ArtifactPattern)
            .map_err(|error| format!("the pattern {pattern:?}: {error}"))
    }

    fn matches(&self, path: &Path) -> bool {
        let options = MatchOptions {
            case_sensitive: true,
            require_literal_separator: true,
            require_literal_leading_dot: true,
        };
        self.0.matches_path_with(path, options)
    }
}

impl<'de> Deserialize<'de> for ArtifactPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pattern = String::deserialize(deserializer)?;
        ArtifactPattern::parse(&pattern).map_err(D::Error::custom)
    }
}

/// Files to be kept.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Relative paths and the names to keep them under.
    pub(crate) files: Vec<(PathBuf, String)>,
    /// The look around ended at a cap.
    pub(crate) incomplete: bool,
}

/// Looks for files in `folder`, in the order of their paths. Links are not followed.
pub(crate) fn find(folder: &Path, patterns: &[ArtifactPattern]) -> Found {
    let mut found = Found::default();
    let mut paths = Vec::new();
    let mut entries = 0;
    let mut folders = vec![(PathBuf::new(), 0)];
    while let Some((relative, depth)) = folders.pop() {
        let Ok(listing) = fs::read_dir(folder.join(&relative)) else { continue };
        for entry in listing.flatten() {
            entries += 1;
            if entries > caps::GLOB_ENTRIES {
                found.incomplete = true;
                break;
            }
            let path = relative.join(entry.file_name());
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && depth + 1 < caps::GLOB_DEPTH => folders.push((path, depth + 1)),
                Ok(kind) if kind.is_dir() => found.incomplete = true,
                Ok(kind) if kind.is_file() && patterns.iter().any(|pattern| pattern.matches(&path)) => {
                    paths.push(path);
                }
                _ => {}
            }
        }
    }
    paths.sort();
    found.files = named(paths);
    found
}

/// The file's own name, or, when several have it, their paths with `_` for `/`.
fn named(paths: Vec<PathBuf>) -> Vec<(PathBuf, String)> {
    let own = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    paths.iter().for_each(|path| *counts.entry(own(path)).or_default() += 1);
    let name = |path: PathBuf| {
        let own = own(&path);
        let name = if counts[&own] > 1 { path.to_string_lossy().replace('/', "_") } else { own };
        (path, name)
    };
    paths.into_iter().map(name).collect()
}

/// The media type that a file's name suggests; empty when it suggests none.
pub(crate) fn mime_of(name: &str) -> &'static str {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    match ending.as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        "mp3" => "audio/mpeg",
        "wav" => "audio/wav",
        "pdf" => "application/pdf",
        "json" => "application/json",
        "csv" => "text/csv",
        "txt" | "log" | "md" => "text/plain",
        "zip" => "application/zip",
        "gz" => "application/gzip",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn names(folder: &Path, patterns: &[&str]) -> Vec<String> {
        let patterns: Vec<_> =
            patterns.iter().map(|pattern| ArtifactPattern::parse(pattern).unwrap()).collect();
        find(folder, &patterns).files.into_iter().map(|(_, name)| name).collect()
    }

    #[test]
    fn files_are_found_by_pattern_and_named() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("out/deep")).unwrap();
        for file in ["a.png", "b.txt", "out/a.png", "out/deep/c.png", ".hidden.png"] {
            fs::write(dir.path().join(file), "x").unwrap();
        }
        assert_eq!(names(dir.path(), &["*.png"]), ["a.png"]);
        assert_eq!(names(dir.path(), &["**/*.png"]), ["a.png", "out_a.png", "c.png"]);
        assert_eq!(names(dir.path(), &["out/*", "b.*"]), ["b.txt", "a.png"]);
        assert_eq!(names(dir.path(), &["nothing"]), [""; 0]);
    }

    #[test]
    fn nothing_outside_is_found() {
        let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(other.path().join("secret.png"), "x").unwrap();
        symlink(other.path(), dir.path().join("folder")).unwrap();
        symlink(other.path().join("secret.png"), dir.path().join("link.png")).unwrap();
        assert_eq!(names(dir.path(), &["**/*.png"]), [""; 0]);
        for pattern in ["/etc/*", "../*", "a/../../b", ""] {
            assert!(ArtifactPattern::parse(pattern).is_err(), "{pattern}");
        }
        assert!(ArtifactPattern::parse("[").is_err());
    }

    #[test]
    fn a_large_folder_is_not_looked_through_to_its_end() {
        let dir = tempfile::tempdir().unwrap();
        let mut deep = dir.path().to_path_buf();
        for _ in 0..=caps::GLOB_DEPTH {
            deep.push("d");
        }
        fs::create_dir_all(&deep).unwrap();
        assert!(find(dir.path(), &[ArtifactPattern::parse("**/x").unwrap()]).incomplete);
    }
}
