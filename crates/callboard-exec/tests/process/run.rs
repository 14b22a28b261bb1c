//! Children from start to end: output, exit codes, arguments, environment, input.

use crate::support::{Stage, bounded, error, result, shell};
use callboard_exec::{Executor, Outcome, ProcessExecutor};
use callboard_protocol::{Node, caps, log::Level};
use serde_json::{Value, json};
use std::{os::fd::AsRawFd, os::unix::fs::PermissionsExt, sync::Arc};

#[tokio::test]
async fn lines_keep_their_order_and_their_channel() {
    let stage = Stage::new();
    let script = "for i in 1 2 3; do echo out $i; echo err $i >&2; done; printf '\\nno break'";
    assert_eq!(result(stage.sh(script).await), Value::Null);
    assert_eq!(stage.memory.channel("stdout"), ["out 1", "out 2", "out 3", "", "no break"]);
    assert_eq!(stage.memory.channel("stderr"), ["err 1", "err 2", "err 3"]);
    assert!(stage.memory.lines.lock().unwrap().iter().all(|(_, level, _)| *level == Level::Info));
}

#[tokio::test]
async fn bytes_that_are_no_text_and_progress_lines_are_readable() {
    let stage = Stage::new();
    result(stage.sh(r"printf 'a\377b\n 10%%\r 50%%\r100%%\r\nend\r'").await);
    assert_eq!(stage.memory.channel("stdout"), ["a\u{fffd}b", "100%", "end"]);
}

#[tokio::test]
async fn a_command_without_a_result_tells_its_exit_code() {
    let stage = Stage::new();
    assert_eq!(result(stage.run(json!({"argv": ["true"]})).await), json!({"exitCode": 0}));
}

#[tokio::test]
async fn another_exit_code_is_an_error_with_the_last_words() {
    let stage = Stage::new();
    let (failure, retryable) =
        error(stage.sh("echo first >&2; echo ' it broke ' >&2; echo >&2; exit 7").await);
    assert_eq!((failure.code.as_str(), failure.exit_code, retryable), ("exit_code", Some(7), true));
    assert_eq!(failure.message, "it broke");
    let (failure, _) = error(Stage::new().sh("exit 1").await);
    assert_eq!(failure.message, "exited with code 1");
}

#[tokio::test]
async fn a_signal_is_a_crash() {
    let outcome = Stage::new().sh("kill -SEGV $$").await;
    let Outcome::Crashed(failure) = outcome else { panic!("{outcome:?}") };
    assert_eq!((failure.code.as_str(), failure.signal), ("signal", Some(11)));
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let stage = Stage::new();
    let cases = [
        (json!({"argv": ["no-such-program"], "env": {"PATH": "/nowhere"}}), "no-such-program", "/nowhere"),
        (json!({"argv": ["./no-such-program"], "cwd": "/tmp"}), "no-such-program", "/tmp"),
        (json!({"argv": ["/etc"]}), "/etc", "folder"),
        (json!({"argv": ["true"], "cwd": "/no/such/folder"}), "/no/such/folder", "No such file"),
        (json!({"argv": ["true"], "cwd": "/etc/passwd"}), "/etc/passwd", "no folder"),
    ];
    for (args, name, detail) in cases {
        let (failure, retryable) = error(stage.run(args).await);
        assert_eq!((failure.code.as_str(), retryable), ("spawn_failed", false));
        assert!(failure.message.contains(name) && failure.message.contains(detail), "{}", failure.message);
    }
}

#[tokio::test]
async fn a_file_that_the_system_cannot_execute_is_no_exit_code() {
    let stage = Stage::new();
    let file = stage.dir.path().join("script");
    std::fs::write(&file, "#!/no/such/interpreter\n").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    let (failure, _) = error(stage.run(json!({"argv": [file]})).await);
    assert_eq!(failure.code, "spawn_failed");
    assert!(failure.message.contains("/script: its interpreter"), "{}", failure.message);
}

#[tokio::test]
async fn a_program_that_is_not_configured_is_an_error() {
    let stage = Stage::new();
    let nothing = ProcessExecutor::fixed(Vec::new(), None);
    let (failure, _) = error(bounded(nothing.execute(stage.attempt(json!({})))).await);
    assert_eq!(failure.code, "spawn_failed");
}

#[tokio::test]
async fn arguments_that_do_not_fit_are_an_error_even_unchecked() {
    let (failure, retryable) = error(Stage::new().run(json!({"argv": "sh -c reboot"})).await);
    assert_eq!((failure.code.as_str(), retryable), ("invalid_args", false));
}

#[tokio::test]
async fn a_configured_program_reads_its_arguments_as_json_and_runs_in_its_folder() {
    let stage = Stage::new();
    let args = json!({"prompt": "a \"quoted\"\nline", "steps": 3});
    let outcome = bounded(shell("cat; pwd; ls -ld .").execute(stage.attempt(args.clone()))).await;
    result(outcome);
    let lines = stage.memory.channel("stdout");
    assert_eq!(serde_json::from_str::<Value>(&lines[0]).unwrap(), args);
    assert_eq!(lines[1], stage.work_dir().to_str().unwrap());
    assert!(lines[2].starts_with("drwx------"), "{}", lines[2]);
}

#[tokio::test]
async fn input_is_written_while_output_is_read() {
    let stage = Stage::new();
    let input = "0123456789abcdef\n".repeat(20_000);
    result(stage.run(json!({"argv": ["cat"], "stdin": input})).await);
    assert_eq!(stage.memory.channel("stdout").len(), 20_000);
    let unread = Stage::new();
    result(unread.run(json!({"argv": ["true"], "stdin": input})).await);
}

