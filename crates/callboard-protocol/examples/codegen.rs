//! Writes the TypeScript of the wire types to the file named by the first argument, or to standard output.

use callboard_protocol::{
    Event, bulk, caps, command, config, domain, error, frame, job, log, queue, schedule, workflow,
};
use ts_rs::{Config, TS};

fn declaration<T: TS>(config: &Config) -> String {
    format!(
        "\n{}export {}\n",
        T::docs().map(|docs| format!("{}\n", docs.trim_end())).unwrap_or_default(),
        T::decl(config)
    )
}

macro_rules! declarations {
    ($config:expr, $($type:ty),* $(,)?) => { [$(declaration::<$type>($config)),*].concat() };
}

/// All types of the wire, in reading order.
fn types(config: &Config) -> String {
    [jobs(config), workflows(config), others(config)].concat()
}

/// Those of jobs, queues and schedules.
fn jobs(config: &Config) -> String {
    declarations!(
        config,
        error::ErrorCode,
        error::Rejection,
        job::JobState,
        job::AttemptOutcome,
        job::Progress,
        job::JobError,
        job::ArtifactRef,
        job::CancelCause,
        job::CancelInfo,
        job::RetryPolicy,
        job::Job,
        job::Attempt,
        job::ResultRecord,
        job::DependencyPolicy,
        job::UniquePolicy,
        job::DispatchArgs,
        job::UpdateArgs,
        job::ClearArgs,
        bulk::BulkAction,
        bulk::BulkValues,
        bulk::BulkArgs,
        bulk::BulkCount,
        bulk::BulkRefused,
        bulk::BulkResult,
        command::JobArgs,
        command::CancelArgs,
        queue::Rate,
        queue::Queue,
        queue::QueueSettings,
        queue::QueueArgs,
        schedule::Overlap,
        schedule::CatchUp,
        schedule::Schedule,
        schedule::ScheduleArgs,
        schedule::ScheduleName,
    )
}

/// Those of workflows.
fn workflows(config: &Config) -> String {
    declarations!(
        config,
        workflow::OnFailure,
        workflow::Compensation,
        workflow::Step,
        workflow::Recipe,
        workflow::WorkflowState,
        workflow::StepState,
        workflow::WorkflowStep,
        workflow::StepError,
        workflow::StepRun,
        workflow::Workflow,
        workflow::WorkflowArgs,
        workflow::WorkflowCancelArgs,
        workflow::WorkflowRetryArgs,
        workflow::WorkflowName,
    )
}

/// Those of the rest of the state, of events and of the wire itself.
fn others(config: &Config) -> String {
    declarations!(
        config,
        domain::Write,
        domain::WriteArgs,
        domain::PathArgs,
        domain::ReplaceArgs,
        domain::TransactArgs,
        domain::ThingArgs,
        domain::SeenArgs,
        domain::ThingName,
        command::ConfigArgs,
        command::Role,
        command::Accepted,
        Event,
        log::Level,
        log::LogEntry,
        config::ServerConfig,
        config::DownloadsConfig,
        config::LogsConfig,
        config::WsConfig,
        config::StateConfig,
        frame::StatePosition,
        frame::LogPosition,
        frame::ClientInfo,
        frame::Auth,
        frame::SubRequest,
        frame::Served,
        frame::LogRequest,
        frame::ClientFrame,
        frame::SnapshotReason,
        frame::SubStart,
        frame::Limits,
        frame::ServerInfo,
        frame::ServerFrame,
    )
}

fn main() -> std::io::Result<()> {
    let config = &Config::new().with_large_int("number");
    let types = types(config);
    let names = command::Command::NAMES.map(|name| format!("\"{name}\"")).join(" | ");
    let ids = ["JobId", "Epoch", "CommandKey", "Actor", "Time"]
        .map(|name| format!("/** Opaque text. */\nexport type {name} = string;\n"))
        .concat();
    let text = format!(
        "// @generated from the Rust crate callboard-protocol by `cargo xtask codegen`. Do not edit.\n\n\
         /** Any JSON value. */\n\
         export type JsonValue = null | boolean | number | string | readonly JsonValue[] | {{ readonly [key: string]: JsonValue }};\n\n\
         /** One RFC 6902 operation. The server sends add, replace and remove. */\n\
         export type PatchOp =\n  | {{ op: \"add\" | \"replace\" | \"test\"; path: string; value: JsonValue }}\n  \
         | {{ op: \"remove\"; path: string }}\n  | {{ op: \"move\" | \"copy\"; from: string; path: string }};\n\n\
         /** The names of all commands. */\nexport type CommandName = {names};\n\n\
         /** The WebSocket subprotocol. */\nexport const SUBPROTOCOL = \"{subprotocol}\";\n\n\
         /** The protocol's number in `hello` and `welcome`. */\nexport const PROTOCOL = {protocol};\n\n\
         /** The longest JSON pointer, in bytes. */\nexport const POINTER_BYTES = {pointer};\n\n{ids}{types}",
        subprotocol = frame::SUBPROTOCOL,
        protocol = frame::PROTOCOL,
        pointer = caps::POINTER_BYTES,
    );
    match std::env::args().nth(1) {
        Some(path) => std::fs::write(path, text),
        None => std::io::Write::write_all(&mut std::io::stdout(), text.as_bytes()),
    }
}
