//! `callboard config`, and what a server makes of nonsense (S3.15, S3.16).

use crate::kit::{Server, callboard, run};

#[tokio::test]
async fn every_value_says_where_it_is_from() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("callboard.toml"), "[logs]\nsnapshot = 20\ncapacity = 30\n").unwrap();
    let mut command = callboard(folder.path());
    command.current_dir(folder.path()).env("CLIENT_LOGS_CAPACITY", "40").env("LOG_LEVEL_MIN", "");
    command.args(["config", "--json", "--set", "ws.reconnectFactor=2"]);
    let shown = run(command).await.succeeded().json();
    let find = |name: &str| {
        let settings = shown["settings"].as_array().expect("a list");
        let setting = settings.iter().find(|setting| setting["name"] == name).expect("it is there");
        (setting["value"].to_string(), setting["source"].as_str().expect("text").to_owned())
    };
    assert_eq!(find("logs.snapshot"), ("20".into(), "callboard.toml:2:12".into()));
    assert_eq!(find("logs.capacity"), ("40".into(), "environment CLIENT_LOGS_CAPACITY".into()));
    assert_eq!(find("ws.reconnectFactor"), ("2".into(), "--set ws.reconnectFactor".into()));
    assert_eq!(find("logs.minLevel"), ("\"debug\"".into(), "default".into()));
}

#[tokio::test]
async fn nonsense_stops_the_start_and_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = callboard(folder.path());
    // W3.6: the original took this for a ring without an end.
    command.current_dir(folder.path()).env("CLIENT_LOGS_TO_KEEP", "abc").args(["serve", "--port", "0"]);
    let said = run(command).await;
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.err.contains("CLIENT_LOGS_TO_KEEP: logs.keepLines: \"abc\" does not fit"), "{said:?}");
    let file = folder.path().join("mine.toml");
    std::fs::write(&file, "[ws]\nreconnectJitter = 2\n").unwrap();
    let mut command = callboard(folder.path());
    command.args(["serve", "--port", "0", "--config"]).arg(&file);
    let said = run(command).await;
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.err.contains("mine.toml:2:19: ws.reconnectJitter: 2 does not fit"), "{said:?}");
}

#[tokio::test]
async fn a_running_server_is_changed_and_asked() {
    let server = Server::start().await;
    let said = server.callboard(&["config", "ws.heartbeatIntervalMs=4000"]).await.succeeded();
    let line = said.out.lines().find(|line| line.starts_with("ws.heartbeatIntervalMs")).expect("it is there");
    assert!(line.contains("4000") && line.contains("config.set"), "{line}");
    let said = server.callboard(&["config", "ws.heartbeatIntervalMs="]).await.succeeded();
    let line = said.out.lines().find(|line| line.starts_with("ws.heartbeatIntervalMs")).expect("it is there");
    assert!(line.contains("10000") && line.contains("default"), "{line}");
    assert_eq!(server.callboard(&["config", "logs.keepLines=4"]).await.code, 4, "read at the start only");
}

/// S1.24: the bandwidth of downloads is changed while they run, and keeps to what was said over a restart.
#[tokio::test]
async fn the_bandwidth_of_downloads_is_a_setting() {
    let files = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/f.bin", files.local_addr().expect("an address"));
    std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        while let Ok((mut socket, _)) = files.accept() {
            let mut request = [0; 4096];
            let _ = socket.read(&mut request);
            let _ =
                socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 400000\r\nConnection: close\r\n\r\n");
            let _ = socket.write_all(&vec![b'x'; 400_000]);
        }
    });
    let server = Server::start().await;
    server.callboard(&["config", "downloads.bytesPerSecond=1"]).await.succeeded();
    let args = serde_json::json!({ "url": url }).to_string();
    let id = server.job(&["start", "http.download", &args]).await;
    server.newest_job(|job| !job["progress"].is_null()).await;
    assert_eq!(server.get(&id).await["state"], "running", "at one byte a second it would take days");
    server.callboard(&["config", "downloads.bytesPerSecond=0"]).await.succeeded();
    server.callboard(&["wait", &id]).await.succeeded();
    assert_eq!(server.get(&id).await["result"]["size"], 400_000);
    server.callboard(&["config", "downloads.bytesPerSecond=7"]).await.succeeded();
    let (data, _) = server.stop().await;
    let server = Server::start_in(data, "0").await;
    let said = server.callboard(&["config", "--running"]).await.succeeded();
    let line =
        said.out.lines().find(|line| line.starts_with("downloads.bytesPerSecond")).expect("it is there");
    assert!(line.contains(" 7 ") && line.contains("config.set"), "{line}");
    // One kind alone, also while it runs; a name that is none is told.
    server
        .callboard(&["config", "downloads.bytesPerSecond=0", "downloads.kinds=http.download=1"])
        .await
        .succeeded();
    let id = server.job(&["start", "http.download", &args]).await;
    server.newest_job(|job| !job["progress"].is_null()).await;
    assert_eq!(server.get(&id).await["state"], "running", "at one byte a second it would take days");
    let said = server.callboard(&["config", "downloads.kinds=http.download=0,smell=5"]).await.succeeded();
    let line = said.out.lines().find(|line| line.starts_with("downloads.kinds")).expect("it is there");
    assert!(line.contains(r#"{"http.download":0,"smell":5}"#) && line.contains("config.set"), "{line}");
    server.callboard(&["wait", &id]).await.succeeded();
    let said = server.callboard(&["logs", "--channel", "config"]).await.succeeded();
    assert!(said.out.contains("no kind of downloads is named smell"), "{said:?}");
    let said = server.callboard(&["config", "downloads.kinds="]).await.succeeded();
    assert!(
        said.out.lines().any(|line| line.starts_with("downloads.kinds") && line.contains("{}")),
        "{said:?}"
    );
    let said = server.callboard(&["config", "downloads.kinds=fast"]).await;
    assert!(said.code == 2 && said.err.contains("as in fetch=500000"), "{said:?}");
    let said = server.callboard(&["config", "downloads.bytesPerSecond=-1"]).await;
    assert!(said.code == 2 && said.err.contains("a whole number from 0"), "{said:?}");
}
