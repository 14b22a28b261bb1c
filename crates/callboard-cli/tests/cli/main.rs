//! The real binary against a real server on a temporary data folder.

mod bad_input;
mod blunders;
mod bulk;
mod config;
mod drops;
mod failures;
mod families;
mod jobs;
mod kit;
mod outage;
mod output;
mod past;
mod queries;
mod queues;
mod run;
mod setup;
mod terminal;
mod top;
mod wait;
mod watch;
mod workflows;
