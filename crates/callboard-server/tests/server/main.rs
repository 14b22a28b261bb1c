//! A real server on a real port: who gets in, what it says, and what bad clients can do to it.

mod artifacts;
mod check;
mod commands;
mod config;
mod convergence;
mod delivery;
mod faults;
mod frames;
mod gate;
mod http;
mod ingest;
mod kit;
mod lasting;
mod logs;
mod look_back;
mod names;
mod pressure;
mod resume;
mod seed3;
mod serving;
mod stalled;
mod stored;
mod tokens;
mod views;
mod workflows;
