//! The examples of `callboard-flow` do what their documentation says.

use std::process::Command;

fn run(program: &str) -> String {
    let output = Command::new(program).output().expect("it starts");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn retries_end_well_badly_or_cancelled() {
    let expected = "try 1: status 503, again in a moment\n\
                    try 2: status 429, again in a moment\n\
                    busy: 42 bottles\n\
                    forbidden: the operation failed and cannot be tried again: status 403\n\
                    broken: the operation failed after 3 attempts\n\
                    endless: the operation was cancelled (the user went home)\n";
    assert_eq!(run(env!("CARGO_BIN_EXE_retry")), expected);
}

#[test]
fn a_batch_is_downloaded_with_one_progress() {
    let said = run(env!("CARGO_BIN_EXE_batch"));
    assert!(said.contains("\n600000 bytes in ") && said.contains("\n100 %\n"), "{said}");
}
