//! A real terminal: a PTY, keys as bytes, what is written as bytes.

use crate::kit::*;
use rustix::{
    fs::{Mode, OFlags},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};
use std::{
    fs::File,
    io::{Read as _, Write as _},
    process::Stdio,
};
use tokio::sync::mpsc;

/// A terminal with a program in it.
pub(crate) struct Terminal {
    keyboard: File,
    screen: mpsc::UnboundedReceiver<Vec<u8>>,
    /// Everything that was written so far.
    seen: String,
    pub(crate) child: tokio::process::Child,
}

impl Terminal {
    /// A program that writes its data here; what it says besides is the test's.
    pub(crate) fn start(server: &Server, args: &[&str]) -> Terminal {
        Terminal::open(server, args, false, "xterm-256color")
    }

    /// A program as a person starts it: all that it says is here.
    pub(crate) fn start_whole(server: &Server, args: &[&str]) -> Terminal {
        Terminal::open(server, args, true, "xterm-256color")
    }

    /// The same on a terminal of this kind.
    pub(crate) fn start_on(server: &Server, args: &[&str], term: &str) -> Terminal {
        Terminal::open(server, args, true, term)
    }

    fn open(server: &Server, args: &[&str], is_whole: bool, term: &str) -> Terminal {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&master).and_then(|()| unlockpt(&master)).expect("a terminal");
        let size = Winsize { ws_row: 30, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&master, size).expect("a size");
        let name = ptsname(&master, Vec::new()).expect("a name");
        let slave = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).expect("a terminal");
        let slave = File::from(slave);
        let own = callboard(server.data.path());
        // The program is to ask this terminal, and not the one that runs the tests.
        let mut command = tokio::process::Command::new("setsid");
        command.args(["--ctty", "--wait"]).arg(own.as_std().get_program()).args(args);
        for (name, value) in own.as_std().get_envs() {
            match value {
                Some(value) => drop(command.env(name, value)),
                None => drop(command.env_remove(name)),
            }
        }
        command.env("TERM", term).env_remove("CI").kill_on_drop(true);
        let handle = || slave.try_clone().expect("a handle");
        let errors = if is_whole { Stdio::from(handle()) } else { Stdio::inherit() };
        command.stdin(handle()).stdout(handle()).stderr(errors);
        drop(slave);
        let child = command.spawn().expect("it starts");
        let master = File::from(master);
        let mut output = master.try_clone().expect("a handle");
        let (sender, screen) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = output.read(&mut buffer) {
                if sender.send(buffer[..read].to_vec()).is_err() {
                    break;
                }
            }
        });
        Terminal { keyboard: master, screen, seen: String::new(), child }
    }

    /// Waits until a text was written, after what was waited for before. Only what changed is written, so that a text
    /// with spaces may come in pieces.
    pub(crate) async fn shows(&mut self, text: &str) {
        let look = async {
            while !self.seen.contains(text) {
                let bytes = self.screen.recv().await.expect("more to see");
                self.seen.push_str(&String::from_utf8_lossy(&bytes));
            }
        };
        let found = tokio::time::timeout(LIMIT, look).await.is_ok();
        assert!(found, "{text:?} in {:?}", self.seen);
        let end = self.seen.find(text).map_or(0, |at| at + text.len());
        self.seen.drain(..end);
    }

    pub(crate) fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("a keyboard");
    }

    pub(crate) async fn end(mut self) -> (Option<i32>, String) {
        let status = tokio::time::timeout(LIMIT, self.child.wait()).await.expect("it ends in time");
        // The terminal ends with the last program that has it open.
        let rest = async {
            while let Some(bytes) = self.screen.recv().await {
                self.seen.push_str(&String::from_utf8_lossy(&bytes));
            }
        };
        tokio::time::timeout(LIMIT, rest).await.expect("the terminal ends in time");
        (status.expect("it was running").code(), self.seen)
    }
}
