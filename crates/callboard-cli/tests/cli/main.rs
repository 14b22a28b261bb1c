//! The real binary against a real server on a temporary data folder.

mod config;
mod drops;
mod failures;
mod jobs;
mod kit;
mod outage;
mod run;
