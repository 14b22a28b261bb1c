//! The commands, one file each.

pub(crate) mod cancel;
pub(crate) mod config;
pub(crate) mod get;
pub(crate) mod kinds;
pub(crate) mod logs;
pub(crate) mod open;
pub(crate) mod ps;
pub(crate) mod retry;
pub(crate) mod rm;
pub(crate) mod run;
pub(crate) mod start;
pub(crate) mod version;
