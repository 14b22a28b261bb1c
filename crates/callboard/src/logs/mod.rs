//! Log lines: one order for all, a bounded ring in memory, files for what must survive (S3.18-S3.20, ARCHITECTURE 7).

mod files;
mod hub;
mod page;
mod ring;
mod seqs;

pub use hub::LogHub;
pub use ring::{LogFilter, LogPage};
