//! The vocabulary of Callboard, and its fold.
//!
//! Everything that crosses a boundary is defined here once: job records, commands, changes, operations on the
//! state document, the messages of the wire and their limits. The TypeScript types are generated from it.
//! No runtime, no clock, no randomness, no I/O: times and ids are arguments.
//!
//! ```
//! use callboard_protocol::{Node, Op, Pointer, apply};
//!
//! let mut state: Node = serde_json::from_str(r#"{"jobs":{}}"#)?;
//! let path = Pointer::parse("/jobs/j1").expect("a pointer");
//! apply(&mut state, &[Op::Add { path, value: Node::from("new") }]).expect("fits");
//! assert_eq!(state.to_string(), r#"{"jobs":{"j1":"new"}}"#);
//! # Ok::<(), serde_json::Error>(())
//! ```

pub mod bulk;
pub mod caps;
mod change;
mod check;
mod coalesce;
pub mod command;
pub mod config;
pub mod domain;
pub mod error;
pub mod frame;
mod ids;
pub mod job;
pub mod log;
mod node;
mod op;
mod pointer;
pub mod queue;
mod recorder;
pub mod schedule;
#[cfg(feature = "schema")]
mod schema;
mod select;
mod time;
pub mod workflow;

pub use change::{Change, Commit, CommitKind, Event, LongKey};
pub use check::checksum;
pub use coalesce::Coalescer;
pub use ids::{Actor, CommandKey, Epoch, JobId};
pub use node::{Key, Node, NodeError, Object, from_node, to_node};
pub use op::{ApplyError, Op, apply};
pub use pointer::{Pointer, PointerError};
pub use recorder::Recorder;
pub use select::{NeedsDocument, Selection, SelectionError};
pub use time::Time;
