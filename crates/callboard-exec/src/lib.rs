//! Executors: what runs a job's attempt. Child processes with all they start, HTTP requests and downloads, sleep and echo.
//!
//! An [`Executor`] gets an [`AttemptContext`] (arguments, a [`Cancel`], a [`Reporter`], a private folder) and
//! answers with one [`Outcome`]. It holds no state of the job: the runtime starts attempts, times them out,
//! records what they report and decides what follows. A [`Registry`] finds the executor of a kind.
//!
//! Reading order: [`Executor`], [`Cancel`], [`Reporter`], [`ArtifactStore`], [`Registry`], [`ProcessExecutor`],
//! `HttpRequest`, `HttpDownload`, [`KindSpec`] (kinds that are data).

mod artifacts;
mod attempt;
mod cancel;
mod deadline;
mod declared;
mod echo;
mod executor;
mod fields;
#[cfg(feature = "http")]
mod http;
mod masks;
mod process;
mod registry;
mod report;
mod sleep;
mod template;
#[cfg(feature = "tracing-layer")]
mod tracing_layer;

pub use artifacts::{ArtifactError, ArtifactStore};
pub use attempt::{AttemptContext, NoRuntime, Runtime};
pub use cancel::{Cancel, CancelReason};
pub use deadline::Deadline;
pub use declared::{ExecutorName, KindSpec, SpecError, Surroundings};
pub use echo::Echo;
pub use executor::{Executor, Outcome};
#[cfg(feature = "http")]
pub use http::{
    Bandwidth, BodySpec, DownloadSpec, HttpClient, HttpDownload, HttpRequest, JsonTemplate, RequestSpec,
};
pub use process::{
    ArtifactPattern, CheckFn, ProcessExecutor, ProgramSpec, ProgressPattern, ProgressSpec, PtySize, Reaped,
    ResourceLimits, ResultSource, ResultSpec, Streams, reap_orphans,
};
pub use registry::{KindError, KindInfo, Registry};
pub use report::{ReportSink, Reporter};
pub use sleep::Sleep;
pub use template::{Secrets, Template};
#[cfg(feature = "tracing-layer")]
pub use tracing_layer::JobLayer;
