//! `callboard top`: the board in a terminal.
//!
//! Reading order: `sheet.rs` (what can be looked at), `model.rs` (what is shown, pure), `rows.rs` (jobs in their order), `log_pane.rs`, `keys.rs` and those beside it, `mouse.rs` (what is pressed),
//! `draw.rs` and below (pictures of the model), `session.rs` (select, decide, act), `screen.rs` (the terminal).

mod choose;
mod columns;
mod draw;
mod executors;
mod keys;
mod log_pane;
mod metrics;
mod model;
mod mouse;
mod past;
mod preferences;
#[cfg(test)]
mod reach_tests;
mod rows;
mod samples;
mod screen;
mod seek;
mod session;
mod sheet;
#[cfg(test)]
mod sheet_tests;
#[cfg(test)]
mod tests;

pub(crate) use session::run;
