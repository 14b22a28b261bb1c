//! Text from the server as messages. What is newer than this client is left out, what is broken is said.

mod straight;

use callboard_protocol::{Node, error::ErrorCode, frame::ServerFrame};
use serde::Deserialize;

/// What a text frame is.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// A message.
    Frame(Box<ServerFrame>),
    /// A message that this client does not know and need not know.
    Unknown,
    /// A message whose loss cannot be repaired from here.
    Broken(String),
}

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    r#type: std::borrow::Cow<'a, str>,
}

/// An error with a code that this client does not know.
#[derive(Deserialize)]
struct LooseError {
    re: Option<String>,
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    retryable: bool,
    details: Option<Node>,
}

/// Reads one text frame.
pub(crate) fn read(text: &str) -> Incoming {
    let error = match straight::read(text).unwrap_or_else(|| serde_json::from_str(text)) {
        Ok(frame) => return Incoming::Frame(Box::new(frame)),
        Err(error) => error,
    };
    let kind = match serde_json::from_str::<Head<'_>>(text) {
        Ok(head) => head.r#type.into_owned(),
        Err(_) => return Incoming::Broken(format!("the server sent something that is no message: {error}")),
    };
    match kind.as_str() {
        "error" => loose_error(text),
        "welcome" | "state.snapshot" | "state.patch" | "logs.history" | "logs.append" | "ack" => {
            Incoming::Broken(format!("the server sent a {kind} that cannot be read: {error}"))
        }
        _ => Incoming::Unknown,
    }
}

fn loose_error(text: &str) -> Incoming {
    let Ok(error) = serde_json::from_str::<LooseError>(text) else { return Incoming::Unknown };
    Incoming::Frame(Box::new(ServerFrame::Error {
        re: error.re,
        code: ErrorCode::Internal,
        message: format!("{} ({})", error.message, error.code),
        retryable: error.retryable,
        details: error.details,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_messages_are_left_out_and_broken_ones_named() {
        assert!(matches!(read(r#"{"type":"ping","ts":1,"more":true}"#), Incoming::Frame(_)));
        assert!(matches!(read(r#"{"type":"event","topic":"x"}"#), Incoming::Unknown));
        assert!(matches!(read(r#"{"type":"goaway"}"#), Incoming::Unknown));
        assert!(matches!(read("[]"), Incoming::Broken(_)));
        assert!(matches!(read("{"), Incoming::Broken(_)));
        let Incoming::Broken(why) = read(r#"{"type":"state.patch","epoch":"e"}"#) else { panic!("readable") };
        assert!(why.contains("state.patch"), "{why}");
    }

    #[test]
    fn an_error_with_a_newer_code_still_answers_its_command() {
        let text = r#"{"type":"error","re":"7","code":"too_hot","message":"cool down","retryable":true}"#;
        let Incoming::Frame(frame) = read(text) else { panic!("unreadable") };
        let ServerFrame::Error { re, message, retryable, .. } = *frame else { panic!("no error") };
        assert_eq!((re.as_deref(), message.as_str(), retryable), (Some("7"), "cool down (too_hot)", true));
    }
}
