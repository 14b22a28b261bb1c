//! Text from a client or a server: a message that survives the way there and back, or an error.

use callboard_protocol::frame::{ClientFrame, ServerFrame};

/// The input is one message.
pub fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Ok(frame) = serde_json::from_str::<ClientFrame>(text) {
        let again = serde_json::to_string(&frame).expect("what was read can be written");
        assert_eq!(serde_json::from_str::<ClientFrame>(&again).expect("and read again"), frame);
    }
    if let Ok(frame) = serde_json::from_str::<ServerFrame>(text) {
        let again = serde_json::to_string(&frame).expect("what was read can be written");
        assert_eq!(serde_json::from_str::<ServerFrame>(&again).expect("and read again"), frame);
    }
}
