//! Log lines: one order for all, a bounded ring in memory, files for what must survive (S3.18-S3.20, ARCHITECTURE 7).

mod channels;
mod files;
mod hub;
mod options;
mod page;
mod retention;
mod ring;
mod seqs;

pub use hub::{Line, LogCounts, LogHub};
pub use options::LogOptions;
pub use ring::{LogFilter, LogPage};
