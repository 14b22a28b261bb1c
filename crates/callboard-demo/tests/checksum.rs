//! The checksum as a whole, on folders whose digests are known.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;

use callboard_demo::checksum;
use serde_json::{Value, json};
use tempfile::TempDir;

fn try_run(args: &Value, out: &Path) -> Result<Vec<Value>, String> {
    let mut reports = Vec::new();
    checksum::run(args.to_string().as_bytes(), &mut reports, out).map_err(|error| error.to_string())?;
    let text = String::from_utf8(reports).expect("JSON is text");
    Ok(text.lines().map(|line| serde_json::from_str(line).expect("every line is JSON")).collect())
}

/// The reports of a run over `folder`, and the listing.
fn run(folder: &Path) -> (Vec<Value>, Vec<u8>) {
    let out = TempDir::new().expect("a temporary folder");
    let reports = try_run(&json!({"path": folder, "algorithm": "sha256"}), out.path()).expect("good args");
    (reports, fs::read(out.path().join("SHA256SUMS")).expect("a listing"))
}

fn result(reports: &[Value]) -> &Value {
    &reports.last().expect("reports")["result"]
}

fn tree() -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    let at = folder.path();
    fs::create_dir_all(at.join("a/deep")).expect("a temporary folder");
    fs::write(at.join("a/deep/empty"), b"").expect("a temporary file");
    fs::write(at.join("a/one"), b"abc").expect("a temporary file");
    // Sorts before "a/one" by bytes, although the folder "a" sorts before it as a name.
    fs::write(at.join("a!"), vec![b'x'; 1_000_000]).expect("a temporary file");
    folder
}

const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const MANY_X: &str = "1b977e9f84f1b26b6ed7f68b0498faee2385ea4125bd29adce4a7d9106ba3134";
const TREE: &str = "b12bc0d41495500f2300fc6b3329d4c6427a05d72e2c1e01bba8c0195ca9964c";

#[test]
fn a_known_tree_has_its_known_digest() {
    let folder = tree();
    let (reports, listing) = run(folder.path());
    let lines = format!("{MANY_X}  a!\n{EMPTY}  a/deep/empty\n{ABC}  a/one\n");
    assert_eq!(String::from_utf8(listing).expect("text"), lines);
    let root = folder.path().canonicalize().expect("it is there");
    let expected = json!({"root": root, "files": 3, "bytes": 1_000_003, "skipped": 0, "sha256": TREE});
    assert_eq!(*result(&reports), expected);
}

#[test]
fn progress_goes_by_bytes_up_to_all_of_them() {
    let folder = tree();
    let (reports, _) = run(folder.path());
    let progress: Vec<_> = reports.iter().filter_map(|report| report.get("progress")).collect();
    let values: Vec<_> = progress.iter().map(|one| one["value"].as_f64().expect("a number")).collect();
    assert!(values.is_sorted() && values[0] == 0.0, "{values:?}");
    let last = progress.last().expect("progress");
    assert_eq!(**last, json!({"value": 1.0, "message": "3 files", "step": 3, "steps": 3}));
    assert!(progress.iter().any(|one| one["message"] == "a!"), "the current file is named: {progress:?}");
}

#[test]
fn an_empty_folder_has_the_digest_of_nothing() {
    let folder = TempDir::new().expect("a temporary folder");
    let (reports, listing) = run(folder.path());
    assert!(listing.is_empty());
    assert_eq!(result(&reports)["sha256"], EMPTY);
    assert_eq!(result(&reports)["files"], 0);
}

#[test]
fn links_are_not_followed_and_names_need_not_be_text() {
    let folder = tree();
    let before = result(&run(folder.path()).0)["sha256"].clone();
    symlink("..", folder.path().join("a/up")).expect("a temporary link");
    symlink("nowhere", folder.path().join("broken")).expect("a temporary link");
    let (reports, _) = run(folder.path());
    assert_eq!(result(&reports)["sha256"], before);
    assert_eq!(result(&reports)["skipped"], 0);
    let said = json!({"log": {"level": "info", "message": "left out 2 symbolic links and special files"}});
    assert!(reports.contains(&said), "{reports:?}");
    fs::write(folder.path().join(std::ffi::OsStr::from_bytes(b"b\xff")), b"").expect("a temporary file");
    let (reports, listing) = run(folder.path());
    assert_eq!(result(&reports)["files"], 4);
    assert!(listing.ends_with(b"  b\xff\n"));
}

#[test]
fn a_link_to_a_folder_can_be_the_root() {
    let folder = tree();
    let links = TempDir::new().expect("a temporary folder");
    symlink(folder.path(), links.path().join("link")).expect("a temporary link");
    let (reports, _) = run(&links.path().join("link"));
    assert_eq!(result(&reports)["sha256"], TREE);
}

#[test]
fn what_cannot_be_read_is_counted_and_logged() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tree();
    let locked = folder.path().join("a/one");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).expect("our file");
    if fs::read(&locked).is_ok() {
        return; // The superuser reads everything.
    }
    let (reports, _) = run(folder.path());
    assert_eq!(result(&reports)["skipped"], 1);
    assert_eq!(result(&reports)["files"], 2);
    assert!(reports.iter().any(|report| report["log"]["level"] == "warn"), "{reports:?}");
}

#[test]
fn bad_args_are_named() {
    let out = TempDir::new().expect("a temporary folder");
    let file = out.path().join("file");
    fs::write(&file, b"x").expect("a temporary file");
    let missing = out.path().join("missing");
    let table = [
        (json!({}), "the field `path` is missing; it must be a text of 1 to 4096 characters".to_owned()),
        (json!({"path": 5}), "the field `path` is 5; it must be a text of 1 to 4096 characters".to_owned()),
        (json!({"path": missing}), format!("cannot use the folder {missing:?}: No such file or directory")),
        (json!({"path": file}), format!("cannot use the folder {file:?}: it is not a folder")),
        (json!({"path": "src"}), "cannot use the folder \"src\": it must be an absolute path".to_owned()),
        (json!({"path": "/nul\0"}), "cannot use the folder \"/nul\\0\"".to_owned()),
        (
            json!({"path": out.path(), "algorithm": "md5"}),
            "the field `algorithm` is \"md5\"; it must be \"sha256\"".to_owned(),
        ),
        (
            json!({"path": out.path(), "depth": 1}),
            "unknown field \"depth\"; the fields are path, algorithm".to_owned(),
        ),
    ];
    for (args, expected) in table {
        let message = try_run(&args, out.path()).expect_err("bad args");
        assert!(message.starts_with(&expected), "{args}: {message}");
    }
}
