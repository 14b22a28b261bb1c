//! The floors of the workspace: which crate may depend on which, and on what outside. Arrows only go down.
//!
//! A crate exists where its allowed dependencies change, so this table is what the crates are for.

use std::path::Path;

use serde_json::Value;

use super::Finding;
use crate::failure::Failure;
use crate::repo::Repo;
use crate::tools::Tool;

/// A package of the workspace, as cargo knows it.
#[derive(Debug)]
pub(super) struct Package {
    pub(super) name: String,
    /// Relative to the root of the repository.
    pub(super) folder: String,
    pub(super) dependencies: Vec<Dependency>,
    /// The first files of its targets, relative to the root of the repository.
    pub(super) roots: Vec<String>,
}

#[derive(Debug)]
pub(super) struct Dependency {
    pub(super) name: String,
    pub(super) is_dev: bool,
    /// Whether it is a package of this workspace.
    pub(super) is_ours: bool,
    /// Whether it is asked for with features.
    pub(super) has_features: bool,
}

/// What one package may depend on.
struct Floor {
    package: &'static str,
    /// Packages of the workspace.
    may: &'static [&'static str],
    /// More packages of the workspace, for its tests.
    may_in_tests: &'static [&'static str],
    /// Packages from outside, and all whose names start so and go on with `-`.
    never: &'static [&'static str],
    why: &'static str,
}

/// What brings a clock, randomness, input or output, or a runtime.
const EFFECTS: &[&str] = &[
    "tokio",
    "async",
    "futures",
    "smol",
    "rand",
    "fastrand",
    "getrandom",
    "uuid",
    "chrono",
    "time",
    "tracing",
    "rusqlite",
    "rustix",
    "libc",
    "hyper",
    "axum",
    "reqwest",
];
/// What stores.
const STORES: &[&str] = &["rusqlite", "sqlx", "redb", "fjall", "zstd", "blake3"];
/// What is about the web.
const WEB: &[&str] = &["axum", "tower", "hyper", "http", "tungstenite", "tokio-tungstenite", "rust-embed"];
const STORES_AND_WEB: &[&str] =
    &["rusqlite", "sqlx", "redb", "fjall", "axum", "tower", "hyper", "http", "tungstenite", "rust-embed"];
/// What stores, is about the web, or touches the system.
const FLOW_NEVER: &[&str] = &[
    "rusqlite", "sqlx", "redb", "fjall", "axum", "tower", "hyper", "http", "rustix", "libc", "uuid",
    "chrono", "jiff", "tracing", "serde",
];
const NONE: &[&str] = &[];
/// The library as programs use it.
const ALL: &[&str] = &[
    "callboard-protocol",
    "callboard-flow",
    "callboard-core",
    "callboard-journal",
    "callboard-exec",
    "callboard",
    "callboard-ws",
    "callboard-client",
    "callboard-server",
    "callboard-testkit",
    "callboard-demo",
];

