//! Close codes and the payload of a close frame.

use crate::error::{DecodeError, Violation};

/// The close codes of RFC 6455 that Callboard uses; its own ones (4000-4999) belong to the protocol crate.
pub mod close_code {
    /// The purpose of the connection is fulfilled.
    pub const NORMAL: u16 = 1000;
    /// The server stops, or the page is left.
    pub const GOING_AWAY: u16 = 1001;
    /// The peer broke the framing rules.
    pub const PROTOCOL: u16 = 1002;
    /// A kind of data that is not accepted here, such as binary.
    pub const UNSUPPORTED: u16 = 1003;
    /// The content does not fit its kind: text that is not UTF-8, deflate data that does not inflate.
    pub const INVALID_PAYLOAD: u16 = 1007;
    /// A rule of the application was broken.
    pub const POLICY: u16 = 1008;
    /// A frame or message over a limit; sending it again will not help.
    pub const TOO_BIG: u16 = 1009;
    /// The server failed.
    pub const INTERNAL: u16 = 1011;
    /// The server restarts; come back.
    pub const RESTART: u16 = 1012;
    /// The server is overloaded; come back later.
    pub const OVERLOAD: u16 = 1013;
}

/// Most bytes of a reason: a control frame carries 125, two of them the code.
pub(crate) const MAX_REASON_BYTES: usize = 123;

/// Why a peer closed the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseFrame {
    /// A code that is allowed on the wire (see [`close_code`]).
    pub code: u16,
    /// At most 123 bytes of text for a log, never for a program.
    pub reason: String,
}

/// Whether `code` may be sent: the registered codes and the ranges for libraries and applications.
/// 1005, 1006 and 1015 only exist in local reports.
pub(crate) fn is_sendable(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// Reads the payload of a close frame.
pub(crate) fn parse(payload: &[u8]) -> Result<Option<CloseFrame>, DecodeError> {
    match payload {
        [] => Ok(None),
        [_] => Err(Violation::ClosePayload.into()),
        [high, low, reason @ ..] => {
            let code = u16::from_be_bytes([*high, *low]);
            if !is_sendable(code) {
                return Err(Violation::CloseCode(code).into());
            }
            let reason = simdutf8::basic::from_utf8(reason).map_err(|_| DecodeError::InvalidUtf8)?;
            Ok(Some(CloseFrame { code, reason: reason.to_owned() }))
        }
    }
}

/// Writes the payload of a close frame; a reason that is too long is cut between two characters.
pub(crate) fn payload(code: u16, reason: &str) -> Vec<u8> {
    debug_assert!(is_sendable(code), "close code {code} must not be sent");
    let reason = &reason[..reason.floor_char_boundary(MAX_REASON_BYTES)];
    [&code.to_be_bytes(), reason.as_bytes()].concat()
}
