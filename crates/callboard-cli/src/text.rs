//! How things look in a terminal.

pub(crate) mod clean;
pub(crate) mod duration;
pub(crate) mod form;
pub(crate) mod log_line;
pub(crate) mod op_line;
pub(crate) mod output;
pub(crate) mod paint;
pub(crate) mod progress;
pub(crate) mod signals;
pub(crate) mod table;
