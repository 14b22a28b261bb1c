//! X16, W3.1: the shipped client against the shipped server, five drops in a row, twice: the line is cut, the
//! server is killed. Nothing is lost, nothing is doubled, the mirror is the state.

use crate::kit::*;
use callboard_client::{Client, JobHandle, LogEvent, Options, Phase};
use callboard_protocol::{
    JobId, Node,
    frame::LogRequest,
    job::{DispatchArgs, JobState},
};
use std::net::SocketAddr;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

/// A line between client and server that can be cut.
struct Proxy {
    address: SocketAddr,
    cuts: watch::Sender<u32>,
    accepting: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Proxy {
    async fn before(server: SocketAddr) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (cuts, cut) = watch::channel(0);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let mut cut = cut.clone();
                cut.mark_unchanged();
                tokio::spawn(async move {
                    tokio::select! {
                        _ = pass(client, address, server) => {}
                        _ = cut.changed() => {}
                    }
                });
            }
        });
        Proxy { address, cuts, accepting }
    }

    fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }
}

/// Passes one connection on; the server must find its own address in `Host`.
async fn pass(mut client: TcpStream, address: SocketAddr, server: SocketAddr) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).replace(&address.to_string(), &server.to_string());
    let mut onward = TcpStream::connect(server).await?;
    onward.write_all(head.as_bytes()).await?;
    copy_bidirectional(&mut client, &mut onward).await.map(drop)
}

fn client(url: &str, server: &Server) -> Client {
    let token = server.ready["token"].as_str().expect("a token");
    let logs = LogRequest { snapshot: Some(0), ..LogRequest::default() };
    Client::connect(Options::new(url, token).expect("an address").with_logs(logs))
}

async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, future).await.expect("it happens in time")
}

/// Waits until the connection is there again, without the delay that a person would have.
async fn back(client: &Client, connections: u32) {
    let mut telemetry = client.follow_telemetry();
    loop {
        let now = telemetry.get();
        match now.phase {
            Phase::Open if now.connections == connections => return,
            Phase::Waiting { .. } => client.retry_now().await,
            _ => {}
        }
        assert!(soon(telemetry.changed()).await, "the client does not give up");
    }
}

async fn dispatch(client: &Client, kind: &str, args: serde_json::Value) -> JobHandle {
    let args = Some(Node::from(&args));
    let request = DispatchArgs { kind: kind.into(), args, ..DispatchArgs::default() };
    soon(client.dispatch(request)).await.expect("accepted")
}

/// The mirror is the state, member by member, at the same version.
async fn assert_mirrors(client: &Client) {
    let compare = async {
        loop {
            let state: Node = client.http().get_json("/api/state").await.expect("the state");
            let version = state.at("/version").and_then(Node::as_u64).expect("a version");
            let at = client.wait_for(|view| {
                let position = view.position.clone().filter(|mine| mine.version >= version)?;
                Some((position, view.state.clone()))
            });
            let (position, mirror) = at.await.expect("connected");
            // Later already: compare with a later state.
            if position.version == version {
                assert_eq!(state.at("/epoch").and_then(Node::as_str), Some(&*position.epoch));
                assert_eq!(state.at("/data"), Some(&mirror));
                return;
            }
        }
    };
    soon(compare).await;
}

#[tokio::test]
async fn five_cuts_of_the_line() {
    let server = Server::start().await;
    let own: SocketAddr = format!("127.0.0.1:{}", server.port()).parse().unwrap();
    let proxy = Proxy::before(own).await;
    let client = client(&format!("http://{}/", proxy.address), &server);
    soon(client.ready()).await.unwrap();
    let mut logs = client.logs();
    // It says a line for each line that it reads, so that the test decides when.
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let script = format!(
        "exec 4<>{}; while read line <&4; do echo got $line; test $line = 9 && exit 0; done",
        pipe.display()
    );
    let job = dispatch(&client, "process.run", serde_json::json!({ "argv": ["sh", "-c", script] })).await;
    let mut writer = tokio::fs::OpenOptions::new().append(true).open(&pipe).await.unwrap();
    let mut lines: Vec<String> = Vec::new();
    for round in 0..=5u32 {
        if round > 0 {
            proxy.cut();
        }
        // Said while the line is cut, or just before: it comes with the next connection.
        let number = if round == 5 { 9 } else { round };
        writer.write_all(format!("{number}\n").as_bytes()).await.unwrap();
        writer.flush().await.unwrap();
        // Asked for while the line is cut: it is carried out once.
        let ((), other) = tokio::join!(
            back(&client, round + 1),
            dispatch(&client, "echo", serde_json::json!({ "round": round }))
        );
        assert_eq!(soon(other.wait()).await.unwrap().state, JobState::Succeeded);
        while lines.len() <= round as usize {
            let Some(LogEvent::Lines(new)) = soon(logs.next()).await else { panic!("a hole in the log") };
            let own = new.iter().filter(|line| line.job_id.as_ref() == Some(job.id()));
            lines.extend(own.map(|line| line.message.to_string()));
        }
    }
    assert_eq!(lines, ["got 0", "got 1", "got 2", "got 3", "got 4", "got 9"]);
    assert_eq!(soon(job.wait()).await.unwrap().state, JobState::Succeeded);
    assert_eq!(jobs_of(&client), 7);
    assert_mirrors(&client).await;
    let telemetry = client.telemetry();
    assert_eq!((telemetry.connections, telemetry.resyncs), (6, 0), "{telemetry:?}");
    assert_eq!(telemetry.snapshots, 1, "the mirror was resumed each time: {telemetry:?}");
}

#[tokio::test]
async fn five_crashes_of_the_server() {
    let mut server = Server::start().await;
    let port = server.port();
    let client = client(server.ready["url"].as_str().unwrap(), &server);
    soon(client.ready()).await.unwrap();
    let epoch = client.position().unwrap().epoch;
    let mut ids: Vec<JobId> = Vec::new();
    for round in 1..=5u32 {
        let job = dispatch(&client, "echo", serde_json::json!({ "round": round })).await;
        assert_eq!(soon(job.wait()).await.unwrap().state, JobState::Succeeded);
        ids.push(job.id().clone());
        let data = server.kill().await;
        assert!(ids.iter().all(|id| client.job(id).is_some()), "what was known stays visible");
        server = Server::start_in(data, &port).await;
        back(&client, round + 1).await;
        assert!(ids.iter().all(|id| client.job(id).is_some_and(|job| job.state == JobState::Succeeded)));
    }
    assert_eq!(client.position().unwrap().epoch, epoch, "the history is the same one");
    assert_mirrors(&client).await;
    assert_eq!(jobs_of(&client), 5);
}

fn jobs_of(client: &Client) -> usize {
    client.state().at("/jobs").and_then(Node::as_object).expect("jobs").len()
}