const FLOORS: [Floor; 16] = [
    Floor {
        package: "callboard-protocol",
        may: NONE,
        may_in_tests: NONE,
        never: EFFECTS,
        why: "the vocabulary and the fold run everywhere alike: no runtime, clock, randomness, input or output",
    },
    Floor {
        package: "callboard-flow",
        may: NONE,
        may_in_tests: NONE,
        never: FLOW_NEVER,
        why: "its primitives are usable alone: a clock and a runtime, and nothing of the rest",
    },
    Floor {
        package: "callboard-core",
        may: &["callboard-protocol", "callboard-flow"],
        may_in_tests: NONE,
        never: EFFECTS,
        why: "decisions are pure: the time and random numbers are arguments",
    },
    Floor {
        package: "callboard-journal",
        may: &["callboard-protocol"],
        may_in_tests: NONE,
        never: WEB,
        why: "a journal stores changes and decides nothing about them",
    },
    Floor {
        package: "callboard-exec",
        may: &["callboard-protocol"],
        may_in_tests: NONE,
        never: STORES_AND_WEB,
        why: "an executor runs one attempt and knows neither the state nor the journal",
    },
    Floor {
        package: "callboard",
        may: &[
            "callboard-protocol",
            "callboard-flow",
            "callboard-core",
            "callboard-journal",
            "callboard-exec",
        ],
        may_in_tests: &["callboard-testkit"],
        never: STORES_AND_WEB,
        why: "the product can be embedded: no web server, and storage only through the journal",
    },
    Floor {
        package: "callboard-ws",
        may: NONE,
        may_in_tests: NONE,
        never: STORES,
        why: "a codec knows bytes and frames, not what they mean",
    },
    Floor {
        package: "callboard-client",
        may: &["callboard-protocol", "callboard-flow", "callboard-ws"],
        may_in_tests: &["callboard", "callboard-journal", "callboard-server", "callboard-testkit"],
        never: STORES,
        why: "a client speaks the protocol and never carries the engine; only its tests start a server",
    },
    Floor {
        package: "callboard-server",
        may: &["callboard-protocol", "callboard", "callboard-ws"],
        may_in_tests: &["callboard-client", "callboard-journal", "callboard-exec", "callboard-testkit"],
        never: STORES,
        why: "the server translates and decides nothing; it stores through the board",
    },
    Floor {
        package: "callboard-testkit",
        may: &[
            "callboard-protocol",
            "callboard-core",
            "callboard-journal",
            "callboard-exec",
            "callboard",
            "callboard-ws",
            "callboard-client",
            "callboard-server",
        ],
        may_in_tests: NONE,
        never: NONE,
        why: "it tests every floor below the binary",
    },
    Floor {
        package: "callboard-sim",
        may: &["callboard-protocol", "callboard-core", "callboard-journal", "callboard-exec", "callboard"],
        may_in_tests: NONE,
        never: STORES_AND_WEB,
        why: "it runs a whole board on one thread: what has a socket or a file is not in it",
    },
    Floor {
        package: "callboard-demo",
        may: NONE,
        may_in_tests: NONE,
        never: &["tokio", "hyper", "axum", "rusqlite"],
        why: "a first job is a plain program: it shows that a child needs nothing of ours",
    },
    Floor {
        package: "callboard-cli",
        may: &[
            "callboard-protocol",
            "callboard",
            "callboard-journal",
            "callboard-exec",
            "callboard-server",
            "callboard-client",
            "callboard-demo",
        ],
        may_in_tests: &["callboard-testkit", "callboard-ws"],
        never: &["rusqlite", "axum", "hyper"],
        why: "the binary puts the parts together and does none of their work",
    },
    Floor {
        package: "callboard-examples",
        may: ALL,
        may_in_tests: ALL,
        never: NONE,
        why: "an example uses what users use",
    },
    Floor {
        package: "callboard-benches",
        may: ALL,
        may_in_tests: ALL,
        never: NONE,
        why: "a bench measures every floor beside its peers",
    },
    Floor {
        package: "xtask",
        may: NONE,
        may_in_tests: NONE,
        never: &["tokio", "clap", "hyper"],
        why: "the verbs start at once on a fresh clone, and work while a crate is broken",
    },
];

/// Packages that take a dependency only as it is without its features: the part of it that has no runtime.
const WITHOUT_FEATURES: [(&str, &str); 1] = [("callboard-core", "callboard-flow")];

/// The packages of the workspace.
pub(super) fn packages(repo: &Repo) -> Result<Vec<Package>, Failure> {
    let text = Tool::cargo(repo).args(["metadata", "--no-deps", "--format-version", "1"]).capture()?;
    let metadata: Value = serde_json::from_str(&text)
        .map_err(|error| Failure::new(format!("cannot read what `cargo metadata` says: {error}")))?;
    let packages = list(&metadata["packages"]).map(|package| read_package(package, &repo.root));
    Ok(packages.collect())
}

