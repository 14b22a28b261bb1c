//! Prints docs/reference/job-life.md.
#![expect(clippy::print_stdout, reason = "printing is what it does")]

fn main() {
    println!("{}", callboard_core::table::page());
}
