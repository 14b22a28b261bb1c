//! Commands: requests to change something. One name per thing, the same everywhere.

use crate::{
    CommandKey, JobId, Node,
    bulk::BulkArgs,
    domain::{PathArgs, ReplaceArgs, SeenArgs, ThingArgs, ThingName, TransactArgs, Write, WriteArgs},
    error::{ErrorCode, Rejection},
    from_node,
    job::{ClearArgs, DispatchArgs, UpdateArgs, clip},
    queue::{QueueArgs, QueueSettings},
    schedule::{ScheduleArgs, ScheduleName},
    workflow::{WorkflowArgs, WorkflowCancelArgs, WorkflowName, WorkflowRetryArgs},
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A command with its arguments checked for shape.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// `jobs.dispatch`: accept a job. Returns `{id}`.
    Dispatch(Box<DispatchArgs>),
    /// `jobs.cancel`: stop a job, whatever it is doing. Returns `{state}`: `cancelled`, or `running` while it stops.
    Cancel(CancelArgs),
    /// `jobs.retry`: queue a finished job again. Returns `{id}`.
    Retry(JobArgs),
    /// `jobs.update`: change a job that is not finished: its input, its priority, its place. Returns `{id}`.
    Update(Box<UpdateArgs>),
    /// `jobs.clear`: delete finished jobs, live and stored. Returns `{deleted}`.
    Clear(ClearArgs),
    /// `jobs.delete`: take a finished job out of the state and the store.
    Delete(JobArgs),
    /// `jobs.bulk`: do something to all jobs that a query means. Returns `{id}` of the job that does it, or what a dry
    /// run counts: `{action, eligible, skipped, sample, at, cut}`.
    Bulk(Box<BulkArgs>),
    /// `results.delete`: take an entry out of the results.
    DeleteResult(JobArgs),
    /// `queues.configure`: set the limits of a queue or of the board. Returns `{queue}`.
    ConfigureQueue(Box<QueueSettings>),
    /// `queues.pause`: start nothing more from a queue; what runs goes on. Returns `{queue}`.
    PauseQueue(QueueArgs),
    /// `queues.resume`: start again. Returns `{queue}`.
    ResumeQueue(QueueArgs),
    /// `schedules.put`: make or replace a schedule. Returns `{id, nextAt}`.
    PutSchedule(Box<ScheduleArgs>),
    /// `schedules.delete`: take a schedule away; its jobs stay.
    DeleteSchedule(ScheduleName),
    /// `schedules.trigger`: dispatch its job now, beside its times. Returns `{id, job}`.
    TriggerSchedule(ScheduleName),
    /// `workflows.start`: check a recipe and begin with it. Returns `{id}`.
    StartWorkflow(Box<WorkflowArgs>),
    /// `workflows.cancel`: stop all its jobs, then undo what was done. Returns `{state}`.
    CancelWorkflow(WorkflowCancelArgs),
    /// `workflows.retry`: run a workflow that has ended again, from the steps that did not succeed or that are named.
    /// Returns `{id, steps}`: how many steps run again.
    RetryWorkflow(WorkflowRetryArgs),
    /// `workflows.delete`: take a workflow that has ended out of the state; its jobs stay.
    DeleteWorkflow(WorkflowName),
    /// `state.set`, `state.merge`, `state.delete`, `state.transact`: write into open domains, all or nothing.
    Write(Vec<Write>),
    /// `state.replace`: make the open domains be these.
    ReplaceState(ReplaceArgs),
    /// `devices.put`, `streams.put`: make or replace a record. Returns `{id}`.
    PutThing(Things, Box<ThingArgs>),
    /// `devices.seen`, `streams.seen`: it is there. Returns `{id}`.
    SeeThing(Things, SeenArgs),
    /// `devices.delete`, `streams.delete`: forget it.
    DeleteThing(Things, ThingName),
    /// `config.set`: change what clients adopt (S3.14). Returns `/serverConfig`.
    Configure(ConfigArgs),
}

/// Things outside that the board watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Things {
    /// The domain `devices`.
    Devices,
    /// The domain `streams`.
    Streams,
}

