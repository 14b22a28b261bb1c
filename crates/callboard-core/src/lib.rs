//! Callboard's decisions, and nothing else.
//!
//! [`Core::receive`] takes an input and a [`Context`] (the time and a random number are arguments) and answers
//! with a change to be journalled, effects to be carried out once it is durable, and rows for the store. No await,
//! clock, randomness or I/O. The life of a job is the table in [`table`].

pub mod backoff;
pub mod bulk;
mod check;
mod configure;
mod core;
mod deadline;
mod deletions;
mod depend;
mod dispatch;
mod domains;
mod finish;
#[cfg(test)]
mod graphs;
mod index;
mod input;
mod outcomes;
mod projection;
mod query;
mod queues;
mod ready;
mod request;
mod restart;
mod retain;
mod schedule;
pub mod state;
mod summary;
pub mod table;
mod things;
mod tx;
mod unique;
mod update;
#[cfg(test)]
mod walk;
mod workflow;

pub use crate::core::{Checkpoint, Core, Limits, Recovered};
pub use dispatch::title_of;
pub use finish::successful_attempt;
pub use input::{
    Archived, BreakerNote, Context, Decided, Effect, End, Input, Known, LogMeta, News, Report, Start,
};
pub use projection::Projection;
pub use query::{Narrow, Query, QueryError};
pub use retain::Retention;
pub use things::{LOST, missing};
pub use workflow::{check_recipe, job_of, refused_recipe};
