//! What delivering costs at least: the same bytes, written to one socket after the other by one thread. And what it
//! costs who compresses for each connection by itself.

use super::{say, serve};
use crate::Done;
use callboard_ws::{Chain, Membership};
use std::{
    io::{self, Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::mpsc::{RecvTimeoutError, channel},
    time::{Duration, Instant},
};

/// As of what is compressed once for all.
const LEVEL: u32 = 6;

/// Says its address. Then `accept N` takes connections, `write PERIOD_US FILE` writes the bytes of a file to all of
/// them in each period, `deflate PERIOD_US FILE` the next line of a file as a message, compressed with a state for
/// each connection; `answer FILE` writes the bytes whenever the first connection sends a byte; `stop` ends all that.
/// `greet N FILE` takes connections and writes the bytes to each, once.
pub(super) fn run() -> Done {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    // As many as the system allows: a herd that finds the queue full comes seconds later.
    rustix::net::listen(&listener, i32::MAX)?;
    say(&listener.local_addr()?.to_string())?;
    let mut writing: Option<Writing> = None;
    let mut sockets = Vec::new();
    serve(|question| {
        let words: Vec<&str> = question.split(' ').collect();
        match words.as_slice() {
            ["accept", count] => {
                sockets = accept(&listener, count.parse()?)?;
                Ok("accepted".into())
            }
            ["write", period_us, file] => {
                let period = Duration::from_micros(period_us.parse()?);
                let bytes = std::fs::read(file)?;
                let same = move |sockets: &mut [TcpStream]| {
                    sockets.iter_mut().try_for_each(|socket| socket.write_all(&bytes))
                };
                writing = Some(Writing::start(std::mem::take(&mut sockets), period, same));
                Ok("writing".into())
            }
            ["deflate", period_us, file] => {
                let period = Duration::from_micros(period_us.parse()?);
                let deflating = deflating(std::fs::read_to_string(file)?, sockets.len());
                writing = Some(Writing::start(std::mem::take(&mut sockets), period, deflating));
                Ok("writing".into())
            }
            ["greet", count, file] => {
                let bytes = std::fs::read(file)?;
                for _ in 0..count.parse::<usize>()? {
                    let (mut socket, _) = listener.accept()?;
                    socket.write_all(&bytes)?;
                    sockets.push(socket);
                }
                Ok("greeted".into())
            }
            ["answer", file] => {
                let bytes = std::fs::read(file)?;
                let sockets = std::mem::take(&mut sockets);
                // It ends with its sockets.
                std::thread::spawn(move || answer(sockets, &bytes));
                Ok("answering".into())
            }
            ["stop"] => match writing.take() {
                Some(writing) => {
                    sockets = writing.stop()?;
                    Ok("stopped".into())
                }
                None => Err("nothing is written".into()),
            },
            _ => Err(format!("a raw writer is not asked {question:?}").into()),
        }
    })
}

fn accept(listener: &TcpListener, count: usize) -> Done<Vec<TcpStream>> {
    let mut sockets = Vec::with_capacity(count);
    for _ in 0..count {
        let (socket, _) = listener.accept()?;
        socket.set_nodelay(true)?;
        sockets.push(socket);
    }
    Ok(sockets)
}

/// Writes the next of these lines to each connection, compressed for it alone.
fn deflating(
    lines: String,
    connections: usize,
) -> impl FnMut(&mut [TcpStream]) -> io::Result<()> + Send + 'static {
    let mut states: Vec<_> =
        (0..connections).map(|_| (Chain::new(LEVEL, u32::MAX), Membership::default())).collect();
    let mut round = 0;
    move |sockets| {
        let Some(text) = lines.lines().nth(round % lines.lines().count().max(1)) else { return Ok(()) };
        round += 1;
        for (socket, (chain, membership)) in sockets.iter_mut().zip(&mut states) {
            let linked = chain.next(text, false);
            let frame = membership.take(&linked).ok_or(io::ErrorKind::InvalidData)?;
            socket.write_all(frame.as_bytes())?;
        }
        Ok(())
    }
}

fn answer(mut sockets: Vec<TcpStream>, bytes: &[u8]) -> io::Result<()> {
    let mut asked = [0];
    loop {
        let Some(first) = sockets.first_mut() else { return Ok(()) };
        first.read_exact(&mut asked)?;
        for socket in &mut sockets {
            socket.write_all(bytes)?;
        }
    }
}

/// A thread that writes.
struct Writing {
    stop: std::sync::mpsc::Sender<()>,
    thread: std::thread::JoinHandle<io::Result<Vec<TcpStream>>>,
}

impl Writing {
    /// Does one round in each period.
    fn start<F>(mut sockets: Vec<TcpStream>, period: Duration, mut round: F) -> Self
    where
        F: FnMut(&mut [TcpStream]) -> io::Result<()> + Send + 'static,
    {
        let (stop, stopped) = channel();
        let thread = std::thread::spawn(move || {
            let mut next = Instant::now();
            loop {
                next += period;
                let wait = next.saturating_duration_since(Instant::now());
                if stopped.recv_timeout(wait) != Err(RecvTimeoutError::Timeout) {
                    return Ok(sockets);
                }
                round(&mut sockets)?;
            }
        });
        Writing { stop, thread }
    }

    fn stop(self) -> Done<Vec<TcpStream>> {
        drop(self.stop);
        Ok(self.thread.join().map_err(|_| "the writing thread panicked")??)
    }
}