impl Things {
    /// The domain.
    pub fn domain(self) -> &'static str {
        match self {
            Things::Devices => "devices",
            Things::Streams => "streams",
        }
    }

    fn of(domain: &str) -> Things {
        if domain == "streams" { Things::Streams } else { Things::Devices }
    }
}

/// Arguments that name a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JobArgs {
    /// The job.
    pub id: JobId,
}

/// Arguments of `jobs.cancel`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CancelArgs {
    /// The job.
    pub id: JobId,
    /// Why, in words.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub reason: Option<String>,
}

/// Arguments of `config.set`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConfigArgs {
    /// Values by the name of their setting, such as `ws.heartbeatIntervalMs`; `null` goes back to what the server
    /// started with.
    #[ts(as = "std::collections::BTreeMap<String, Node>")]
    pub values: std::collections::BTreeMap<String, Node>,
}

/// Who may do something (design: security 3.5). Each role may do what the ones before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Sees.
    Viewer,
    /// Starts and stops jobs, runs commands.
    Operator,
    /// Configures.
    Admin,
}

impl Role {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Operator => "operator",
            Role::Admin => "admin",
        }
    }
}

impl Command {
    /// The names of all commands.
    pub const NAMES: [&'static str; 30] = [
        "jobs.dispatch",
        "jobs.cancel",
        "jobs.retry",
        "jobs.update",
        "jobs.clear",
        "jobs.delete",
        "jobs.bulk",
        "results.delete",
        "queues.configure",
        "queues.pause",
        "queues.resume",
        "schedules.put",
        "schedules.delete",
        "schedules.trigger",
        "workflows.start",
        "workflows.cancel",
        "workflows.retry",
        "workflows.delete",
        "state.set",
        "state.merge",
        "state.delete",
        "state.transact",
        "state.replace",
        "devices.put",
        "devices.seen",
        "devices.delete",
        "streams.put",
        "streams.seen",
        "streams.delete",
        "config.set",
    ];

    /// Reads a command from its wire form.
    ///
    /// # Errors
    /// `unknown_command`, or `invalid_args` naming the field.
    pub fn parse(name: &str, args: &Node) -> Result<Command, Rejection> {
        fn read<T: serde::de::DeserializeOwned>(name: &str, args: &Node) -> Result<T, Rejection> {
            // A list would be taken as the members in their order, and an empty one as nothing: `jobs.clear []`.
            if let Node::Array(_) = args {
                let message = format!("the arguments of {name} are an object of named members, not a list");
                return Err(Rejection::new(ErrorCode::InvalidArgs, message));
            }
            from_node(args).map_err(|error| {
                // The error may repeat a text of the arguments, however long.
                let message = format!("the arguments of {name} do not fit: {error}");
                Rejection::new(ErrorCode::InvalidArgs, clip(&message))
            })
        }
        Ok(match name {
            "jobs.dispatch" => Command::Dispatch(read(name, args)?),
            "jobs.cancel" => Command::Cancel(read(name, args)?),
            "jobs.retry" => Command::Retry(read(name, args)?),
            "jobs.update" => Command::Update(read(name, args)?),
            "jobs.clear" => Command::Clear(read(name, args)?),
            "jobs.delete" => Command::Delete(read(name, args)?),
            "jobs.bulk" => Command::Bulk(read(name, args)?),
            "results.delete" => Command::DeleteResult(read(name, args)?),
            "queues.configure" => Command::ConfigureQueue(read(name, args)?),
            "queues.pause" => Command::PauseQueue(read(name, args)?),
            "queues.resume" => Command::ResumeQueue(read(name, args)?),
            "schedules.put" => Command::PutSchedule(read(name, args)?),
            "schedules.delete" => Command::DeleteSchedule(read(name, args)?),
            "schedules.trigger" => Command::TriggerSchedule(read(name, args)?),
            "workflows.start" => Command::StartWorkflow(read(name, args)?),
            "workflows.cancel" => Command::CancelWorkflow(read(name, args)?),
            "workflows.retry" => Command::RetryWorkflow(read(name, args)?),
            "workflows.delete" => Command::DeleteWorkflow(read(name, args)?),
            "state.set" => {
                let WriteArgs { path, value } = read(name, args)?;
                Command::Write(vec![Write::Set { path, value }])
            }
            "state.merge" => {
                let WriteArgs { path, value } = read(name, args)?;
                Command::Write(vec![Write::Merge { path, value }])
            }
            "state.delete" => {
                let PathArgs { path } = read(name, args)?;
                Command::Write(vec![Write::Delete { path }])
            }
            "state.transact" => Command::Write(read::<TransactArgs>(name, args)?.writes),
            "state.replace" => Command::ReplaceState(read(name, args)?),
            "devices.put" | "streams.put" => Command::PutThing(things(name), read(name, args)?),
            "devices.seen" | "streams.seen" => Command::SeeThing(things(name), read(name, args)?),
            "devices.delete" | "streams.delete" => Command::DeleteThing(things(name), read(name, args)?),
            "config.set" => Command::Configure(read(name, args)?),
            _ => {
                let name: String = name.chars().take(80).collect();
                return Err(Rejection::new(
                    ErrorCode::UnknownCommand,
                    format!("there is no command {name:?}; there are {}", Command::NAMES.join(", ")),
                ));
            }
        })
    }

