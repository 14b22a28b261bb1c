//! The example does what its documentation says, in memory and in a folder, and again in the same folder.

use std::process::Command;

fn run(folder: Option<&std::path::Path>) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_embed")).args(folder).output().expect("it starts");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn a_board_runs_inside_another_program() {
    let folder = tempfile::tempdir().expect("a folder");
    for data in [None, Some(folder.path()), Some(folder.path())] {
        let said = run(data);
        assert!(said.contains(" 20 %  cup 1 of 5") && said.ends_with("5 cups are ready\n"), "{said}");
    }
}

#[test]
fn it_is_as_short_as_promised() {
    let lines = include_str!("../embed.rs").lines().count();
    assert!(lines < 60, "{lines} lines");
}
