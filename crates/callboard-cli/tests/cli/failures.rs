//! What does not work: one clear error, a stable code, an exit code; the server goes on.

use crate::kit::*;
use std::net::TcpListener;

#[tokio::test]
async fn no_server() {
    let data = tempfile::tempdir().unwrap();
    for args in [&["ps"][..], &["get", "x"], &["logs", "-f"], &["open"], &["run", "--", "true"]] {
        let mut command = callboard(data.path());
        command.args(args).arg("--json");
        if args[0] == "run" {
            command = callboard(data.path());
            command.args(["run", "--json", "--", "true"]);
        }
        let said = run(command).await;
        assert_eq!(said.code, 5, "{args:?}: {said:?}");
        assert_eq!(
            (&said.error()["code"], &said.error()["hint"]),
            (&"not_connected".into(), &"callboard serve".into())
        );
    }
    let mut command = callboard(data.path());
    command.arg("ps");
    let said = run(command).await;
    let folder = data.path().display();
    assert_eq!(said.err, format!("error: no server is running for {folder}\nhint: callboard serve\n"));
}

/// A server that was killed leaves its note behind.
#[tokio::test]
async fn a_server_that_is_gone() {
    let server = Server::start().await;
    let data = server.kill().await;
    assert!(data.path().join("cli.json").exists());
    for args in [&["ps"][..], &["run", "--", "true"]] {
        let mut command = callboard(data.path());
        command.args(args);
        let said = run(command).await;
        assert!(said.code == 5 && said.err.contains("no server is running for"), "{said:?}");
    }
}

#[tokio::test]
async fn wrong_token() {
    let server = Server::start().await;
    for args in [&["ps", "--token", "wrong"][..], &["--token", "wrong", "run", "--", "true"]] {
        let said = server.callboard(args).await;
        assert_eq!(said.code, 7, "{said:?}");
        assert!(said.err.contains("hint: check --token"), "{said:?}");
    }
    let url = server.ready["url"].as_str().unwrap();
    let said = server.callboard(&["ps", "--url", url]).await;
    assert_eq!(said.code, 2, "{said:?}");
    let token = server.ready["token"].as_str().unwrap();
    server.callboard(&["ps", "--url", url, "--token", token]).await.succeeded();
    let said = server.callboard(&["ps", "--url", "https://board/", "--token", token]).await;
    assert_eq!(said.code, 2, "{said:?}");
}

#[tokio::test]
async fn bad_requests_name_what_is_wrong() {
    let server = Server::start().await;
    for (args, code, word) in [
        (&["start", "no.such.kind"][..], 3, "no.such.kind"),
        (&["start", "no.such.kind", "--wait"], 3, "no.such.kind"),
        (&["run", "--kind", "no.such.kind", "--", "true"], 3, "no.such.kind"),
        (&["start", "sleep", r#"{"ms":"long"}"#], 4, "ms"),
        (&["start", "sleep", r#"{"ms":"long"}"#, "--follow"], 4, "ms"),
        (&["start", "sleep", "{ms:5}"], 2, "not JSON"),
        (&["start", "sleep", "@/nowhere/args.json"], 2, "/nowhere/args.json"),
        (&["start", "checksum", r#"{"path":"/nowhere/at/all"}"#, "--wait"], 4, "/nowhere/at/all"),
        (&["ps", "--state", "asleep"], 2, "asleep"),
        (&["logs", "67x"], 3, "67x"),
        (&["nope"], 2, "nope"),
    ] {
        let said = server.callboard(args).await;
        assert_eq!(said.code, code, "{args:?}: {said:?}");
        assert!(said.err.contains(word) && said.err.contains("error: "), "{args:?}: {said:?}");
        assert_eq!(said.out, "", "{args:?}");
    }
    let said = server.callboard(&["ps", "--json", "--state", "asleep"]).await;
    assert_eq!((said.code, &said.error()["code"]), (2, &"usage".into()));
    let said = server.callboard(&["start", "no.such.kind", "--json"]).await;
    assert_eq!(said.error()["code"], "unknown_kind");
    server.callboard(&["run", "--", "true"]).await.succeeded();
}

#[tokio::test]
async fn a_server_that_cannot_start_says_why() {
    let server = Server::start().await;
    let other = tempfile::tempdir().unwrap();
    let port = server.port();
    let serve = |data: &std::path::Path, args: &[&str]| {
        let mut command = callboard(data);
        command.args(["serve", "--json"]).args(args);
        run(command)
    };
    let said = serve(other.path(), &["--port", &port]).await;
    assert_eq!((said.code, &said.error()["code"]), (4, &"port_in_use".into()), "{said:?}");
    assert!(said.error()["message"].as_str().unwrap().contains(&port));
    let said = serve(server.data.path(), &["--port", "0"]).await;
    assert_eq!((said.code, &said.error()["code"]), (4, &"data_in_use".into()), "{said:?}");
    let pid = server.ready["pid"].to_string();
    assert!(said.error()["message"].as_str().unwrap().contains(&pid), "{said:?}");
    let said = serve(other.path(), &["--port", "0", "--host", "0.0.0.0"]).await;
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.error()["message"].as_str().unwrap().contains("loopback"));
    let file = other.path().join("a file");
    std::fs::write(&file, "").unwrap();
    let said = serve(&file, &["--port", "0"]).await;
    assert_eq!((said.code, &said.error()["code"]), (1, &"start_failed".into()), "{said:?}");
    // The first server has noticed nothing.
    server.callboard(&["run", "--", "true"]).await.succeeded();
    let (_, code) = server.stop().await;
    assert_eq!(code, 0);
}

/// Something else listens there.
#[tokio::test]
async fn a_server_of_another_kind() {
    let data = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let thread = std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\nconnection: close\r\n\r\n<html>");
    });
    let mut command = callboard(data.path());
    command.args(["ps", "--url", &url, "--token", "t"]);
    let said = run(command).await;
    assert_eq!(said.code, 5, "{said:?}");
    thread.join().unwrap();
}
