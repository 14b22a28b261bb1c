//! The examples that check their own results, run without a network. Each ends with an error when something is not as it
//! says.

use std::process::Command;

fn run(program: &str, argument: Option<&std::path::Path>) -> String {
    let output = Command::new(program).args(argument).output().expect("it starts");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// X1, X2.
#[test]
fn jobs_are_tried_again_or_given_up() {
    let said = run(env!("CARGO_BIN_EXE_retries"), None);
    assert!(said.contains("[404]: Failed after 1 tries; the post office says 404\n"), "{said}");
}

#[test]
fn a_schedule_makes_a_job_every_second() {
    assert_eq!(run(env!("CARGO_BIN_EXE_schedule"), None).matches("made by stock").count(), 3);
}

#[test]
fn calls_keep_to_what_a_service_allows() {
    let said = run(env!("CARGO_BIN_EXE_http_calls"), None);
    assert!(said.contains("with a rate: 8 calls were answered"), "{said}");
}

#[test]
fn downloads_go_on_after_a_break() {
    let said = run(env!("CARGO_BIN_EXE_downloads"), None);
    assert!(said.contains("file-5.bin 400000 bytes"), "{said}");
}

/// X5.
#[test]
fn jobs_are_cancelled_in_every_phase() {
    let expected = "hole.dig, scheduled: cancelled (changed my mind)\n\
                    hole.dig, running: cancelled (changed my mind)\n\
                    process.run, running: cancelled (changed my mind)\n\
                    hole.dig, retrying: cancelled (changed my mind)\n";
    assert_eq!(run(env!("CARGO_BIN_EXE_cancel"), None), expected);
}

#[test]
fn pictures_are_painted_in_order_twice_in_one_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    for _ in 0..2 {
        let said = run(env!("CARGO_BIN_EXE_image_queue"), Some(folder.path()));
        let order: Vec<&str> =
            said.lines().filter_map(|line| line.split_once(':')).map(|(prompt, _)| prompt).collect();
        assert_eq!(order[0], "nothing at all", "it was never started: {said}");
        assert_eq!(order[1], "a cup of tea, please", "{said}");
    }
}