    /// The name on the wire.
    pub fn name(&self) -> &'static str {
        match self {
            Command::Write(writes) => match &writes[..] {
                [Write::Set { .. }] => "state.set",
                [Write::Merge { .. }] => "state.merge",
                [Write::Delete { .. }] => "state.delete",
                _ => "state.transact",
            },
            Command::ReplaceState(_) => "state.replace",
            Command::PutThing(Things::Devices, _) => "devices.put",
            Command::SeeThing(Things::Devices, _) => "devices.seen",
            Command::DeleteThing(Things::Devices, _) => "devices.delete",
            Command::PutThing(Things::Streams, _) => "streams.put",
            Command::SeeThing(Things::Streams, _) => "streams.seen",
            Command::DeleteThing(Things::Streams, _) => "streams.delete",
            Command::Dispatch(_) => "jobs.dispatch",
            Command::Cancel(_) => "jobs.cancel",
            Command::Retry(_) => "jobs.retry",
            Command::Delete(_) => "jobs.delete",
            Command::Bulk(_) => "jobs.bulk",
            Command::DeleteResult(_) => "results.delete",
            Command::Update(_) => "jobs.update",
            Command::Clear(_) => "jobs.clear",
            Command::ConfigureQueue(_) => "queues.configure",
            Command::PauseQueue(_) => "queues.pause",
            Command::ResumeQueue(_) => "queues.resume",
            Command::PutSchedule(_) => "schedules.put",
            Command::DeleteSchedule(_) => "schedules.delete",
            Command::TriggerSchedule(_) => "schedules.trigger",
            Command::StartWorkflow(_) => "workflows.start",
            Command::CancelWorkflow(_) => "workflows.cancel",
            Command::RetryWorkflow(_) => "workflows.retry",
            Command::DeleteWorkflow(_) => "workflows.delete",
            Command::Configure(_) => "config.set",
        }
    }

    /// The least role that may send it.
    pub fn role(&self) -> Role {
        match self {
            Command::ConfigureQueue(_) => Role::Admin,
            Command::Configure(_) => Role::Admin,
            _ => Role::Operator,
        }
    }
}

fn things(name: &str) -> Things {
    Things::of(name.split_once('.').map_or(name, |(domain, _)| domain))
}

/// The answer to a command that was carried out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Accepted {
    /// The version at which its effect is visible.
    #[ts(type = "number")]
    pub version: u64,
    /// What it returned.
    #[serde(skip_serializing_if = "Node::is_null", default)]
    #[ts(optional, as = "Option<Node>")]
    pub result: Node,
    /// The command had been carried out before, under the same key.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    #[ts(optional, as = "Option<bool>")]
    pub dup: bool,
}

/// The outcome of a command, kept so that a repeated one gets the same answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeptOutcome {
    /// The command's key.
    pub key: CommandKey,
    /// When it was decided.
    pub at: crate::Time,
    /// The version of its change.
    pub version: u64,
    /// What it returned.
    #[serde(skip_serializing_if = "Node::is_null", default)]
    pub result: Node,
    /// It is kept until then, whatever else is kept; for idempotency keys of jobs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub until: Option<crate::Time>,
}
