//! `completions`, `man`, `doctor`, the reference.

use crate::kit::*;

#[tokio::test]
async fn shells_get_their_scripts() {
    let data = tempfile::tempdir().unwrap();
    for (shell, word) in [
        ("bash", "complete -F _callboard"),
        ("zsh", "#compdef callboard"),
        ("fish", "complete -c callboard"),
        ("powershell", "Register-ArgumentCompleter"),
        ("elvish", "edit:completion:arg-completer[callboard]"),
    ] {
        let mut command = callboard(data.path());
        command.args(["completions", shell]);
        let said = run(command).await.succeeded();
        assert!(said.out.contains(word) && said.out.contains("schedules"), "{shell}");
    }
    // Bash takes the script, and completes a command.
    let mut command = tokio::process::Command::new("bash");
    let script = format!(
        "source <({} completions bash); COMP_WORDS=(callboard sched); COMP_CWORD=1; _callboard callboard sched callboard; echo \"${{COMPREPLY[@]}}\"",
        env!("CARGO_BIN_EXE_callboard")
    );
    command.args(["-c", &script]);
    assert_eq!(run(command).await.succeeded().out.trim(), "schedules");
}

#[tokio::test]
async fn what_the_server_has_is_completed() {
    let server = Server::start().await;
    let id = server.job(&["start", "sleep", r#"{"ms":100000}"#, "--queue", "slow", "--title", "long"]).await;
    server.callboard(&["schedules", "put", "tick", "--every", "1h", "echo"]).await.succeeded();
    let recipe = server.data.path().join("recipe.json");
    std::fs::write(&recipe, r#"{"name":"n","steps":[{"id":"a","kind":"echo"}]}"#).unwrap();
    let file = recipe.to_str().unwrap();
    server.callboard(&["workflow", "run", file, "--id", "my-flow"]).await.succeeded();
    let complete = async |words: &[&str]| {
        let mut command = callboard(server.data.path());
        command.env("COMPLETE", "fish").args(["--", "callboard"]).args(words);
        run(command).await.succeeded().out
    };
    for (words, wanted) in [
        (&["get", ""][..], id.as_str()),
        (&["cancel", ""], "running long"),
        (&["start", "image"], "image.generate\tGenerate an image"),
        (&["pause", ""], "slow"),
        (&["start", "echo", "--queue", "s"], "slow"),
        (&["schedules", "trigger", ""], "tick"),
        (&["schedules", "put", "t"], "tick"),
        (&["workflow", "get", ""], "my-flow"),
        (&["sched"], "schedules"),
    ] {
        let offered = complete(words).await;
        assert!(offered.contains(wanted), "{words:?}: {offered}");
    }
    let nowhere = tempfile::tempdir().unwrap();
    let offered = complete(&["--data", nowhere.path().to_str().unwrap(), "get", ""]).await;
    assert!(!offered.contains(&id), "{offered}");
    // Without a server there is silence.
    let mut command = callboard(nowhere.path());
    command.env("COMPLETE", "fish").args(["--", "callboard", "schedules", "rm", ""]);
    let said = run(command).await.succeeded();
    assert_eq!(said.err, "", "{said:?}");
    let mut command = callboard(nowhere.path());
    command.env("COMPLETE", "bash");
    assert!(run(command).await.succeeded().out.contains("complete -o"));
}

#[tokio::test]
async fn there_is_a_page_for_each_command() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man");
    let mut command = callboard(folder.path());
    command.arg("man").arg(&pages);
    run(command).await.succeeded();
    for page in ["callboard.1", "callboard-ps.1", "callboard-schedules-put.1", "callboard-top.1"] {
        let text = std::fs::read_to_string(pages.join(page)).expect(page);
        assert!(text.contains(".TH callboard"), "{text}");
    }
    let mut command = callboard(folder.path());
    command.arg("man").arg("/proc/nowhere");
    let said = run(command).await;
    assert!(said.code == 1 && said.err.contains("/proc/nowhere"), "{said:?}");
}

#[tokio::test]
async fn the_doctor_names_what_is_wrong() {
    let server = Server::start().await;
    let said = server.callboard(&["doctor"]).await.succeeded();
    assert!(said.out.contains("✓ ready") && said.out.contains("✓ live"), "{said:?}");
    let checks = server.callboard(&["doctor", "--json"]).await.succeeded().json();
    assert!(checks["checks"].as_array().unwrap().iter().all(|check| check["ok"] == true), "{checks}");
    let said = server.callboard(&["doctor", "--token", "wrong"]).await;
    assert!(said.code == 7 && said.out.contains("✗ token"), "{said:?}");
    let (data, _) = server.stop().await;
    let mut command = callboard(data.path());
    command.args(["doctor", "--json"]);
    let said = run(command).await;
    let found = said.json()["checks"][1].clone();
    assert_eq!(
        (said.code, &found["code"], &found["hint"]),
        (5, &"not_connected".into(), &"callboard serve".into())
    );
    std::fs::write(data.path().join("callboard.toml"), "[logs]\ncapacity = \"many\"\n").unwrap();
    let mut command = callboard(data.path());
    command.current_dir(data.path()).arg("doctor");
    let said = run(command).await;
    assert!(said.code == 2 && said.out.contains("callboard.toml:2"), "{said:?}");
}

/// `docs/reference/cli.md` is what the program says of itself.
#[tokio::test]
async fn the_reference_is_current() {
    let data = tempfile::tempdir().unwrap();
    let mut command = callboard(data.path());
    command.arg("reference");
    let fresh = run(command).await.succeeded().out;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/cli.md");
    let committed = std::fs::read_to_string(path).expect("the reference");
    for (line, (committed, fresh)) in committed.lines().zip(fresh.lines()).enumerate() {
        assert_eq!(committed, fresh, "line {}: run `cargo xtask codegen`", line + 1);
    }
    assert_eq!(committed.len(), fresh.len(), "run `cargo xtask codegen`");
}
