//! spec/frames.json: every message parses and serialises to the same JSON value.

use callboard_protocol::frame::{ClientFrame, ServerFrame};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

fn survives<T: Serialize + DeserializeOwned>(messages: &Value) {
    let messages = messages.as_array().expect("a list");
    assert!(!messages.is_empty());
    for message in messages {
        let read: T =
            serde_json::from_value(message.clone()).unwrap_or_else(|error| panic!("{message}: {error}"));
        assert_eq!(&serde_json::to_value(&read).expect("plain data"), message);
    }
}

#[test]
fn messages_survive_the_way_there_and_back() {
    let vectors: Value = serde_json::from_str(include_str!("../../../spec/frames.json")).expect("JSON");
    survives::<ClientFrame>(&vectors["client"]);
    survives::<ServerFrame>(&vectors["server"]);
}

#[test]
fn members_that_are_not_known_are_ignored() {
    let text = r#"{"type":"ping","ts":1,"later":{"deep":[1]}}"#;
    assert!(serde_json::from_str::<ClientFrame>(text).is_ok());
}
