//! The handle of a client.

use crate::{
    ClientError, Code, Http, JobHandle, LogStream, Options, Phase, Telemetry, View, caps,
    driver::{Driver, Request, Wiring},
    link::Target,
    logs::LogBoard,
    machine::{Done, Machine, Setup},
};
use callboard_protocol::{
    JobId, Node,
    command::Accepted,
    config::LogsConfig,
    error::ErrorCode,
    frame::StatePosition,
    job::{DispatchArgs, Job},
    to_node,
};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};

/// A connection to a board. A clone is another handle to the same connection; when the last one is dropped, the
/// connection ends.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    requests: mpsc::Sender<Request>,
    view: watch::Receiver<View>,
    telemetry: watch::Receiver<Telemetry>,
    logs: Arc<LogBoard>,
    http: Http,
    has_mirror: bool,
    task: Mutex<Option<JoinHandle<()>>>,
}

/// A value that changes, seen by one listener. Values in between may be missed, the last one never is.
#[derive(Clone, Debug)]
pub struct Watch<T>(watch::Receiver<T>);

impl<T: Clone> Watch<T> {
    /// The present value, which counts as seen.
    pub fn get(&mut self) -> T {
        self.0.borrow_and_update().clone()
    }

    /// Waits until there is a value that was not seen; `false` once the client is closed and the last value was
    /// seen. Cancel-safe.
    pub async fn changed(&mut self) -> bool {
        self.0.changed().await.is_ok()
    }
}

impl Client {
    /// Starts a client. It must be called within a tokio runtime; failures show in [`Client::telemetry`].
    pub fn connect(options: Options) -> Client {
        let setup = Setup {
            name: options.name.clone(),
            version: options.version.clone(),
            instance: uuid::Uuid::now_v7().to_string(),
            logs: options.logs,
            mirror: options.mirror,
            deflate: options.deflate,
            ws: options.ws,
        };
        let http = Http::new(options.endpoint.clone(), &options.token);
        let target = Target {
            endpoint: Arc::new(options.endpoint),
            token: options.token.into(),
            agent: format!("{}/{}", options.name, options.version).into(),
        };
        let (requests, receiver) = mpsc::channel(caps::REQUESTS);
        let (view_sender, view) = watch::channel(View::default());
        let (telemetry_sender, telemetry) = watch::channel(Telemetry::default());
        let logs = Arc::new(LogBoard::new(LogsConfig::default().capacity as usize));
        let wiring = Wiring {
            target,
            requests: receiver,
            view: view_sender,
            telemetry: telemetry_sender,
            logs: logs.clone(),
        };
        let machine = Machine::new(setup, Box::new(fastrand::f64));
        let task = Mutex::new(Some(tokio::spawn(Driver::new(machine, wiring).run())));
        let has_mirror = options.mirror;
        Client { shared: Arc::new(Shared { requests, view, telemetry, logs, http, has_mirror, task }) }
    }

    /// The mirror: the whole state as last seen. `null` before the first snapshot.
    pub fn state(&self) -> Node {
        self.shared.view.borrow().state.clone()
    }

    /// Where in its history the mirror is.
    pub fn position(&self) -> Option<StatePosition> {
        self.shared.view.borrow().position.clone()
    }

    /// The mirror with its position, and whether it is up to date.
    pub fn view(&self) -> View {
        self.shared.view.borrow().clone()
    }

    /// Follows the mirror.
    pub fn follow(&self) -> Watch<View> {
        Watch(self.shared.view.clone())
    }

    /// Waits for the next change of the mirror after this call.
    ///
    /// # Errors
    /// Why the client is closed.
    pub async fn changed(&self) -> Result<(), ClientError> {
        let mut view = self.shared.view.clone();
        view.mark_unchanged();
        view.changed().await.map_err(|_| self.closed())
    }

    /// Waits until `ready` gives something for the mirror.
    ///
    /// # Errors
    /// Why the client is closed.
    pub async fn wait_for<T>(&self, mut ready: impl FnMut(&View) -> Option<T>) -> Result<T, ClientError> {
        let mut view = self.shared.view.clone();
        loop {
            if let Some(found) = ready(&view.borrow_and_update()) {
                return Ok(found);
            }
            view.changed().await.map_err(|_| self.closed())?;
        }
    }

    /// Waits until the mirror is up to date for the first time, or for as many tries as it takes.
    ///
    /// # Errors
    /// Why the client is closed, for example `unauthorized`.
    pub async fn ready(&self) -> Result<(), ClientError> {
        let mut telemetry = self.shared.telemetry.clone();
        let waited =
            telemetry.wait_for(|telemetry| matches!(telemetry.phase, Phase::Open | Phase::Closed { .. }));
        let is_open = waited.await.is_ok_and(|telemetry| telemetry.phase == Phase::Open);
        if is_open { Ok(()) } else { Err(self.closed()) }
    }

