//! Who may come in: tokens, launch codes, and the gate before every route (design: security 3 and 5).

mod failures;
mod gate;
mod launch;
mod tokens;

pub(crate) use failures::Failures;
pub(crate) use gate::{Caller, Gate, Policy, gate};
pub(crate) use launch::LaunchCodes;
pub use tokens::{NewToken, TokenError, Tokens};
pub(crate) use tokens::{now, write_private};

use std::fmt::Write as _;

/// Random bytes as hex digits.
pub(crate) fn random_hex(bytes: usize) -> std::io::Result<String> {
    let mut buffer = vec![0u8; bytes];
    let mut filled = 0;
    while filled < bytes {
        filled += rustix::rand::getrandom(&mut buffer[filled..], rustix::rand::GetRandomFlags::empty())?;
    }
    Ok(hex(&buffer))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
