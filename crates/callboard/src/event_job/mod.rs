//! The in-process lane: jobs that answer with a domain event and are not journalled (S2.4 to S2.7).
//!
//! A job of this lane costs about a task and a channel. It does not outlive its process; for what must not be lost
//! there is [`Job`](crate::Job). Read [`EventJob`] first, then [`Dispatcher`], then `run.rs`: a run as a pipeline.

mod context;
mod control;
mod dispatch;
mod dispatcher;
mod fetch;
mod job;
mod registry;
mod roster;
mod run;

pub use context::RunContext;
pub(crate) use control::Control;
pub use dispatch::{Dispatch, FailureTest, Retry};
pub(crate) use dispatcher::Services;
pub use dispatcher::{DispatchError, Dispatcher, DispatcherOptions, Undispatched};
pub use job::{CachePolicy, EventJob, Work};
pub(crate) use roster::Tracker;