    /// A job's record, if the mirror has it: all active jobs and the newest finished ones.
    pub fn job(&self, id: &JobId) -> Option<Job> {
        self.shared.view.borrow().job(id)
    }

    /// The log lines, beginning with those that the client has kept. Without [`Options::logs`] there are none.
    pub fn logs(&self) -> LogStream {
        self.shared.logs.listen()
    }

    /// What the connection does.
    pub fn telemetry(&self) -> Telemetry {
        self.shared.telemetry.borrow().clone()
    }

    /// Follows what the connection does. Changes of counters alone do not wake.
    pub fn follow_telemetry(&self) -> Watch<Telemetry> {
        Watch(self.shared.telemetry.clone())
    }

    /// Requests beside the connection.
    pub fn http(&self) -> &Http {
        &self.shared.http
    }

    /// Sends a command and waits for its outcome, 30 s at most.
    ///
    /// With a `key` it is carried out once at most, however often it is sent, and waits for a connection if there
    /// is none. Without one it fails with `offline` when there is none. Once sent, it is repeated by the next
    /// connection under the same key until it is answered.
    ///
    /// # Errors
    /// The server's rejection, or `offline`, `timeout`, `overloaded`, `too_large`, `closed`.
    pub async fn command(
        &self,
        name: &str,
        args: impl Into<Node>,
        key: Option<String>,
    ) -> Result<Accepted, ClientError> {
        self.carry_out(name, args.into(), key).await.map(|done| done.accepted)
    }

    /// Dispatches a job under an id made here (unless `args` has one), so that it is accepted once.
    ///
    /// # Errors
    /// As [`Client::command`].
    pub async fn dispatch(&self, args: DispatchArgs) -> Result<JobHandle, ClientError> {
        // A key of its own: the same id dispatched again by somebody else is a conflict, not a repetition.
        self.dispatch_once(args, format!("dispatch:{}", uuid::Uuid::now_v7())).await
    }

    /// Dispatches a job under a key: with one that was used before, the handle is that of the job made then.
    ///
    /// # Errors
    /// As [`Client::command`].
    pub async fn dispatch_once(&self, mut args: DispatchArgs, key: String) -> Result<JobHandle, ClientError> {
        let own = args.id.get_or_insert_with(|| JobId::from(uuid::Uuid::now_v7().to_string())).clone();
        let node = to_node(&args)
            .map_err(|error| ClientError::new(Code::Server(ErrorCode::InvalidArgs), error.to_string()))?;
        let Done { accepted, epoch } = self.carry_out("jobs.dispatch", node, Some(key)).await?;
        let id = accepted.result.child("id").and_then(Node::as_str).map_or(own, JobId::new);
        Ok(JobHandle::new(self.clone(), id, Some(StatePosition { epoch, version: accepted.version })))
    }

    /// A handle to a job that exists.
    pub fn handle(&self, id: JobId) -> JobHandle {
        JobHandle::new(self.clone(), id, None)
    }

    /// Tries now instead of when the retry is due, and begins the delays anew.
    pub async fn retry_now(&self) {
        // A closed client has nothing to retry.
        let _ = self.shared.requests.send(Request::RetryNow).await;
    }

    /// Ends the connection, for all handles, and waits until it has ended. What was not answered fails with
    /// `closed`; the mirror stays readable (S3.25). Idempotent.
    pub async fn close(&self) {
        let _ = self.shared.requests.send(Request::Close).await;
        let task = self.shared.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            // A panic of the task was reported by the runtime; there is nothing left to wait for.
            let _ = task.await;
        }
    }

    pub(crate) fn has_mirror(&self) -> bool {
        self.shared.has_mirror
    }

    /// Why there is no connection any more.
    pub(crate) fn closed(&self) -> ClientError {
        match &self.shared.telemetry.borrow().phase {
            Phase::Closed { error: Some(error) } => error.clone(),
            _ => ClientError::new(Code::Closed, "the client is closed"),
        }
    }

    /// A command under a key, and where its effect can be seen.
    pub(crate) async fn carry_out_at(
        &self,
        name: &str,
        args: Node,
        key: String,
    ) -> Result<(Accepted, StatePosition), ClientError> {
        let Done { accepted, epoch } = self.carry_out(name, args, Some(key)).await?;
        let at = StatePosition { epoch, version: accepted.version };
        Ok((accepted, at))
    }

    async fn carry_out(&self, name: &str, args: Node, key: Option<String>) -> Result<Done, ClientError> {
        let (reply, answer) = oneshot::channel();
        let request = Request::Command { name: name.into(), args, key, reply };
        self.shared.requests.send(request).await.map_err(|_| self.closed())?;
        // Taken up but not answered: the task ended in between, before the command was sent.
        answer.await.unwrap_or_else(|_| Err(self.closed()))
    }
}
