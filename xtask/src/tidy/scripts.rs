//! Dead TypeScript files: what nothing imports reaches no user.

use std::collections::BTreeSet;

use super::Finding;
use super::sources::{Source, normal};
use crate::web::WORKSPACES;

/// Files of a workspace's `src` folder that start something.
const ENTRIES: [&str; 3] = ["index.ts", "main.ts", "env.d.ts"];
/// Names of files that the test runner or the compiler finds by itself.
const FOUND_BY_NAME: [&str; 4] = [".test.ts", ".spec.ts", ".test-d.ts", ".d.ts"];
/// Endings that an import may leave out or write differently.
const CANDIDATES: [&str; 4] = ["", ".ts", ".vue", "/index.ts"];

pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    let files: BTreeSet<&str> = sources.iter().map(|source| source.path.as_str()).collect();
    let mut used = BTreeSet::new();
    for source in sources {
        if let Some(workspace) = workspace_of(&source.path) {
            let targets =
                quoted(&source.text).filter_map(|text| resolve(&source.path, workspace, text, &files));
            used.extend(targets.filter(|target| *target != source.path));
        }
    }
    let is_dead = |source: &&Source| {
        let script = matches!(source.ending(), "ts" | "vue");
        script && !used.contains(&source.path) && must_be_used(&source.path)
    };
    let dead = sources.iter().filter(is_dead);
    dead.map(|source| Finding {
        path: source.path.clone(),
        line: 1,
        what: "nothing imports this file".to_owned(),
        remedy: "import it, export it in package.json, or delete it".to_owned(),
    })
    .collect()
}

/// `packages/client` of `packages/client/src/a.ts`.
fn workspace_of(path: &str) -> Option<&str> {
    let mut slashes = path.match_indices('/').map(|(at, _)| at);
    let (first, second) = (slashes.next()?, slashes.next()?);
    WORKSPACES.contains(&&path[..first]).then(|| &path[..second])
}

fn must_be_used(path: &str) -> bool {
    let Some(workspace) = workspace_of(path) else { return false };
    let Some(name) = path[workspace.len()..].strip_prefix("/src/") else { return false };
    !ENTRIES.contains(&name) && !FOUND_BY_NAME.iter().any(|end| name.ends_with(end))
}

/// Everything between two equal quotes on one line.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| {
        ['"', '\'', '`'].into_iter().flat_map(move |quote| {
            let mut parts = line.split(quote).skip(1);
            std::iter::from_fn(move || parts.next())
        })
    })
}

/// The file that `text` in the file `from` means, if it means one.
fn resolve(from: &str, workspace: &str, text: &str, files: &BTreeSet<&str>) -> Option<String> {
    let text = text.split(['?', '#']).next()?;
    let folder = from.rsplit_once('/')?.0;
    let path = if let Some(rest) = text.strip_prefix("@/") {
        format!("{workspace}/src/{rest}")
    } else if let Some(rest) = text.strip_prefix("/src/") {
        format!("{workspace}/src/{rest}")
    } else if let Some(rest) = text.strip_prefix("./dist/") {
        // What package.json exports is built from the source of the same name.
        format!("{workspace}/src/{rest}")
    } else if text.starts_with("./") || text.starts_with("../") || text.starts_with("src/") {
        format!("{folder}/{text}")
    } else {
        return None;
    };
    let path = normal(&path);
    let bare = path.strip_suffix(".d.ts").or_else(|| path.strip_suffix(".js")).unwrap_or(&path);
    CANDIDATES.iter().map(|end| format!("{bare}{end}")).find(|path| files.contains(path.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dead(files: &[(&str, &str)]) -> Vec<String> {
        let sources: Vec<Source> = files.iter().map(|(path, text)| Source::new(*path, *text)).collect();
        check(&sources).into_iter().map(|finding| finding.path).collect()
    }

    #[test]
    fn every_way_to_use_a_file_counts() {
        let files = [
            ("packages/a/package.json", r#"{"exports":{"./react":{"types":"./dist/react.d.ts"}}}"#),
            ("packages/a/src/index.ts", "export * from './one.js'\nimport type { T } from \"../src/two\""),
            ("packages/a/src/one.ts", "const w = new Worker(new URL('./worker.ts', import.meta.url))"),
            ("packages/a/src/two/index.ts", ""),
            ("packages/a/src/worker.ts", ""),
            ("packages/a/src/react.ts", ""),
            ("packages/a/src/one.test.ts", ""),
            ("packages/a/vite.config.ts", "entry: 'src/extra.ts'"),
            ("packages/a/src/extra.ts", ""),
            ("apps/b/index.html", "<script type=\"module\" src=\"/src/start.ts\"></script>"),
            (
                "apps/b/src/start.ts",
                "import App from '@/app/App.vue'; const p = () => import('./page.vue?x')",
            ),
            ("apps/b/src/app/App.vue", ""),
            ("apps/b/src/page.vue", ""),
            ("docs/a/src/sample.ts", ""),
        ];
        assert_eq!(dead(&files), Vec::<String>::new());
    }

    #[test]
    fn a_file_that_nothing_imports_is_found() {
        let files = [
            ("packages/a/src/index.ts", "import './a.js'"),
            ("packages/a/src/a.ts", ""),
            ("packages/a/src/old.ts", "import './old.js'"),
            ("packages/a/src/Old.vue", ""),
            ("packages/b/src/index.ts", "import '../../a/src/other.js'"),
        ];
        assert_eq!(dead(&files), ["packages/a/src/old.ts", "packages/a/src/Old.vue"]);
    }
}
