//! Dead Rust files: what no `mod` leads to is never compiled.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use super::floors::Package;
use super::sources::{Source, normal};

pub(super) fn check(packages: &[Package], sources: &[Source]) -> Vec<Finding> {
    let files: BTreeMap<&str, &Source> = sources
        .iter()
        .filter(|source| source.is_rust())
        .map(|source| (source.path.as_str(), source))
        .collect();
    let mut reached = BTreeSet::new();
    for package in packages {
        for root in &package.roots {
            reach(root.clone(), true, &files, &mut reached);
        }
    }
    let is_source =
        |path: &str| packages.iter().any(|package| path.starts_with(&format!("{}/src/", package.folder)));
    let dead = files.keys().filter(|path| is_source(path) && !reached.contains(**path));
    dead.map(|path| Finding {
        path: (*path).to_owned(),
        line: 1,
        what: "no `mod` leads to this file".to_owned(),
        remedy: "declare it, or delete it".to_owned(),
    })
    .collect()
}

/// Follows the modules from `path`; `is_root` for the first file of a target.
fn reach(path: String, is_root: bool, files: &BTreeMap<&str, &Source>, reached: &mut BTreeSet<String>) {
    let Some(source) = files.get(path.as_str()) else { return };
    if !reached.insert(path.clone()) {
        return;
    }
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let stem = path.strip_suffix(".rs").unwrap_or(&path);
    let below = if is_root || path.ends_with("/mod.rs") { folder } else { stem };
    for module in modules(&source.text, &source.code) {
        let candidates = match &module.file {
            Some(file) => vec![normal(&format!("{folder}/{file}"))],
            None => {
                let at = format!("{below}/{}", module.path.join("/"));
                vec![format!("{at}.rs"), format!("{at}/mod.rs")]
            }
        };
        for candidate in candidates {
            reach(candidate, false, files, reached);
        }
    }
}

/// A module that has a file of its own.
#[derive(Debug, PartialEq)]
struct Module {
    /// Its name, after those of the inline modules around it.
    path: Vec<String>,
    /// What a `#[path]` says.
    file: Option<String>,
}

fn modules(text: &str, code: &str) -> Vec<Module> {
    let mut modules = Vec::new();
    // Inline modules around this place, each with the depth of its braces.
    let mut around: Vec<(String, usize)> = Vec::new();
    let (mut depth, mut item) = (0usize, 0);
    for (at, byte) in code.bytes().enumerate() {
        match byte {
            b'{' => {
                depth += 1;
                if let Some(name) = module_name(&code[item..at]) {
                    around.push((name, depth));
                }
            }
            b'}' => {
                around.retain(|(_, inner)| *inner < depth);
                depth = depth.saturating_sub(1);
            }
            b';' => {
                if let Some(name) = module_name(&code[item..at]) {
                    let path = around.iter().map(|(name, _)| name.clone()).chain([name]).collect();
                    modules.push(Module { path, file: path_attribute(&text[item..at]) });
                }
            }
            _ => continue,
        }
        item = at + 1;
    }
    modules
}

/// The name, if an item is a module: its last words are `mod NAME`.
fn module_name(item: &str) -> Option<String> {
    let mut words = item.split_whitespace().rev();
    let name = words.next()?;
    (words.next()? == "mod").then(|| name.trim_start_matches("r#").to_owned())
}

fn path_attribute(item: &str) -> Option<String> {
    let (_, rest) = item.split_once("#[path")?;
    rest.split('"').nth(1).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dead(files: &[(&str, &str)]) -> Vec<String> {
        let package = Package {
            name: "a".into(),
            folder: "a".into(),
            dependencies: Vec::new(),
            roots: vec!["a/src/lib.rs".into(), "a/src/bin/tool.rs".into()],
        };
        let sources: Vec<Source> = files.iter().map(|(path, text)| Source::new(*path, *text)).collect();
        check(&[package], &sources).into_iter().map(|finding| finding.path).collect()
    }

    #[test]
    fn modules_are_followed_through_files_folders_and_inline_modules() {
        let files = [
            ("a/src/lib.rs", "pub mod one;\nmod two { pub(crate) mod three; }\n#[cfg(test)]\nmod tests;"),
            ("a/src/one.rs", "mod deep;"),
            ("a/src/one/deep.rs", ""),
            ("a/src/two/three/mod.rs", "mod four;"),
            ("a/src/two/three/four.rs", ""),
            ("a/src/tests.rs", ""),
            ("a/src/bin/tool.rs", "#[path = \"../shared.rs\"]\nmod shared;\nfn main() { let a = 1; }"),
            ("a/src/shared.rs", ""),
            ("a/tests/other.rs", ""),
        ];
        assert_eq!(dead(&files), Vec::<String>::new());
    }

    #[test]
    fn a_file_that_no_module_leads_to_is_found() {
        let files = [
            ("a/src/lib.rs", "// mod old;\nconst A: &str = \"mod old;\"; fn a() { b(); }"),
            ("a/src/old.rs", ""),
            ("a/src/deep.rs", ""),
            ("a/src/one/deep.rs", "mod deep;"),
        ];
        assert_eq!(dead(&files), ["a/src/deep.rs", "a/src/old.rs", "a/src/one/deep.rs"]);
    }
}
