//! Callboard, embeddable: jobs in, one live state out.
//!
//! A [`Board`] runs jobs, keeps one authoritative, versioned state, and journals every change before anybody sees
//! it. Read [`board`](Board) first, then `writer.rs` (one task decides and stores), `follow.rs` (how everybody else
//! reads), `attempt.rs` (one try of a job from start to end).

mod attempt;
mod attempt_runtime;
mod board;
mod bulk;
mod cache;
mod clock;
mod domains;
mod event_job;
mod events;
mod handle;
mod history;
mod host;
mod logs;
mod observer;
mod open;
mod orchestrator;
#[cfg(feature = "recipes")]
mod recipe;
mod redact;
mod retention;
mod ring;
mod saga;
mod search;
mod shared;
mod stored;
mod travel;
mod typed;
mod workflow;
mod writer;

pub use board::{Board, StateView};
pub use cache::{
    CacheError, CacheInvalidated, CacheProvider, CacheStats, Cached, InvalidateCache, KeyTest, MemoryCache,
};
pub use callboard_core::{Limits, Projection, Query, QueryError, Retention, check_recipe};
pub use callboard_exec as exec;
pub use callboard_flow as flow;
pub use callboard_journal as journal;
pub use callboard_protocol as protocol;
pub use callboard_protocol::error::Rejection;
pub use domains::{Slice, SliceChange, Writes};
pub use event_job::{
    CachePolicy, Dispatch, DispatchError, Dispatcher, DispatcherOptions, EventJob, FailureTest, Retry,
    RunContext, Undispatched, Work,
};
pub use events::{
    BusStats, Cause, DataSource, DomainEvent, Heard, JournalEvent, JournalEventsMissed, Signal, SignalBus,
    SinkGuard, Subscription,
};
pub use handle::RawHandle;
pub use history::{JobListing, JobListingQuery, LogListing};
pub use host::{Host, Machine};
pub use logs::{Line, LogCounts, LogFilter, LogHub, LogOptions, LogPage};
pub use observer::{JobInfo, Observer, Observers, Problem};
pub use open::{BoardOptions, OpenError};
pub use orchestrator::{BreakerLimits, BreakerOpened, Orchestrator, Reaction};
#[cfg(feature = "recipes")]
pub use recipe::{BadRecipe, RecipeFormat, read_recipe, read_value};
pub use redact::{BadPattern, HIDDEN, Redactor};
pub use ring::Window;
pub use saga::{CompensationError, Saga, SagaError};
pub use tokio_util::sync::CancellationToken;
pub use travel::PastChange;
pub use typed::{
    AsyncState, Execute, Failure, Job, JobContext, JobEnd, JobFailure, JobHandle, JobResult, ProgressStream,
    Settled,
};
pub use workflow::{WorkflowHandle, WorkflowLost};

/// The guide's examples are run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/guides/library.md")]
struct Guide;
