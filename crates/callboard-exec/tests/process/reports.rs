//! Descriptor 3: progress, logs, artifacts and the result.

use crate::support::{Stage, error, result};
use callboard_protocol::{caps, log::Level};
use serde_json::{Value, json};

#[tokio::test]
async fn progress_logs_and_the_last_result_arrive() {
    let stage = Stage::new();
    let script = r#"
        echo '{"progress":{"value":0.5,"message":"half","step":1,"steps":2}}' >&3
        echo '{"progress":{"value":0.25}}' >&3
        echo '{"log":{"level":"warn","message":"careful"}}' >&3
        echo '{"log":{"message":"usual"}}' >&3
        echo '{"result":1}' >&3
        printf '{"result":{"answer":42}}' >&3"#;
    assert_eq!(result(stage.sh(script).await), json!({"answer": 42}));
    let progress = stage.memory.progress.lock().unwrap().clone();
    assert_eq!(progress.iter().map(|progress| progress.value).collect::<Vec<_>>(), [0.5, 0.5]);
    assert_eq!((progress[0].message.as_deref(), progress[0].steps), (Some("half"), Some(2)));
    let lines = stage.memory.lines.lock().unwrap().clone();
    let line = |level, text: &str| ("job".to_owned(), level, text.to_owned());
    assert_eq!(lines, [line(Level::Warn, "careful"), line(Level::Info, "usual")]);
}

#[tokio::test]
async fn a_command_may_report_too() {
    let stage = Stage::new();
    let script = r#"echo '{"result":"mine"}' >/dev/fd/3"#;
    assert_eq!(result(stage.run(json!({"argv": ["sh", "-c", script]})).await), json!("mine"));
}

#[tokio::test]
async fn garbage_is_said_a_few_times_then_counted() {
    let stage = Stage::new();
    let script = r#"
        for i in 1 2 3 4 5 6 7; do echo "garbage $i" >&3; done
        echo >&3
        echo '{"progress":{"value":"half"}}' >&3
        echo '{"nonsense":{}}' >&3
        echo '{"result":"fine"}' >&3"#;
    assert_eq!(result(stage.sh(script).await), json!("fine"));
    let lines = stage.memory.channel("job");
    assert_eq!(lines.len(), 4, "{lines:?}");
    assert!(lines[0].contains("garbage 1") && lines[2].contains("garbage 3"), "{lines:?}");
    assert_eq!(lines[3], "6 more reports were not understood");
}

#[tokio::test]
async fn a_line_over_the_cap_is_passed_over() {
    let stage = Stage::new();
    let script = r#"head -c 10000000 /dev/zero >&3; echo >&3; echo '{"result":"fine"}' >&3"#;
    assert_eq!(result(stage.sh(script).await), json!("fine"));
    let lines = stage.memory.channel("job");
    assert!(lines.len() == 1 && lines[0].contains("longer than 131072 bytes"), "{lines:?}");
}

#[tokio::test]
async fn a_result_over_the_cap_is_too_large() {
    for bytes in [caps::RESULT_BYTES + 1, caps::REPORT_LINE_BYTES + 1] {
        let stage = Stage::new();
        let script = format!(
            "{{ printf '{{\"result\":\"'; head -c {bytes} /dev/zero | tr '\\0' x; echo '\"}}'; }} >&3"
        );
        let (failure, retryable) = error(stage.sh(&script).await);
        assert_eq!((failure.code.as_str(), retryable), ("too_large", false));
        assert!(failure.message.contains(&caps::RESULT_BYTES.to_string()), "{}", failure.message);
    }
}

#[tokio::test]
async fn a_result_nested_too_deep_is_too_large() {
    let stage = Stage::new();
    let deep = format!("{}{}", "[".repeat(caps::JSON_DEPTH + 1), "]".repeat(caps::JSON_DEPTH + 1));
    let (failure, _) = error(stage.sh(&format!("echo '{{\"result\":{deep}}}' >&3")).await);
    assert_eq!(failure.code, "too_large");
    let bottomless = "[".repeat(100_000);
    assert_eq!(result(stage.sh(&format!("echo '{{\"result\":{bottomless}' >&3")).await), Value::Null);
}

#[tokio::test]
async fn artifacts_are_stored() {
    let stage = Stage::new();
    let script = r#"
        mkdir sub; printf abc >sub/a.txt; printf xyz >b
        echo '{"artifact":{"path":"sub/a.txt","mime":"text/plain"}}' >&3
        echo "{\"artifact\":{\"path\":\"$CALLBOARD_WORK_DIR/b\",\"name\":\"named.bin\"}}" >&3"#;
    result(stage.sh(script).await);
    let artifacts = stage.memory.artifacts.lock().unwrap().clone();
    let names: Vec<_> = artifacts.iter().map(|it| (it.name.as_str(), it.mime.as_str(), it.size)).collect();
    assert_eq!(names, [("a.txt", "text/plain", 3), ("named.bin", "application/octet-stream", 3)]);
    let path = stage.store.path_of(&artifacts[0].sha256).unwrap();
    assert_eq!(std::fs::read(path).unwrap(), b"abc");
}

#[tokio::test]
async fn artifacts_from_elsewhere_are_refused() {
    let stage = Stage::new();
    std::fs::write(stage.dir.path().join("secret"), "secret").unwrap();
    let script = r#"
        ln -s ../secret link; ln -s .. up; mkfifo pipe; mkdir folder
        for path in ../secret link up/secret /etc/passwd ./folder/../../secret pipe folder absent . '' '\u0000'; do
            echo "{\"artifact\":{\"path\":\"$path\",\"name\":\"x\"}}" >&3
        done
        echo hello >file
        echo '{"artifact":{"path":"file","name":"../../x"}}' >&3
        echo '{"result":"unharmed"}' >&3"#;
    assert_eq!(result(stage.sh(script).await), json!("unharmed"));
    assert_eq!(stage.memory.artifacts.lock().unwrap().clone(), []);
    let lines = stage.memory.channel("job");
    assert_eq!(lines.len(), 12, "{lines:#?}");
}

#[tokio::test]
async fn an_artifact_that_cannot_be_stored_fails_the_attempt() {
    let stage = Stage::new();
    std::fs::remove_dir_all(stage.dir.path().join("artifacts")).unwrap();
    let script = r#"echo hello >file; echo '{"artifact":{"path":"file"}}' >&3; echo '{"result":1}' >&3"#;
    let (failure, retryable) = error(stage.sh(script).await);
    assert_eq!((failure.code.as_str(), retryable), ("artifact_failed", true));
}

#[tokio::test]
async fn a_large_artifact_reported_last_is_stored_whole() {
    let stage = Stage::new();
    let script = r#"head -c 200000000 /dev/zero >large; echo '{"artifact":{"path":"large"}}' >&3"#;
    result(stage.sh(script).await);
    assert_eq!(stage.memory.artifacts.lock().unwrap()[0].size, 200_000_000);
}
