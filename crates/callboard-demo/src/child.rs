//! Wires a program to the process it runs in: standard input, file descriptor 3, the working folder, the exit code.

use std::fs::OpenOptions;
use std::io::{self, StdinLock, Write};
use std::path::Path;
use std::process::ExitCode;

use crate::{DemoError, checksum, paint};

/// The reports' descriptor, by both names it has.
const REPORT_FILES: [&str; 2] = ["/dev/fd/3", "/proc/self/fd/3"];

type Program = fn(StdinLock<'static>, &mut dyn Write, &Path) -> Result<(), DemoError>;

/// `callboard demo paint`: runs [`paint::run`] as a child process.
///
/// Call it first thing in `main`: a file opened before could get descriptor 3, and reports would go there.
#[must_use]
pub fn main_paint() -> ExitCode {
    exit(paint::run)
}

/// `callboard demo checksum`: runs [`checksum::run`] as a child process. See [`main_paint`].
#[must_use]
pub fn main_checksum() -> ExitCode {
    exit(checksum::run)
}

fn exit(program: Program) -> ExitCode {
    match program(io::stdin().lock(), &mut *reports(), Path::new(".")) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The contract: the last line on standard error is the failure's message.
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Descriptor 3 by its name, which needs no unsafe code. Appending lets it be a file as well as a pipe.
fn reports() -> Box<dyn Write> {
    let open = |name| OpenOptions::new().append(true).open(name).ok();
    match REPORT_FILES.into_iter().find_map(open) {
        Some(file) => Box::new(file),
        None => Box::new(io::sink()),
    }
}
