//! What several examples need: how a job is described, and small servers on this machine, so that they work without a
//! network.

use callboard::{
    exec::KindInfo,
    protocol::{Node, job::DispatchArgs},
};
use std::{
    collections::HashSet,
    io,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// A job of this kind, everything else as usual.
pub fn job(kind: &str, args: &serde_json::Value) -> DispatchArgs {
    DispatchArgs { kind: kind.into(), args: Some(Node::from(args)), ..DispatchArgs::default() }
}

/// What people are told about a kind of an example.
pub fn kind(name: &str) -> KindInfo {
    KindInfo {
        kind: name.into(),
        title: name.into(),
        description: String::new(),
        example: Node::object(),
        first_run: false,
    }
}

/// Serves a file of this size at any path. The first connection for each breaks in the middle.
///
/// # Errors
/// When no port can be had.
pub async fn file_server(bytes: usize) -> io::Result<String> {
    let content: Vec<u8> = (0..bytes).map(|index| (index % 251) as u8).collect();
    let seen: Mutex<HashSet<String>> = Mutex::default();
    serve(move |head| {
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let is_first = seen.lock().unwrap_or_else(PoisonError::into_inner).insert(path);
        let start = start_of(head).filter(|start| *start < content.len());
        let status = match start {
            None => "200 OK".to_owned(),
            Some(start) => {
                let size = content.len();
                format!("206 Partial Content\r\nContent-Range: bytes {start}-{}/{size}", size - 1)
            }
        };
        let rest = &content[start.unwrap_or(0)..];
        let sent = if is_first { &rest[..rest.len() / 2] } else { rest };
        answer(&format!("{status}\r\nETag: \"1\""), rest.len(), sent)
    })
    .await
}

/// Greets, but no more than two callers in a window of this length; the others are told to come back a second later.
///
/// # Errors
/// When no port can be had.
pub async fn strict_service(window: Duration) -> io::Result<String> {
    let recent: Mutex<Vec<Instant>> = Mutex::default();
    serve(move |_| {
        let mut recent = recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.retain(|call| call.elapsed() < window);
        if recent.len() < 2 {
            recent.push(Instant::now());
            return answer("200 OK", 5, b"hello");
        }
        answer("429 Too Many Requests\r\nRetry-After: 1", 0, b"")
    })
    .await
}

/// Where a range request starts.
fn start_of(head: &str) -> Option<usize> {
    let range = |line: &str| line.to_ascii_lowercase().strip_prefix("range: bytes=").map(str::to_owned);
    head.lines().find_map(range)?.trim_end_matches('-').parse().ok()
}

fn answer(status: &str, length: usize, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    [head.as_bytes(), body].concat()
}

/// Answers every request, one a connection.
async fn serve(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move { talk(socket, &*answer).await });
        }
    });
    Ok(url)
}

async fn talk(mut socket: TcpStream, answer: &(impl Fn(&str) -> Vec<u8> + Send + Sync)) -> io::Result<()> {
    let (mut head, mut chunk) = (Vec::new(), [0; 1024]);
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match socket.read(&mut chunk).await? {
            0 => return Ok(()),
            read => head.extend_from_slice(&chunk[..read]),
        }
    }
    socket.write_all(&answer(&String::from_utf8_lossy(&head))).await?;
    socket.shutdown().await
}
