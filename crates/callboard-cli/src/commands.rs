//! The commands, one file each.

mod bulk;
pub(crate) mod cancel;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod each;
pub(crate) mod get;
pub(crate) mod history;
pub(crate) mod kinds;
pub(crate) mod logs;
pub(crate) mod man;
pub(crate) mod open;
pub(crate) mod ps;
pub(crate) mod queues;
pub(crate) mod reference;
pub(crate) mod retry;
pub(crate) mod rm;
pub(crate) mod run;
pub(crate) mod schedules;
pub(crate) mod start;
pub(crate) mod state;
pub(crate) mod top;
pub(crate) mod version;
pub(crate) mod wait;
pub(crate) mod watch;
pub(crate) mod workflow;
