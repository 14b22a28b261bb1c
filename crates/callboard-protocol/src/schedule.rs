//! Schedules: work that is dispatched at times (design: jobs 6).

use crate::{Actor, JobId, Time, job::DispatchArgs};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What happens when the time has come and the job of the last time is not finished.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// This time is left out, and counted.
    #[default]
    Skip,
    /// The new job waits in its queue like any other.
    Queue,
    /// The job of the last time is cancelled.
    CancelPrevious,
}

/// What happens about times that passed while no server was there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CatchUp {
    /// They are left out, and counted.
    #[default]
    Skip,
    /// One job is dispatched for all of them.
    One,
    /// One job is dispatched for each, up to [`crate::caps::CATCH_UP`].
    All,
}

/// A schedule at `/schedules/<id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Schedule {
    /// Its name.
    pub id: String,
    /// When: a cron expression of five fields, or six with seconds first, or a word such as `@daily`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub cron: Option<String>,
    /// When: every so many milliseconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional, type = "number")]
    pub every_ms: Option<u64>,
    /// The time zone of `cron`, e.g. `Europe/Berlin`.
    pub time_zone: String,
    /// What: the arguments of `jobs.dispatch`, without an id.
    pub job: DispatchArgs,
    /// When the job of the last time is not finished.
    #[serde(default)]
    pub overlap: Overlap,
    /// When times were missed.
    #[serde(default)]
    pub catch_up: CatchUp,
    /// Nothing is dispatched.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    #[ts(optional, as = "Option<bool>")]
    pub paused: bool,
    /// The next time; absent when there is none or it is paused.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub next_at: Option<Time>,
    /// The time of the last job.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub last_at: Option<Time>,
    /// The last job.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub last_job: Option<JobId>,
    /// Jobs dispatched.
    #[ts(type = "number")]
    pub runs: u64,
    /// Times left out: missed, or skipped because the last job was not finished.
    #[ts(type = "number")]
    pub skipped: u64,
    /// Why the last dispatch was refused.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub error: Option<String>,
    /// When it was put.
    pub created_at: Time,
    /// Who put it.
    pub created_by: Actor,
}

/// Arguments of `schedules.put`: makes a schedule, or replaces the one with this name. Counts stay.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScheduleArgs {
    /// Its name.
    pub id: String,
    /// When: a cron expression of five fields, or six with seconds first, or a word such as `@daily`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub cron: Option<String>,
    /// When: every so many milliseconds from now on; instead of `cron`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional, type = "number")]
    pub every_ms: Option<u64>,
    /// The time zone of `cron`; `UTC` when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub time_zone: Option<String>,
    /// What: the arguments of `jobs.dispatch`, without an id.
    pub job: DispatchArgs,
    /// When the job of the last time is not finished; `skip` when absent.
    #[serde(default)]
    #[ts(optional, as = "Option<Overlap>")]
    pub overlap: Overlap,
    /// When times were missed; `skip` when absent.
    #[serde(default)]
    #[ts(optional, as = "Option<CatchUp>")]
    pub catch_up: CatchUp,
    /// Nothing is dispatched until it is put again without this.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    #[ts(optional, as = "Option<bool>")]
    pub paused: bool,
}

/// Arguments that name a schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScheduleName {
    /// The schedule.
    pub id: String,
}