fn read_package(package: &Value, root: &Path) -> Package {
    let relative = |value: &Value| {
        let path = Path::new(value.as_str().unwrap_or_default());
        path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned()
    };
    let manifest = relative(&package["manifest_path"]);
    let dependencies = list(&package["dependencies"]).map(|dependency| Dependency {
        name: text(&dependency["name"]),
        is_dev: dependency["kind"] == "dev",
        is_ours: dependency["path"].is_string(),
        has_features: dependency["uses_default_features"] == true
            || list(&dependency["features"]).next().is_some(),
    });
    Package {
        name: text(&package["name"]),
        folder: manifest.trim_end_matches("Cargo.toml").trim_end_matches('/').to_owned(),
        dependencies: dependencies.collect(),
        roots: list(&package["targets"]).map(|target| relative(&target["src_path"])).collect(),
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Checks every dependency against the table.
pub(super) fn check(packages: &[Package]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in packages {
        let finding = |what: String, remedy: String| Finding {
            path: format!("{}/Cargo.toml", package.folder),
            line: 1,
            what,
            remedy,
        };
        let Some(floor) = FLOORS.iter().find(|floor| floor.package == package.name) else {
            let what = format!("`{}` has no floor", package.name);
            findings.push(finding(what, "add a row to FLOORS in xtask/src/tidy/floors.rs".to_owned()));
            continue;
        };
        let wrong = package.dependencies.iter().filter(|dependency| !is_allowed(floor, dependency));
        findings.extend(wrong.map(|dependency| {
            let kind = if dependency.is_dev { "has the dev-dependency" } else { "depends on" };
            finding(
                format!("`{}` {kind} `{}`", package.name, dependency.name),
                format!("take it out: {}", floor.why),
            )
        }));
    }
    findings
}

fn is_allowed(floor: &Floor, dependency: &Dependency) -> bool {
    let name = dependency.name.as_str();
    if dependency.has_features && WITHOUT_FEATURES.contains(&(floor.package, name)) {
        return false;
    }
    if dependency.is_ours {
        return floor.may.contains(&name) || (dependency.is_dev && floor.may_in_tests.contains(&name));
    }
    let is_barred =
        |barred: &str| name.strip_prefix(barred).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
    !floor.never.iter().any(|barred| is_barred(barred))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(package: &str, dependencies: &[(&str, bool)]) -> Vec<String> {
        let dependencies = dependencies.iter().map(|(name, is_dev)| Dependency {
            name: (*name).to_owned(),
            is_dev: *is_dev,
            is_ours: name.starts_with("callboard"),
            has_features: false,
        });
        let package = Package {
            name: package.to_owned(),
            folder: format!("crates/{package}"),
            dependencies: dependencies.collect(),
            roots: Vec::new(),
        };
        check(&[package]).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn arrows_only_go_down() {
        assert!(findings("callboard-core", &[("callboard-protocol", false), ("serde", false)]).is_empty());
        let expected = "crates/callboard-core/Cargo.toml:1: `callboard-core` depends on `callboard`; take it out: \
                        decisions are pure: the time and random numbers are arguments";
        assert_eq!(findings("callboard-core", &[("callboard", false)]), [expected]);
        assert_eq!(
            findings("callboard-protocol", &[("callboard-core", true)]).len(),
            1,
            "tests have floors too"
        );
        assert_eq!(findings("callboard-client", &[("callboard", false)]).len(), 1);
        assert!(
            findings("callboard-client", &[("callboard-server", true)]).is_empty(),
            "listed for its tests"
        );
    }

    #[test]
    fn what_a_floor_must_never_do_comes_from_no_crate() {
        for name in ["tokio", "tokio-util", "fastrand", "uuid"] {
            assert_eq!(findings("callboard-protocol", &[(name, false)]).len(), 1, "{name}");
        }
        assert!(findings("callboard-protocol", &[("timely", false)]).is_empty(), "only whole names");
        assert_eq!(findings("callboard-server", &[("rusqlite", false)]).len(), 1);
        assert_eq!(findings("callboard-core", &[("tokio", true)]).len(), 1, "tests have floors too");
        assert!(findings("callboard-ws", &[("tungstenite", true)]).is_empty(), "an oracle in tests");
    }

    #[test]
    fn the_core_takes_only_the_pure_half_of_flow() {
        let flow = |has_features| {
            let dependency =
                Dependency { name: "callboard-flow".to_owned(), is_dev: false, is_ours: true, has_features };
            let floor = FLOORS.iter().find(|floor| floor.package == "callboard-core");
            is_allowed(floor.expect("it has one"), &dependency)
        };
        assert!(flow(false) && !flow(true));
    }

    #[test]
    fn a_package_without_a_floor_is_found() {
        let expected =
            "crates/new/Cargo.toml:1: `new` has no floor; add a row to FLOORS in xtask/src/tidy/floors.rs";
        assert_eq!(findings("new", &[]), [expected]);
    }
}