#[tokio::test]
async fn without_input_a_child_reads_the_end() {
    let stage = Stage::new();
    result(stage.run(json!({"argv": ["cat"]})).await);
    assert_eq!(stage.memory.channel("stdout"), [""; 0]);
}

#[tokio::test]
async fn the_environment_holds_what_is_allowed_and_what_was_given() {
    let stage = Stage::new();
    let args = json!({"argv": ["env"], "env": {"GIVEN": "a b", "CALLBOARD_ATTEMPT": "forged"}});
    result(stage.run(args).await);
    let lines = stage.memory.channel("stdout");
    let allowed = ["PATH", "HOME", "LANG", "TERM", "TMPDIR", "TZ", "USER"];
    let ours = ["GIVEN=a b", "CALLBOARD_JOB_ID=job-1", "CALLBOARD_ATTEMPT=2"];
    for line in &lines {
        let name = line.split('=').next().unwrap();
        let known = allowed.contains(&name) || name.starts_with("LC_") || name == "CALLBOARD_WORK_DIR";
        assert!(known || ours.contains(&line.as_str()), "{line}");
    }
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some(), "there is something to hold back");
    assert!(ours.iter().all(|ours| lines.iter().any(|line| line == ours)), "{lines:?}");
}

#[tokio::test]
async fn hostile_arguments_arrive_as_they_are() {
    let corpus = [
        "; touch pwned",
        "$(touch pwned)",
        "`touch pwned`",
        "| touch pwned",
        "&& touch pwned",
        "> pwned",
        "\n touch pwned",
        "*",
        "~",
        "--",
        "-rf",
        "$IFS$9",
        "%s%n",
        "'\"\\",
        "a\tb",
        "\u{1b}[31m",
        "é\u{202e}ü",
        "",
        " ",
        "!!",
        "{a,b}",
        "\r",
    ];
    let stage = Stage::new();
    let mut argv = vec!["sh", "-c", r#"for a in "$@"; do printf '%s\0' "$a"; done | od -An -v -tx1"#, "sh"];
    argv.extend(corpus);
    result(stage.run(json!({ "argv": argv, "cwd": stage.dir.path() })).await);
    let text = stage.memory.channel("stdout").join(" ");
    let bytes = text.split_whitespace().map(|hex| u8::from_str_radix(hex, 16).unwrap()).collect::<Vec<_>>();
    let seen: Vec<_> = bytes.split(|byte| *byte == 0).map(String::from_utf8_lossy).collect();
    assert_eq!(seen[..seen.len() - 1], corpus);
    assert!(!stage.dir.path().join("pwned").exists());
}

#[tokio::test]
async fn a_child_holds_four_descriptors_and_no_privileges_to_gain() {
    let stage = Stage::new();
    let leak = std::fs::File::open("/dev/null").unwrap();
    rustix::io::fcntl_setfd(&leak, rustix::io::FdFlags::empty()).unwrap();
    assert!((4..40).contains(&leak.as_raw_fd()));
    // Looked for one by one: listing them would open one more.
    let script = "i=0; while [ $i -lt 40 ]; do [ -e /proc/$$/fd/$i ] && echo $i; i=$((i+1)); done; \
        ulimit -c; grep NoNewPrivs /proc/$$/status";
    result(stage.sh(script).await);
    assert_eq!(stage.memory.channel("stdout"), ["0", "1", "2", "3", "0", "NoNewPrivs:\t1"]);
    drop(leak);
}

#[tokio::test]
async fn a_flood_without_line_breaks_stays_bounded() {
    let stage = Stage::new();
    result(stage.sh("head -c 50000000 /dev/zero; echo; echo after").await);
    let lines = stage.memory.channel("stdout");
    assert_eq!((lines.len(), lines[1].as_str()), (2, "after"));
    assert!(lines[0].len() <= caps::LOG_LINE_BYTES);
    assert!(lines[0].ends_with("more bytes]"), "{}", &lines[0][lines[0].len() - 60..]);
}

#[tokio::test]
async fn a_flood_of_lines_comes_through() {
    let stage = Stage::new();
    result(stage.sh("yes | head -n 300000").await);
    assert_eq!(stage.memory.channel("stdout").len(), 300_000);
}

#[tokio::test]
async fn the_check_of_a_configured_program_is_asked() {
    let check = Arc::new(|args: &Node| match args.child("path") {
        Some(_) => Ok(()),
        None => Err(callboard_protocol::error::Rejection::new(
            callboard_protocol::error::ErrorCode::InvalidArgs,
            "path: is missing",
        )),
    });
    let program = ProcessExecutor::fixed(vec!["true".into()], Some(check));
    assert_eq!(program.check(&Node::object()).unwrap_err().message, "path: is missing");
    assert!(program.check(&Node::from("text")).is_err());
    program.check(&Node::from(&json!({"path": "/"}))).unwrap();
}

#[tokio::test]
async fn many_children_run_at_once() {
    let runs = (0..40).map(|number| {
        tokio::spawn(async move {
            let stage = Stage::new();
            let script = format!("echo {number}; echo '{{\"result\":{number}}}' >&3");
            (result(stage.sh(&script).await), stage.memory.channel("stdout"))
        })
    });
    for (number, run) in runs.collect::<Vec<_>>().into_iter().enumerate() {
        assert_eq!(run.await.unwrap(), (json!(number), vec![number.to_string()]));
    }
}
