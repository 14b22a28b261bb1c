//! The examples of the typed library say what their documentation says.

use std::process::Command;

fn lines_of(program: &str) -> Vec<String> {
    let output = Command::new(program).output().expect("it starts");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text").lines().map(str::to_owned).collect()
}

/// S2.6.
#[test]
fn a_cached_result_comes_first_and_a_fresh_event_after_it() {
    let expected = [
        "result: Settled { value: 20, source: Fresh }",
        "event: Oslo has 20 degrees (Fresh)",
        "result: Settled { value: 20, source: Cached }",
        "event: Oslo has 20 degrees (Cached)",
        "event: Oslo has 21 degrees (Fresh)",
        "forgotten: 1",
        "result: Settled { value: 22, source: Fresh }",
    ];
    assert_eq!(lines_of(env!("CARGO_BIN_EXE_cache")), expected);
}

/// S2.16, S2.17.
#[test]
fn an_orchestrator_reacts_and_another_one_listens() {
    let expected = ["inbox: letter 1, letter 2, letter 3", "badge: 3"];
    assert_eq!(lines_of(env!("CARGO_BIN_EXE_orchestrator")), expected);
}

/// S2.23.
#[test]
fn a_saga_undoes_what_was_done() {
    let booked = ["flight: seat 17 is booked", "car: reserved"];
    let lines = lines_of(env!("CARGO_BIN_EXE_saga"));
    assert_eq!((&lines[..2], &lines[3..5]), (&booked.map(String::from)[..], &booked.map(String::from)[..]));
    assert_eq!(lines[2], "booked: seat 17, a red car, room 4");
    assert_eq!(lines[5], "flight: seat 17 is free again");
    let told = "trip failed: the hotel is full; and not all of it could be undone; \
        failed to undo \"reserve the car\": the office is closed";
    assert_eq!(lines[6], told);
}
