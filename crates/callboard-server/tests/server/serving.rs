//! Starting and stopping (ServeError, X16, security 3.1).

use crate::kit::{Stage, next, scripted, stage};
use callboard::{Board, BoardOptions};
use callboard_protocol::frame::{ServerFrame, close};
use callboard_server::{ServeError, ServeOptions, serve};
use callboard_testkit::TempServer;
use std::{
    net::{IpAddr, Ipv4Addr},
    os::unix::fs::PermissionsExt,
};

fn options(data: &std::path::Path, port: u16) -> ServeOptions {
    ServeOptions {
        data: data.into(),
        host: IpAddr::V4(Ipv4Addr::LOCALHOST),
        port,
        base_path: "/".into(),
        origins: Vec::new(),
    }
}

async fn board() -> Board {
    let (options, ..) = scripted();
    Board::open(options).await.expect("it opens")
}

#[tokio::test]
async fn origins_that_would_be_anybody_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for origin in ["*", "null", "http://", "127.0.0.1:5173", "http://a/b", "http://a b"] {
        let board = Board::open(BoardOptions::default()).await.unwrap();
        let options = ServeOptions { origins: vec![origin.into()], ..options(folder.path(), 0) };
        let refused = serve(board, options).await.err().expect("refused");
        assert!(matches!(refused, ServeError::BadOrigin(_)), "{origin}: {refused}");
    }
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let Stage { server, .. } = stage().await;
    let folder = tempfile::tempdir().unwrap();
    let error = serve(board().await, options(folder.path(), server.address().port())).await.err();
    let error = error.expect("the port is taken");
    assert!(matches!(error, ServeError::Listen { .. }));
    assert!(error.to_string().contains(&server.address().to_string()), "{error}");
    assert!(!folder.path().join("cli.json").exists(), "nothing is written for a server that is not there");
}

#[tokio::test]
async fn only_loopback_is_served() {
    let folder = tempfile::tempdir().unwrap();
    for host in ["0.0.0.0", "192.0.2.1", "::"] {
        let options = ServeOptions { host: host.parse().unwrap(), ..options(folder.path(), 0) };
        assert!(
            matches!(serve(board().await, options).await.err(), Some(ServeError::NotLoopback(_))),
            "{host}"
        );
    }
}

#[tokio::test]
async fn a_prefix_that_is_none_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for base_path in ["/a b", "/../x", "/a/..", "/é", "/a?b", "/{x}", "//x"] {
        let options = ServeOptions { base_path: base_path.into(), ..options(folder.path(), 0) };
        let refused = serve(board().await, options).await.err();
        assert!(matches!(refused, Some(ServeError::BadBasePath(_))) || base_path == "//x", "{base_path}");
    }
}

#[tokio::test]
async fn a_held_folder_is_refused_with_the_holder() {
    let server = TempServer::start().await.unwrap();
    let options = BoardOptions { data: Some(server.data().into()), ..BoardOptions::default() };
    let error = Board::open(options).await.err().expect("it is held").to_string();
    assert!(error.contains(&std::process::id().to_string()), "{error}");
    server.stop().await;
}

/// The file tells the command line where the server is; nobody else may read it, and it goes with the server.
#[tokio::test]
async fn cli_json_is_private_and_goes_away() {
    let Stage { server, .. } = stage().await;
    let path = server.data().join("cli.json");
    let cli: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!((cli["url"].as_str(), cli["token"].as_str()), (Some(server.url()), Some(server.token())));
    for file in ["cli.json", "tokens.json"] {
        let mode = std::fs::metadata(server.data().join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    let (options, ..) = scripted();
    let again = server.restart(options).await.unwrap();
    assert!(again.data().join("cli.json").exists());
}

#[tokio::test]
async fn a_stop_says_goodbye_and_frees_the_port() {
    let stage = stage().await;
    let (mut socket, ..) = stage.socket(None).await;
    let address = stage.server.address();
    let stopping = tokio::spawn(stage.server.stop());
    let mut said_goaway = false;
    loop {
        match socket.hear().await {
            callboard_testkit::Heard::Text(text) => said_goaway |= text.contains(r#""type":"goaway""#),
            callboard_testkit::Heard::Closed(close) => {
                assert_eq!(close.map(|(code, _)| code), Some(close::GOING_AWAY));
                break;
            }
            callboard_testkit::Heard::Control => {}
            callboard_testkit::Heard::Dropped => panic!("dropped without a word"),
        }
    }
    assert!(said_goaway);
    stopping.await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    serve(board().await, options(folder.path(), address.port())).await.expect("the port is free");
}

/// Both addresses of a server that the gate lets pass lead to it.
#[tokio::test]
async fn the_state_over_http_and_over_the_socket_is_one() {
    let stage = stage().await;
    let (mut socket, ..) = stage.socket(None).await;
    let ServerFrame::StateSnapshot { data, state_version, .. } = next(&mut socket).await else { panic!() };
    let answer = stage.server.request("GET", "/api/state").send(stage.server.address()).await.unwrap();
    let state: serde_json::Value = answer.json().unwrap();
    assert_eq!(state["version"].as_u64(), Some(state_version));
    assert_eq!(state["data"], serde_json::Value::from(&data.unwrap()));
}
