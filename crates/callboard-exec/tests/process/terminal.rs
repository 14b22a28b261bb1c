//! Children in a terminal.

use crate::support::{Stage, bounded, dead, result};
use callboard_exec::{CancelReason, Executor, Outcome, ProcessExecutor, ProgramSpec, PtySize, Template};
use serde_json::json;

fn spec(script: &str) -> ProgramSpec {
    let script = script.replace('{', "{{").replace('}', "}}");
    let argv = ["sh", "-c", &script].map(|text| Template::parse(text).expect("a template")).into();
    ProgramSpec { argv, pty: Some(PtySize { columns: 91, rows: 33 }), ..ProgramSpec::default() }
}

async fn run(stage: &Stage, spec: ProgramSpec) -> Outcome {
    let executor = ProcessExecutor::configured(spec).expect("a sound configuration");
    bounded(executor.execute(stage.attempt(json!({"text": "typed"})))).await
}

#[tokio::test]
async fn a_child_has_a_terminal_of_its_own() {
    let stage = Stage::new();
    let script = "for fd in 0 1 2; do [ -t $fd ] && echo $fd; done; stty size; echo $TERM; \
        (: > /dev/tty) && echo controls; [ -e /proc/$$/fd/4 ] && echo leak; echo '{\"result\":1}' >&3";
    assert_eq!(result(run(&stage, spec(script)).await), json!(1));
    assert_eq!(stage.memory.channel("stdout"), ["0", "1", "2", "33 91", "xterm-256color", "controls"]);
}

#[tokio::test]
async fn its_lines_are_text_and_its_bytes_are_kept_for_a_screen() {
    let stage = Stage::new();
    let script =
        r"printf '\033[1;32mgreen\033[0m\n\033]0;title\007plain\n 10%%\r 99%%\r100%%\nlast'; echo words >&2";
    result(run(&stage, spec(script)).await);
    assert_eq!(stage.memory.channel("stdout"), ["green", "plain", "100%", "lastwords"]);
    let raw = stage.memory.screen.lock().unwrap().clone();
    let raw = String::from_utf8(raw).unwrap();
    assert!(raw.starts_with("\u{1b}[1;32mgreen\u{1b}[0m\r\n"), "{raw:?}");
    assert!(raw.ends_with("lastwords\r\n"), "{raw:?}");
}

#[tokio::test]
async fn an_error_has_the_last_words_of_the_terminal() {
    let (failure, _) =
        crate::support::error(run(&Stage::new(), spec("echo first; echo it broke; exit 3")).await);
    assert_eq!((failure.message.as_str(), failure.exit_code), ("it broke", Some(3)));
}

#[tokio::test]
async fn input_is_a_pipe_beside_the_terminal() {
    let stage = Stage::new();
    let stdin = Some(Template::parse("{args.text}").unwrap());
    result(run(&stage, ProgramSpec { stdin, ..spec("[ -t 0 ] || cat; [ -t 1 ] && echo ' end'") }).await);
    assert_eq!(stage.memory.channel("stdout"), ["typed end"]);
}

#[tokio::test]
async fn a_cancel_ends_the_session_of_the_terminal() {
    let stage = Stage::new();
    // One that does not hear the terminal's hang-up, in a process group of its own.
    let script = "trap '' HUP; set -m; (trap '' HUP; echo pid $(sh -c 'echo $PPID'); exec sleep 300) & echo ready; wait";
    let executor = ProcessExecutor::configured(spec(script)).expect("a sound configuration");
    let attempt = stage.attempt(json!({}));
    let running = tokio::spawn(async move { executor.execute(attempt).await });
    let line = stage.memory.line("stdout", "pid ").await;
    stage.memory.line("stdout", "ready").await;
    stage.cancel.cancel(CancelReason::User);
    assert_eq!(bounded(running).await.unwrap(), Outcome::Cancelled);
    dead(line.trim_start_matches("pid ")).await;
}

#[tokio::test]
async fn a_child_that_outlives_its_parent_in_the_terminal_is_ended() {
    let stage = Stage::new();
    let script = "trap '' HUP; sleep 300 & echo pid $!; exit 0";
    result(run(&stage, spec(script)).await);
    let line = stage.memory.line("stdout", "pid ").await;
    dead(line.trim_start_matches("pid ")).await;
}

#[tokio::test]
async fn a_flood_on_the_terminal_comes_through() {
    let stage = Stage::new();
    result(run(&stage, spec("yes | head -n 100000")).await);
    assert_eq!(stage.memory.channel("stdout").len(), 100_000);
}

#[tokio::test]
async fn any_command_can_have_a_terminal() {
    let stage = Stage::new();
    let argv = ["sh", "-c", "[ -t 1 ] && echo yes"];
    result(stage.run(json!({ "argv": argv, "pty": true })).await);
    assert_eq!(stage.memory.channel("stdout"), ["yes"]);
}
