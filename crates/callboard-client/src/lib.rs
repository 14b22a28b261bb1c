//! The Rust client of a Callboard server: one connection that heals, a mirror of the state, logs and job handles.
//!
//! [`Client::connect`] starts one task. It connects, says what it already has, and folds what the server sends
//! into a mirror; when the connection drops it comes back by itself, without end, with jittered delays (S3.23,
//! W3.1, X16). A hole in the stream is found by version numbers and mended by one request (S3.12, W3.5).
//!
//! ```no_run
//! use callboard_client::{Client, Options};
//! use callboard_protocol::{Node, job::DispatchArgs};
//!
//! # async fn example() -> Result<(), callboard_client::ClientError> {
//! let client = Client::connect(Options::new("http://127.0.0.1:7420/", "TOKEN")?);
//! let args: Node = [("ms".into(), Node::from(500u32))].into_iter().collect::<callboard_protocol::Object>().into();
//! let job = client.dispatch(DispatchArgs { kind: "sleep".into(), args: Some(args), ..Default::default() }).await?;
//! let finished = job.wait().await?;
//! println!("{} {}", finished.id, finished.state.as_str());
//! # Ok(())
//! # }
//! ```
//!
//! Reading order: `client.rs` (the handle), `driver.rs` (the task: select, decide, act), `machine.rs` (the
//! decisions, pure), `machine/mirror.rs` and `machine/log_cursor.rs` (continuity of the two streams).

mod bulk;
pub mod caps;
mod client;
mod driver;
mod endpoint;
mod error;
mod http;
mod incoming;
mod job;
mod link;
mod logs;
mod machine;
mod options;
mod percent;
mod search;
mod telemetry;
mod view;
mod workflow;

pub use bulk::{BulkEnd, BulkHandle};
pub use client::{Client, Watch};
pub use endpoint::Endpoint;
pub use error::{ClientError, Code};
pub use http::Http;
pub use job::{JobHandle, JobLogs, ProgressStream};
pub use logs::{LogEvent, LogStream};
pub use options::Options;
pub use percent::percent_encoded;
pub use search::JobPage;
pub use telemetry::{LastError, Phase, Telemetry};
pub use view::View;
pub use workflow::{WorkflowHandle, WorkflowStream};
