//! A real server on a real port: who gets in, what it says, and what bad clients can do to it.

mod artifacts;
mod commands;
mod delivery;
mod frames;
mod gate;
mod http;
mod kit;
mod logs;
mod resume;
mod seed3;
mod serving;
mod stalled;
mod tokens;
mod views;
