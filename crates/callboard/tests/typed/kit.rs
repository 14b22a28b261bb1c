//! A dispatcher whose work does what the test says, and a trace of everything that can be seen of it.

use async_trait::async_trait;
use callboard::{
    CacheError, CachePolicy, CacheProvider, Cached, DataSource, Dispatch, Dispatcher, DispatcherOptions,
    DomainEvent, EventJob, Failure, JobEnd, JobFailure, JobHandle, JobInfo, KeyTest, MemoryCache, Observer,
    Problem, RunContext, Settled, Signal, SinkGuard, Work,
};
use std::{
    any::Any,
    future::poll_fn,
    io,
    pin::pin,
    sync::{Arc, Mutex},
    task::Poll,
    time::Duration,
};
use tokio::sync::{mpsc, oneshot};

pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// A job that fetches a number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fetch {
    pub(crate) cache: Option<CachePolicy>,
    pub(crate) placeholder: Option<u32>,
    pub(crate) tells_failures: bool,
    pub(crate) panics_in_event: bool,
}

/// What it tells.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fetched {
    Value(u32),
    Failed(Option<u32>),
}

impl DomainEvent for Fetched {
    fn topic(&self) -> &str {
        match self {
            Fetched::Value(_) => "fetched",
            Fetched::Failed(_) => "fetch.failed",
        }
    }
}

impl EventJob for Fetch {
    const KIND: &'static str = "fetch";
    type Output = u32;
    type Event = Fetched;

    fn event(&self, value: &u32, _: DataSource) -> Fetched {
        assert!(!self.panics_in_event, "no event today");
        Fetched::Value(*value)
    }

    fn cache(&self) -> Option<CachePolicy> {
        self.cache.clone()
    }

    fn placeholder(&self) -> Option<u32> {
        self.placeholder
    }

    fn failure_event(&self, _: &JobEnd, placeholder: Option<&u32>) -> Option<Fetched> {
        self.tells_failures.then(|| Fetched::Failed(placeholder.copied()))
    }
}

pub(crate) fn cached(policy: CachePolicy) -> Fetch {
    Fetch { cache: Some(policy), ..Fetch::default() }
}

/// One try of the work, in the hands of the test.
pub(crate) struct Try {
    pub(crate) context: RunContext,
    answer: oneshot::Sender<Result<u32, JobFailure>>,
}

impl Try {
    pub(crate) fn answer(self, answer: Result<u32, JobFailure>) {
        // Work that was stopped hears nothing any more.
        let _ = self.answer.send(answer);
    }

    pub(crate) fn finish(self, value: u32) {
        self.answer(Ok(value));
    }

    pub(crate) fn fail(self, message: &str) {
        self.answer(Err(JobFailure::from(io::Error::other(message.to_owned()))));
    }

    pub(crate) fn fail_for_good(self, message: &str) {
        self.answer(Err(JobFailure::Fatal(message.into())));
    }

    /// Waits until the work's future is gone.
    pub(crate) async fn dropped(mut self) {
        self.answer.closed().await;
    }

    pub(crate) fn is_dropped(&self) -> bool {
        self.answer.is_closed()
    }
}

struct Scripted {
    tries: mpsc::UnboundedSender<Try>,
    trace: Trace,
}

impl Work<Fetch> for Scripted {
    async fn work(&self, _: Arc<Fetch>, context: RunContext) -> Result<u32, JobFailure> {
        self.trace.add(format!("work {}", context.attempt()));
        let (answer, answered) = oneshot::channel();
        assert!(self.tries.send(Try { context, answer }).is_ok(), "the test listens");
        answered.await.unwrap_or_else(|_| panic!("the test dropped the try"))
    }
}

/// Everything that can be seen, in order.
#[derive(Clone, Default)]
pub(crate) struct Trace(Arc<Mutex<Vec<String>>>);

impl Trace {
    pub(crate) fn add(&self, line: impl Into<String>) {
        self.0.lock().expect("nobody panics with it").push(line.into());
    }

    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().expect("nobody panics with it"))
    }
}

fn name(source: DataSource) -> &'static str {
    match source {
        DataSource::Fresh => "fresh",
        DataSource::Cached => "cached",
        DataSource::Optimistic => "optimistic",
        DataSource::Failed => "failed",
    }
}

fn told(signal: &Signal) -> String {
    match signal.get::<Fetched>() {
        Some(Fetched::Value(value)) => format!("{value} {}", name(signal.source)),
        _ => format!("{} {}", signal.topic(), name(signal.source)),
    }
}

