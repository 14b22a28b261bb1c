//! Both programs as real child processes: standard input, file descriptor 3, the working folder and the exit code.
//!
//! The child is this test binary itself, asked for [`act_as_child`] alone.

use std::io::Write;
use std::path::Path;
use std::process::{Command, ExitCode, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

const ROLE: &str = "CALLBOARD_DEMO_TEST_CHILD";

/// Not a test of its own: the role that the other tests start.
#[test]
fn act_as_child() -> ExitCode {
    match std::env::var(ROLE).as_deref() {
        Ok("paint") => callboard_demo::main_paint(),
        Ok("checksum") => callboard_demo::main_checksum(),
        _ => ExitCode::SUCCESS,
    }
}

/// Runs `program` with `args` on standard input; `redirect` says where descriptor 3 goes.
fn run(program: &str, args: &str, folder: &Path, redirect: &str) -> Output {
    let this = std::env::current_exe().expect("this test has a file");
    let mut child = Command::new("sh")
        .arg("-c")
        .arg(format!("exec \"$0\" --exact act_as_child --nocapture --quiet {redirect}"))
        .arg(this)
        .env(ROLE, program)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("every Unix has sh");
    let mut stdin = child.stdin.take().expect("piped");
    // A child that refuses early may have closed it: that is not what is tested here.
    let _ = stdin.write_all(args.as_bytes());
    drop(stdin);
    child.wait_with_output().expect("our child")
}

/// Descriptor 3 is the pipe that the test reads, standard output is dropped.
const TO_PIPE: &str = "3>&1 1>/dev/null";

#[test]
fn a_painter_reports_on_descriptor_3_and_paints_into_its_folder() {
    let folder = TempDir::new().expect("a temporary folder");
    let args = r#"{"prompt":"child","steps":2,"width":16,"height":16}"#;
    let output = run("paint", args, folder.path(), TO_PIPE);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("JSON is text");
    let reports: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("only reports on descriptor 3")).collect();
    assert_eq!(reports[0]["progress"]["message"], "step 1 of 2");
    assert_eq!(reports.last().expect("reports")["result"]["prompt"], "child");
    assert!(folder.path().join("image.png").exists());
}

#[test]
fn descriptor_3_may_be_a_file() {
    let folder = TempDir::new().expect("a temporary folder");
    let args = r#"{"prompt":"child","steps":2,"width":16,"height":16}"#;
    let output = run("paint", args, folder.path(), "3>reports");
    assert!(output.status.success());
    let text = std::fs::read_to_string(folder.path().join("reports")).expect("reports");
    assert_eq!(text.lines().count(), 5, "{text}");
}

#[test]
fn without_descriptor_3_it_works_and_says_nothing() {
    let folder = TempDir::new().expect("a temporary folder");
    let args = r#"{"prompt":"child","steps":1,"width":16,"height":16}"#;
    let output = run("paint", args, folder.path(), "3>&-");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(folder.path().join("image.png").exists());
}

#[test]
fn a_refusal_is_one_sentence_on_standard_error_and_a_bad_exit() {
    let folder = TempDir::new().expect("a temporary folder");
    let output = run("paint", r#"{"prompt":"x","steps":0}"#, folder.path(), TO_PIPE);
    assert!(!output.status.success());
    assert!(output.stdout.is_empty(), "no reports");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("the field `steps` is 0; it must be a whole number from 1 to 200\n"), "{text}");
}

#[test]
fn a_checksum_names_the_folder_that_is_not_there() {
    let folder = TempDir::new().expect("a temporary folder");
    let output = run("checksum", r#"{"path":"/no/such/folder"}"#, folder.path(), TO_PIPE);
    assert!(!output.status.success());
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("cannot use the folder \"/no/such/folder\": No such file or directory"), "{text}");
}

#[test]
fn a_checksum_ends_with_its_result() {
    let folder = TempDir::new().expect("a temporary folder");
    std::fs::write(folder.path().join("file"), b"abc").expect("a temporary file");
    let out = TempDir::new().expect("a temporary folder");
    let args = serde_json::json!({"path": folder.path()}).to_string();
    let output = run("checksum", &args, out.path(), TO_PIPE);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("JSON is text");
    let last: Value = serde_json::from_str(text.lines().last().expect("reports")).expect("a report");
    assert_eq!((&last["result"]["files"], &last["result"]["bytes"]), (&1.into(), &3.into()));
}
