//! The commands of the README and of the guide to scripts do what they say, against a real server.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Output, Stdio},
};

/// A server that ends with the test.
struct Server(Child);

impl Server {
    fn start(data: &Path) -> Self {
        let mut child = callboard(data)
            .args(["serve", "--port", "0", "--json"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts");
        let mut ready = String::new();
        BufReader::new(child.stdout.take().expect("piped"))
            .read_line(&mut ready)
            .expect("says that it is ready");
        assert!(ready.contains("launchUrl"), "{ready}");
        Server(child)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn callboard(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callboard"));
    command.env("CALLBOARD_DATA", data).stdin(Stdio::null());
    command
}

/// The lines of the README's shell blocks that begin with `callboard`.
fn commands() -> Vec<String> {
    let readme =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md")).expect("the README");
    let lines = readme.lines().map(str::trim).filter(|line| line.starts_with("callboard "));
    lines.map(str::to_owned).collect()
}

/// Runs a line as a person's shell would, with the program's name standing for the tested binary.
fn run(data: &Path, line: &str) -> Output {
    let script = format!("callboard() {{ '{}' \"$@\"; }}\n{line}", env!("CARGO_BIN_EXE_callboard"));
    let mut shell = Command::new("timeout");
    shell.args(["30", "sh", "-c", &script]).env("CALLBOARD_DATA", data).stdin(Stdio::null());
    shell.output().expect("a shell")
}

#[test]
fn the_commands_of_the_readme_work() {
    let commands = commands();
    assert!(commands.len() >= 4, "{commands:?}");
    let data = tempfile::tempdir().expect("a folder");
    let _server = Server::start(data.path());
    let text = |output: &Output| String::from_utf8_lossy(&output.stdout).into_owned();

    let first = commands.iter().find(|line| line.starts_with("callboard run")).expect("it shows `run`");
    let output = run(data.path(), first);
    assert!(output.status.success() && text(&output).contains("line 3"), "{first}: {output:?}");

    let started = run(data.path(), "callboard run --detach --json -- sleep 60");
    let job = text(&started);
    let id =
        job.split('"').find(|word| word.len() == 36).unwrap_or_else(|| panic!("an id: {job}")).to_owned();
    for line in commands.iter().filter(|line| !line.starts_with("callboard run") && !line.contains(" -f")) {
        let line = line.replace("ID", &id);
        let output = run(data.path(), &line);
        assert!(output.status.success(), "{line}: {output:?}");
    }
    // `logs -f` ends with its job, which has been cancelled by now.
    let output = run(data.path(), &format!("callboard logs {id} -f"));
    assert!(output.status.success(), "{output:?}");
}

/// The shell blocks of a page.
fn blocks(page: &str) -> Vec<String> {
    let path = format!("{}/../../docs/guides/{page}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("the page");
    let blocks = text.split("```sh\n").skip(1);
    blocks.filter_map(|rest| rest.split_once("```")).map(|(block, _)| block.to_owned()).collect()
}

#[test]
fn the_scripts_of_the_guide_work() {
    let data = tempfile::tempdir().expect("a folder");
    let _server = Server::start(data.path());
    let blocks = blocks("scripts.md");
    assert!(blocks.len() >= 8, "{blocks:?}");
    for block in blocks {
        let output = run(data.path(), &format!("set -eu; cd '{}'\n{block}", data.path().display()));
        assert!(output.status.success(), "{block}: {output:?}");
    }
}
