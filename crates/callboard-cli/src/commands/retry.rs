//! `callboard retry ID...|QUERY`: queues finished jobs again.

use super::finished::{Deed, IdArgs};
use crate::{api::Api, failure::Outcome, text::form::Output};
use callboard_protocol::bulk::BulkAction;
use serde_json::json;

pub(crate) async fn retry(api: &Api, args: IdArgs, out: &Output) -> Outcome {
    let record = json!({ "v": 1 });
    let deed = Deed { action: BulkAction::Retry, command: "jobs.retry", confirm: None, record };
    args.carry_out(api, deed, out).await
}
