//! The client's task: select what happens, let the machine decide, act.

use crate::{
    ClientError, Telemetry, View,
    incoming::{self, Incoming},
    link::{Heard, Link, Target},
    logs::LogBoard,
    machine::{BAD_COMPRESSION, Done, Effect, Input, Machine, Now, Submit, Ticket},
};
use callboard_protocol::{
    Node, Time,
    frame::{ClientFrame, close},
};
use futures_util::FutureExt as _;
use std::{
    collections::HashMap,
    pin::Pin,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::Instant,
};

/// What a handle asks of the task.
pub(crate) enum Request {
    /// Send a command.
    Command { name: String, args: Node, key: Option<String>, reply: Reply },
    /// Do not wait for the retry.
    RetryNow,
    /// Close.
    Close,
}

type Reply = oneshot::Sender<Result<Done, ClientError>>;

/// The task's ends of its channels.
pub(crate) struct Wiring {
    pub(crate) target: Target,
    pub(crate) requests: mpsc::Receiver<Request>,
    pub(crate) view: watch::Sender<View>,
    pub(crate) telemetry: watch::Sender<Telemetry>,
    pub(crate) logs: Arc<LogBoard>,
}

enum Socket {
    None,
    Opening(Pin<Box<dyn Future<Output = Opened> + Send>>),
    Open(Box<Link>),
}

type Opened = Result<Box<Link>, ClientError>;

enum Event {
    Opened(Opened),
    Heard(Heard),
    Request(Option<Request>),
    Deadline,
}

/// See the module.
pub(crate) struct Driver {
    machine: Machine,
    wiring: Wiring,
    began: Instant,
    socket: Socket,
    /// What was counted of the socket's traffic already.
    counted: (u64, u64),
    replies: HashMap<Ticket, Reply>,
    next_ticket: Ticket,
    stopped: bool,
}

impl Driver {
    pub(crate) fn new(machine: Machine, wiring: Wiring) -> Self {
        Driver {
            machine,
            wiring,
            began: Instant::now(),
            socket: Socket::None,
            counted: (0, 0),
            replies: HashMap::new(),
            next_ticket: 1,
            stopped: false,
        }
    }

    /// Runs until the client is closed or the server says that it is not welcome.
    pub(crate) async fn run(mut self) {
        self.handle(Input::Start);
        while !self.stopped {
            match self.next().await {
                Event::Deadline => {
                    // What has arrived already is a sign of life that the deadline must know of.
                    if let Some(event) = self.socket.next().now_or_never() {
                        self.on_event(event);
                    }
                    self.handle(Input::Tick);
                }
                event => self.on_event(event),
            }
        }
        self.wiring.logs.end();
    }

    async fn next(&mut self) -> Event {
        let deadline = self.machine.deadline().map(|deadline| self.began + deadline);
        let timer = async {
            match deadline {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        let has_room = self.socket.has_room();
        tokio::select! {
            event = self.socket.next() => event,
            request = self.wiring.requests.recv(), if has_room => Event::Request(request),
            () = timer => Event::Deadline,
        }
    }

    fn on_event(&mut self, event: Event) {
        match event {
            Event::Deadline => {}
            Event::Opened(Ok(link)) => {
                let deflate = link.deflate;
                self.counted = (0, 0);
                self.socket = Socket::Open(link);
                self.handle(Input::Opened { deflate });
            }
            Event::Opened(Err(error)) => {
                self.socket = Socket::None;
                self.handle(Input::Refused(error));
            }
            Event::Heard(heard) => self.heard(heard),
            Event::Request(Some(Request::Command { name, args, key, reply })) => {
                let ticket = self.next_ticket;
                self.next_ticket += 1;
                self.replies.insert(ticket, reply);
                self.handle(Input::Submit(Submit { ticket, name, args, key }));
            }
            Event::Request(Some(Request::RetryNow)) => self.handle(Input::RetryNow),
            Event::Request(Some(Request::Close) | None) => self.handle(Input::Close),
        }
    }

    fn heard(&mut self, heard: Heard) {
        let (code, reason) = match heard {
            Heard::Text(text) => match incoming::read(&text) {
                Incoming::Frame(frame) => return self.handle(Input::Frame(frame)),
                Incoming::Unknown => return self.count(),
                Incoming::Broken(why) => {
                    tracing::warn!(why, "the connection is made anew");
                    (None, why)
                }
            },
            Heard::Closed(code, reason) => (code, reason),
            Heard::BadCompression => {
                (Some(BAD_COMPRESSION), "what the server compressed cannot be read".into())
            }
            Heard::Failed(why) => (None, why),
        };
        self.hang_up(close::NORMAL, "");
        self.handle(Input::Dropped { code, reason });
    }

    fn handle(&mut self, input: Input) {
        self.count();
        for effect in self.machine.handle(input, self.now()) {
            self.act(effect);
        }
        self.show_telemetry();
    }

    fn act(&mut self, effect: Effect) {
        match effect {
            Effect::Open { deflate } => {
                let target = self.wiring.target.clone();
                self.socket =
                    Socket::Opening(Box::pin(async move { Link::open(target, deflate).await.map(Box::new) }));
            }
            Effect::Send(frame) => self.send(&frame),
            Effect::Hangup { code, reason } => self.hang_up(code, reason),
            Effect::Publish => drop(self.wiring.view.send_replace(self.machine.view())),
            Effect::Log(event) => self.wiring.logs.publish(event),
            Effect::LogCapacity(lines) => self.wiring.logs.set_capacity(lines),
            Effect::Settle { ticket, result } => {
                // Who does not wait any more does not want to know.
                let _ = self.replies.remove(&ticket).map(|reply| reply.send(result));
            }
            Effect::Stop => self.stopped = true,
        }
    }

    fn send(&mut self, frame: &ClientFrame) {
        if let Socket::Open(link) = &mut self.socket
            && let Ok(text) = serde_json::to_string(frame)
        {
            link.send(&text);
        }
    }

    fn hang_up(&mut self, code: u16, reason: &'static str) {
        self.count();
        if let Socket::Open(link) = std::mem::replace(&mut self.socket, Socket::None) {
            tokio::spawn(link.close(code, reason));
        }
    }

    /// Tells the machine of the socket's traffic since the last time.
    fn count(&mut self) {
        let Socket::Open(link) = &self.socket else { return };
        let (read, written) = link.traffic();
        let (read_before, written_before) = std::mem::replace(&mut self.counted, (read, written));
        self.machine.traffic(read - read_before, written - written_before, self.now());
    }

    fn show_telemetry(&self) {
        let telemetry = self.machine.telemetry();
        self.wiring.telemetry.send_if_modified(|shown| {
            let visible = shown.differs_visibly(telemetry);
            shown.clone_from(telemetry);
            visible
        });
    }

    fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        Now { mono: self.began.elapsed(), wall: Time(i64::try_from(wall).unwrap_or(i64::MAX)) }
    }
}

impl Socket {
    /// The next event of the socket. Cancel-safe.
    async fn next(&mut self) -> Event {
        match self {
            Socket::None => std::future::pending().await,
            Socket::Opening(opening) => Event::Opened(opening.await),
            Socket::Open(link) => Event::Heard(link.next().await),
        }
    }

    fn has_room(&self) -> bool {
        match self {
            Socket::Open(link) => link.has_room(),
            _ => true,
        }
    }
}
