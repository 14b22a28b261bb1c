//! As much HTTP as a bench needs: one request on one connection.

use crate::Done;
use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    time::{Duration, Instant},
};

/// A bench waits no longer for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// Between two tries to reach a server that starts.
const AGAIN: Duration = Duration::from_micros(250);

/// A port of this machine that nobody listens on now.
pub(crate) fn free_port() -> Done<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

pub(crate) fn local(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

/// The body of a good answer.
pub(crate) fn get(address: SocketAddr, path: &str, token: &str) -> Done<String> {
    ask(address, &format!("GET {path}"), token, "")
}

/// Sends JSON; the body of a good answer.
pub(crate) fn post(address: SocketAddr, path: &str, token: &str, json: &str) -> Done<String> {
    ask(address, &format!("POST {path}"), token, json)
}

fn ask(address: SocketAddr, what: &str, token: &str, body: &str) -> Done<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let request = format!(
        "{what} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    match answer.split_once("\r\n\r\n") {
        Some((head, body)) if head.starts_with("HTTP/1.1 20") => Ok(body.to_owned()),
        _ => Err(format!("{what} was answered {:?}", answer.lines().next().unwrap_or_default()).into()),
    }
}

/// Asks again and again until there is an answer that will do.
pub(crate) fn until<T>(mut ask: impl FnMut() -> Done<Option<T>>) -> Done<T> {
    let started = Instant::now();
    loop {
        match ask() {
            Ok(Some(found)) => return Ok(found),
            Err(error) if started.elapsed() > PATIENCE => return Err(error),
            Ok(None) if started.elapsed() > PATIENCE => return Err("waited in vain".into()),
            // A process that starts has no signal but its first answer.
            _ => std::thread::sleep(AGAIN), // tidy: a server that starts can only be asked
        }
    }
}