impl Observer for Trace {
    fn on_start(&self, job: &JobInfo) {
        self.add(format!("start {}", job.kind));
    }
    fn on_retry(&self, _: &JobInfo, attempt: u32, error: &Failure, delay: Duration) {
        self.add(format!("retry after {attempt}: {error}, in {} ms", delay.as_millis()));
    }
    fn on_success(&self, _: &JobInfo, output: &dyn Any, source: DataSource) {
        let output: Option<&u32> = output.downcast_ref();
        self.add(format!("on_success {} {}", output.expect("a number"), name(source)));
    }
    fn on_error(&self, _: &JobInfo, problem: Problem<'_>) {
        self.add(match problem {
            Problem::Ended(end) => format!("on_error {end}"),
            Problem::Cache(error) => format!("on_error cache: {}", error.action),
        });
    }
    fn on_event(&self, signal: &Signal) {
        self.add(format!("on_event {}", told(signal)));
    }
}

/// A cache that says what it is asked, and fails on request.
pub(crate) struct Watched {
    pub(crate) memory: MemoryCache,
    pub(crate) fails: Mutex<bool>,
    trace: Trace,
}

impl Watched {
    fn check(&self, action: &'static str, key: &str) -> Result<(), CacheError> {
        self.trace.add(format!("cache {action}"));
        let fails = *self.fails.lock().expect("nobody panics with it");
        if fails { Err(CacheError::new(action, key, "no cache today")) } else { Ok(()) }
    }
}

#[async_trait]
impl CacheProvider for Watched {
    async fn read(&self, key: &str) -> Result<Option<Cached>, CacheError> {
        self.check("read", key)?;
        self.memory.read(key).await
    }
    async fn write(&self, key: &str, value: Cached, ttl: Option<Duration>) -> Result<(), CacheError> {
        self.check("write", key)?;
        self.memory.write(key, value, ttl).await
    }
    async fn delete(&self, key: &str) -> Result<bool, CacheError> {
        self.memory.delete(key).await
    }
    async fn delete_matching(&self, fits: &KeyTest<'_>) -> Result<usize, CacheError> {
        self.memory.delete_matching(fits).await
    }
    async fn clear(&self) -> Result<(), CacheError> {
        self.memory.clear().await
    }
}

pub(crate) struct Stage {
    pub(crate) dispatcher: Dispatcher,
    pub(crate) trace: Trace,
    pub(crate) cache: Arc<Watched>,
    tries: mpsc::UnboundedReceiver<Try>,
    _sink: SinkGuard,
}

pub(crate) fn stage() -> Stage {
    stage_with(DispatcherOptions::default())
}

pub(crate) fn stage_with(options: DispatcherOptions) -> Stage {
    let trace = Trace::default();
    let (memory, fails) = (MemoryCache::default(), Mutex::new(false));
    let cache = Arc::new(Watched { memory, fails, trace: trace.clone() });
    let dispatcher = Dispatcher::new(DispatcherOptions { cache: cache.clone(), ..options });
    let (sender, tries) = mpsc::unbounded_channel();
    dispatcher.register(Scripted { tries: sender, trace: trace.clone() }).expect("the kind is free");
    dispatcher.observers().add(trace.clone());
    let heard = trace.clone();
    let sink = dispatcher.bus().attach(move |signal| heard.add(format!("event {}", told(signal))));
    Stage { dispatcher, trace, cache, tries, _sink: sink }
}

impl Stage {
    /// Dispatches, and adds to the trace when the handle settles.
    pub(crate) fn dispatch(&self, job: impl Into<Dispatch<Fetch>>) -> JobHandle<u32> {
        self.dispatcher.dispatch(job)
    }

    /// Waits for the handle and traces what it comes to.
    pub(crate) async fn settled(&self, handle: JobHandle<u32>) -> Result<Settled<u32>, JobEnd> {
        let ended = handle.await;
        self.trace.add(match &ended {
            Ok(settled) => format!("settled {} {}", settled.value, name(settled.source)),
            Err(end) => format!("settled: {end}"),
        });
        ended
    }

    pub(crate) async fn next_try(&mut self) -> Try {
        self.tries.recv().await.expect("the dispatcher lives")
    }

    pub(crate) fn no_try(&mut self) -> bool {
        self.tries.try_recv().is_err()
    }

    /// Waits until nothing is under way.
    pub(crate) async fn idle(&self) {
        while self.dispatcher.running() > 0 {
            tokio::task::yield_now().await;
        }
    }

    /// Puts a value into the cache as an earlier job would have.
    pub(crate) async fn warm(&mut self, policy: &CachePolicy, value: u32) {
        let handle = self.dispatch(cached(CachePolicy { force_refresh: true, ..policy.clone() }));
        self.next_try().await.finish(value);
        handle.await.expect("it succeeds");
        self.trace.take();
    }
}

/// Whether a future is ready at once.
pub(crate) async fn is_ready(future: impl Future) -> bool {
    let mut future = pin!(future);
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_ready())).await
}
