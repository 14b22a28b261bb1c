//! Secrets of a kind, taken out of everything that its attempts say.

#[cfg(feature = "http")]
use crate::Outcome;
use crate::Secrets;
#[cfg(feature = "http")]
use callboard_protocol::job::JobError;
use callboard_protocol::{Node, Object};
use std::{borrow::Cow, sync::Arc};

/// Texts that are replaced wherever they turn up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Masks(Arc<[String]>);

/// What stands for a secret.
const MASK: &str = "[secret]";
/// Shorter values would mask ordinary words.
const LENGTH_MIN: usize = 4;

impl Masks {
    pub(crate) fn of(secrets: &Secrets) -> Self {
        Masks(secrets.values().filter(|value| value.len() >= LENGTH_MIN).map(str::to_owned).collect())
    }

    pub(crate) fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut masked = Cow::Borrowed(text);
        for secret in self.0.iter().filter(|secret| text.contains(secret.as_str())) {
            masked = Cow::Owned(masked.replace(secret.as_str(), MASK));
        }
        masked
    }

    /// An outcome whose error does not tell them.
    #[cfg(feature = "http")]
    pub(crate) fn outcome(&self, outcome: Outcome) -> Outcome {
        match outcome {
            Outcome::Errored { error, retryable, after } => {
                let message = self.text(&error.message).into_owned();
                Outcome::Errored { error: JobError { message, ..error }, retryable, after }
            }
            other => other,
        }
    }

    /// A result with every text in it masked.
    pub(crate) fn node(&self, node: Node) -> Node {
        if self.0.is_empty() {
            return node;
        }
        match node {
            Node::String(text) => Node::from(&*self.text(&text)),
            Node::Array(items) => {
                Node::Array(Arc::new(items.iter().map(|item| self.node(item.clone())).collect()))
            }
            Node::Object(object) => {
                let masked = object.iter().map(|(key, value)| (key.clone(), self.node(value.clone())));
                masked.collect::<Object>().into()
            }
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_are_masked_everywhere() {
        let secrets = Secrets::new([("a".into(), "hunter2".into()), ("b".into(), "x".into())]);
        let masks = Masks::of(&secrets);
        assert_eq!(masks.text("it is hunter2, hunter2!"), "it is [secret], [secret]!");
        assert!(matches!(masks.text("x marks the spot"), Cow::Borrowed(_)), "too short to be told apart");
        let node = masks.node(Node::from(&json!({"a": ["hunter2", 1], "b": {"c": "no"}})));
        assert_eq!(node, Node::from(&json!({"a": ["[secret]", 1], "b": {"c": "no"}})));
    }
}
