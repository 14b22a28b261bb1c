//! `echo`: returns its arguments. For demos and tests.

use crate::{AttemptContext, Executor, KindInfo, Outcome};
use async_trait::async_trait;
use callboard_protocol::{Node, caps, error::Rejection};

/// Returns its arguments as the result.
#[derive(Clone, Copy, Debug, Default)]
pub struct Echo;

impl Echo {
    /// What people are told about it.
    pub fn info() -> KindInfo {
        KindInfo {
            kind: "echo".into(),
            title: "Echo".into(),
            description: "Returns its arguments as the result.".into(),
            example: Node::from(&serde_json::json!({ "hello": "world" })),
            first_run: false,
        }
    }
}

#[async_trait]
impl Executor for Echo {
    fn check(&self, args: &Node) -> Result<(), Rejection> {
        crate::fields::members(args)?;
        // A result has the smaller cap of the two; better refused now than failed later.
        if args.to_string().len() > caps::RESULT_BYTES {
            return Err(crate::fields::too_large("args", format!("at most {} bytes", caps::RESULT_BYTES)));
        }
        Ok(())
    }

    async fn execute(&self, attempt: AttemptContext) -> Outcome {
        Outcome::Succeeded(attempt.args)
    }
}
