//! The thread that forks.
//!
//! The system sends the death signal of a child when the thread that forked it ends, not when the process does
//! (see `pre_exec`). Threads of a runtime come and go; this one stays until the process ends. One serves all
//! boards of a process: it holds no state of theirs.

use super::{
    environment::Environment,
    limits::ResourceLimits,
    pre_exec,
    pty::{Pty, PtySize, Screen},
    session::{Session, SessionGuard},
};
use rustix::io::fcntl_dupfd_cloexec;
use std::{
    fs::File,
    io,
    os::fd::{AsRawFd, OwnedFd},
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    thread,
};
use tokio::{
    net::unix::pipe,
    process::{Child, Command},
    runtime::Handle,
    sync::{mpsc, oneshot},
};

/// All that is needed to start a child.
#[derive(Debug)]
pub(crate) struct Launch {
    /// The file to execute.
    pub(crate) program: PathBuf,
    /// What the child sees as its arguments, its own name first.
    pub(crate) argv: Vec<Arc<str>>,
    pub(crate) cwd: PathBuf,
    pub(crate) environment: Environment,
    /// Whether something will be written to its standard input; otherwise it reads nothing.
    pub(crate) has_input: bool,
    /// Its standard output and error, and its input unless something will be written to it, are a terminal.
    pub(crate) pty: Option<PtySize>,
    pub(crate) limits: ResourceLimits,
}

/// A child with its pipes. Dropping it kills the whole session.
#[derive(Debug)]
pub(crate) struct Spawned {
    pub(crate) guard: SessionGuard,
    pub(crate) session: Session,
    pub(crate) child: Child,
    pub(crate) reports: pipe::Receiver,
    /// Our end of its terminal.
    pub(crate) screen: Option<Screen>,
}

struct Request {
    launch: Launch,
    runtime: Handle,
    reply: oneshot::Sender<io::Result<Spawned>>,
}

type Queue = mpsc::Sender<Request>;

/// Launches that wait for the thread; whoever comes later waits in its own task.
const LAUNCHES: usize = 16;

/// Starts a child in a session of its own.
///
/// # Errors
/// What the system says about fork, exec or the pipes.
pub(crate) async fn spawn(launch: Launch) -> io::Result<Spawned> {
    let (reply, spawned) = oneshot::channel();
    let request = Request { launch, runtime: Handle::current(), reply };
    let ended = || io::Error::other("the thread that starts children has ended");
    queue()?.send(request).await.map_err(|_| ended())?;
    // A caller that is gone by now drops what is in the channel, and with it the child.
    spawned.await.map_err(|_| ended())?
}

fn queue() -> io::Result<Queue> {
    static QUEUE: Mutex<Option<Queue>> = Mutex::new(None);
    let mut slot = QUEUE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(queue) = &*slot {
        return Ok(queue.clone());
    }
    let (queue, requests) = mpsc::channel(LAUNCHES);
    thread::Builder::new().name("callboard-spawn".into()).spawn(move || serve(requests))?;
    *slot = Some(queue.clone());
    Ok(queue)
}

fn serve(mut requests: mpsc::Receiver<Request>) {
    let mut third = Third::new();
    while let Some(Request { launch, runtime, reply }) = requests.blocking_recv() {
        third.hold();
        // A panic must not end the thread: all its children would be killed.
        let spawned = catch_unwind(AssertUnwindSafe(|| {
            let _runtime = runtime.enter();
            start(launch)
        }));
        let _ = reply.send(spawned.unwrap_or_else(|_| Err(io::Error::other("starting the child panicked"))));
    }
}

fn start(launch: Launch) -> io::Result<Spawned> {
    let (sender, reports) = pipe::pipe()?;
    let mut command = command(&launch);
    let screen = launch.pty.map(|size| screen(&mut command, size, launch.has_input)).transpose()?;
    pre_exec::prepare(&mut command, sender.into_blocking_fd()?, launch.limits, screen.is_some());
    let child = command.spawn()?;
    let pid = child.id().and_then(|pid| i32::try_from(pid).ok());
    let pid = pid.ok_or_else(|| io::Error::other("the child has no number"))?;
    let session = Session::of(pid).ok_or_else(|| io::Error::other("the child's number is reserved"))?;
    let guard = SessionGuard::new(session);
    Ok(Spawned { guard, session, child, reports, screen })
}

/// Puts a terminal in the place of the pipes; our end of it.
fn screen(command: &mut Command, size: PtySize, has_input: bool) -> io::Result<Screen> {
    let Pty { master, slave } = Pty::open(size)?;
    if !has_input {
        command.stdin(slave.try_clone()?);
    }
    command.env("TERM", "xterm-256color").stdout(slave.try_clone()?).stderr(slave);
    Screen::new(master)
}

fn command(launch: &Launch) -> Command {
    let mut command = Command::new(&launch.program);
    let (name, arguments) = launch.argv.split_first().expect("find() has seen the program's name");
    command
        .arg0(&**name)
        .args(arguments.iter().map(|argument| &**argument))
        .current_dir(&launch.cwd)
        .env_clear()
        .envs(launch.environment.iter())
        .stdin(if launch.has_input { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Keeps descriptor 3 taken in this process.
///
/// std tells a failed exec through a pipe of its own, with the lowest free number. Were that 3, the child's
/// report channel would be laid over it, and a failed exec would look like a child that failed.
struct Third {
    any: Option<File>,
    held: Option<OwnedFd>,
}

impl Third {
    fn new() -> Self {
        Third { any: File::open("/dev/null").ok(), held: None }
    }

    fn hold(&mut self) {
        if self.held.is_none()
            && let Some(any) = &self.any
            && let Ok(copy) = fcntl_dupfd_cloexec(any, pre_exec::REPORT_FD)
            && copy.as_raw_fd() == pre_exec::REPORT_FD
        {
            self.held = Some(copy);
        }
    }
}
