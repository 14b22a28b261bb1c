//! A terminal for a child: programs that talk differently to people than to pipes talk to it as to people.

use rustix::{
    fs::{Mode, OFlags, fcntl_getfl, fcntl_setfl},
    io::Errno,
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};
use serde::Deserialize;
use std::{
    io,
    os::fd::OwnedFd,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, Interest, ReadBuf, unix::AsyncFd};

/// The size of a child's terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PtySize {
    /// Characters in a line.
    pub columns: u16,
    /// Lines.
    pub rows: u16,
}

impl Default for PtySize {
    fn default() -> Self {
        // Wide, because programs break their lines where the terminal ends and logs have no such end.
        PtySize { columns: 160, rows: 48 }
    }
}

/// Both ends of a terminal.
pub(crate) struct Pty {
    /// Ours.
    pub(crate) master: OwnedFd,
    /// The child's standard output and error, and input when nothing is written to it.
    pub(crate) slave: OwnedFd,
}

impl Pty {
    /// Opens one. Neither end is inherited by other children.
    pub(crate) fn open(size: PtySize) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        #[cfg(not(target_os = "linux"))]
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
        let master = openpt(flags)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        let name = ptsname(&master, Vec::new())?;
        let slave = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?;
        let (columns, rows) = (size.columns, size.rows);
        tcsetwinsize(&slave, Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 })?;
        fcntl_setfl(&master, fcntl_getfl(&master)? | OFlags::NONBLOCK)?;
        Ok(Pty { master, slave })
    }
}

/// Our end of a terminal, to read from. It ends when the last process has closed the other end.
#[derive(Debug)]
pub(crate) struct Screen(AsyncFd<OwnedFd>);

impl Screen {
    /// Must be called within a runtime.
    #[expect(unsafe_code, reason = "tokio takes any descriptor on trust")]
    pub(crate) fn new(master: OwnedFd) -> io::Result<Self> {
        // SAFETY: the descriptor is owned by what is registered: it stays open and the same one as long as that.
        let registered = unsafe { AsyncFd::register_with_interest(master, Interest::READABLE) };
        registered.map(Screen).map_err(io::Error::from)
    }
}

impl AsyncRead for Screen {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            let mut ready = ready!(self.0.poll_read_ready(context))?;
            let into = buffer.initialize_unfilled();
            match ready.try_io(|master| Ok(rustix::io::read(master, &mut *into)?)) {
                Ok(Ok(read)) => {
                    buffer.advance(read);
                    return Poll::Ready(Ok(()));
                }
                // That is how a terminal says that nobody holds its other end any more.
                Ok(Err(error)) if error.raw_os_error() == Some(Errno::IO.raw_os_error()) => {
                    return Poll::Ready(Ok(()));
                }
                Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(Err(error)) => return Poll::Ready(Err(error)),
                Err(_would_block) => {}
            }
        }
    }
}
