//! What delivering costs at least: the same bytes, written to one socket after the other by one thread.

use super::{say, serve};
use crate::Done;
use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::mpsc::{RecvTimeoutError, channel},
    time::{Duration, Instant},
};

/// Says its address. Then `accept N` takes connections, `write PERIOD_US FILE` writes the bytes of a file to all of
/// them in each period, `answer FILE` writes them whenever the first connection sends a byte, `stop` ends both.
pub(super) fn run() -> Done {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
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
                writing = Some(Writing::start(std::mem::take(&mut sockets), bytes, period));
                Ok("writing".into())
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

fn answer(mut sockets: Vec<TcpStream>, bytes: &[u8]) -> std::io::Result<()> {
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
    thread: std::thread::JoinHandle<std::io::Result<Vec<TcpStream>>>,
}

impl Writing {
    fn start(mut sockets: Vec<TcpStream>, bytes: Vec<u8>, period: Duration) -> Self {
        let (stop, stopped) = channel();
        let thread = std::thread::spawn(move || {
            let mut next = Instant::now();
            loop {
                next += period;
                let wait = next.saturating_duration_since(Instant::now());
                if stopped.recv_timeout(wait) != Err(RecvTimeoutError::Timeout) {
                    return Ok(sockets);
                }
                for socket in &mut sockets {
                    socket.write_all(&bytes)?;
                }
            }
        });
        Writing { stop, thread }
    }

    fn stop(self) -> Done<Vec<TcpStream>> {
        drop(self.stop);
        Ok(self.thread.join().map_err(|_| "the writing thread panicked")??)
    }
}
