//! Workflows as resources: the routes do what the commands do, and refuse what they refuse (issue 4; protocol 10).

use crate::kit::{Stage, stage, work};
use callboard::{Host as _, Machine};
use callboard_client::{Client, Code, Options};
use callboard_exec::Outcome;
use callboard_protocol::{
    bulk::{BulkAction, BulkArgs, BulkValues},
    error::ErrorCode,
    job::{DispatchArgs, JobState},
    workflow::{Recipe, Step, StepState, WorkflowArgs, WorkflowState},
};
use callboard_testkit::raw_http::Answer;
use serde_json::{Value, json};

async fn ask(stage: &Stage, method: &str, path: &str, body: Option<Value>) -> Answer {
    let request = stage.server.request(method, path);
    let request = match body {
        Some(body) => request.json(body.to_string()),
        None => request,
    };
    request.send(stage.server.address()).await.expect("an answer")
}

async fn good(stage: &Stage, method: &str, path: &str, body: Option<Value>) -> Value {
    let answer = ask(stage, method, path, body).await;
    assert_eq!(answer.status, 200, "{method} {path}: {}", answer.text());
    answer.json().expect("JSON")
}

/// Asks until the workflow is so.
async fn until(stage: &Stage, id: &str, state: &str) -> Value {
    loop {
        let workflow = good(stage, "GET", &format!("/api/workflows/{id}"), None).await;
        if workflow["state"] == state {
            return workflow;
        }
        tokio::task::yield_now().await;
    }
}

fn recipe(id: &str) -> Value {
    json!({ "id": id, "recipe": { "name": "two", "steps": [
        { "id": "a", "kind": "work" }, { "id": "b", "kind": "work", "args": { "of": "${steps.a.result}" } },
    ] } })
}

#[tokio::test]
async fn a_workflow_is_run_looked_at_retried_and_deleted_by_its_address() {
    let mut stage = stage().await;
    let begun = good(&stage, "POST", "/api/workflows", Some(recipe("w"))).await;
    assert_eq!(begun["result"], json!({ "id": "w" }));
    let early = ask(&stage, "DELETE", "/api/workflows/w", None).await;
    assert_eq!((early.status, early.json::<Value>().unwrap()["code"].clone()), (409, json!("conflict")));
    stage.attempts.next().await.finish(Outcome::Succeeded(7u32.into()));
    stage.attempts.next().await.finish(Outcome::fatal("no", "it cannot"));
    let failed = until(&stage, "w", "failed").await;
    assert_eq!(failed["error"]["step"], "b");
    let again = good(&stage, "POST", "/api/workflows/w/retry", None).await;
    assert_eq!(again["result"], json!({ "id": "w", "steps": 1 }));
    let retried = stage.attempts.next().await;
    assert_eq!(retried.context().job_id.as_str(), "w:b.2");
    let stopping = good(&stage, "POST", "/api/workflows/w/cancel", Some(json!({ "reason": "enough" }))).await;
    assert_eq!(stopping["result"], json!({ "state": "stopping" }));
    retried.finish(Outcome::Cancelled);
    let cancelled = until(&stage, "w", "cancelled").await;
    assert_eq!(cancelled["cancel"]["reason"], "enough");
    good(&stage, "DELETE", "/api/workflows/w", None).await;
    assert_eq!(ask(&stage, "GET", "/api/workflows/w", None).await.status, 404);
    assert_eq!(good(&stage, "GET", "/api/jobs/w:b.2", None).await["state"], "cancelled", "its jobs stay");
}

#[tokio::test]
async fn workflows_are_listed_and_wrong_questions_are_named() {
    let stage = stage().await;
    assert_eq!(good(&stage, "GET", "/api/workflows", None).await, json!({ "workflows": [], "total": 0 }));
    for id in ["w1", "w2", "w3"] {
        good(&stage, "POST", "/api/workflows", Some(recipe(id))).await;
    }
    good(&stage, "POST", "/api/workflows/w3/cancel", None).await;
    let listed = good(&stage, "GET", "/api/workflows?state=running&name=two&limit=1", None).await;
    assert_eq!((&listed["total"], listed["workflows"].as_array().map(Vec::len)), (&json!(2), Some(1)));
    assert_eq!(listed["workflows"][0]["id"], "w2", "the newest first");
    assert_eq!(good(&stage, "GET", "/api/workflows?name=none", None).await["total"], 0);
    for (method, path, body, status, code) in [
        ("GET", "/api/workflows?state=done", None, 400, "invalid_args"),
        ("GET", "/api/workflows?limit=x", None, 400, "invalid_args"),
        ("GET", "/api/workflows/none", None, 404, "not_found"),
        ("POST", "/api/workflows/none/retry", None, 404, "not_found"),
        ("DELETE", "/api/workflows/none", None, 404, "not_found"),
        ("POST", "/api/workflows/none/cancel", None, 404, "not_found"),
        ("POST", "/api/workflows/w1/cancel", Some(json!([])), 400, "invalid_args"),
        ("POST", "/api/workflows/w1/cancel", Some(json!({ "why": "x" })), 400, "invalid_args"),
        (
            "POST",
            "/api/workflows",
            Some(json!({ "recipe": { "name": "n", "steps": [] } })),
            400,
            "invalid_args",
        ),
        ("POST", "/api/workflows", Some(recipe("w1")), 409, "conflict"),
    ] {
        let answer = ask(&stage, method, path, body).await;
        let problem: Value = answer.json().expect("a problem");
        assert_eq!((answer.status, &problem["code"]), (status, &json!(code)), "{method} {path}: {problem}");
    }
}

fn client(stage: &Stage) -> Client {
    let url = format!("http://{}/", stage.server.address());
    Client::connect(Options::new(&url, stage.server.token()).expect("an address"))
}

#[tokio::test]
async fn the_rust_client_runs_follows_retries_and_deletes_a_workflow() {
    let mut stage = stage().await;
    let client = client(&stage);
    let recipe = Recipe::new("two")
        .step(Step::new("a", "work"))
        .step(Step::new("b", "work").arg("of", "${steps.a.result}"));
    let handle =
        client.start_workflow(WorkflowArgs { recipe, ..WorkflowArgs::default() }).await.expect("accepted");
    let mut steps = handle.follow();
    let first = steps.next().await.expect("connected").expect("it is in the mirror");
    assert_eq!((first.id.as_str(), first.state), (handle.id(), WorkflowState::Running));
    stage.attempts.next().await.finish(Outcome::Succeeded(7u32.into()));
    loop {
        let now = steps.next().await.expect("connected").expect("there");
        if now.steps["a"].state == StepState::Succeeded {
            break;
        }
    }
    stage.attempts.next().await.finish(Outcome::fatal("no", "it cannot"));
    let failed = handle.wait().await.expect("it ended");
    assert_eq!(
        (failed.state, failed.error.map(|error| error.step).as_deref()),
        (WorkflowState::Failed, Some("b"))
    );
    let again = handle.retry().await.expect("accepted");
    assert_eq!(again.delete().await.expect_err("it is under way").code(), Code::Server(ErrorCode::Conflict));
    stage.attempts.next().await.finish(Outcome::Succeeded(8u32.into()));
    // The handle of the retry does not take the earlier end for its own.
    let ended = again.wait().await.expect("it ended");
    assert_eq!((ended.state, ended.retries), (WorkflowState::Succeeded, 1));
    assert_eq!(
        client.workflows().iter().map(|workflow| workflow.id.as_str()).collect::<Vec<_>>(),
        [again.id()]
    );
    assert_eq!(again.cancel(None).await.expect_err("over").code(), Code::Server(ErrorCode::Conflict));
    again.delete().await.expect("accepted");
    let gone = client.workflow(again.id());
    client.wait_for(|_| again.record().is_none().then_some(())).await.expect("connected");
    assert_eq!(gone.wait().await.expect_err("it is gone").code(), Code::Server(ErrorCode::NotFound));
    client.close().await;
}

#[tokio::test]
async fn the_rust_client_counts_runs_and_awaits_a_bulk() {
    let stage = stage().await;
    for number in 0..3 {
        stage
            .dispatch(DispatchArgs { hold: true, ..work(&format!("h{number}"), 1) })
            .await
            .expect("accepted");
    }
    let client = client(&stage);
    let values = BulkValues { add: vec!["late".into()], ..BulkValues::default() };
    let args = BulkArgs {
        action: BulkAction::Tag,
        query: "kind:work".into(),
        args: values,
        dry_run: false,
        confirm: None,
        at: None,
    };
    let count = client.count_bulk(args.clone()).await.expect("counted");
    assert_eq!((count.eligible, count.sample.len(), count.cut), (3, 3, false));
    // Times have milliseconds: what comes in that of the count is meant as well.
    while Machine.now() <= count.at {
        tokio::task::yield_now().await;
    }
    stage.dispatch(DispatchArgs { hold: true, ..work("later", 1) }).await.expect("accepted");
    let bulk = client.bulk(BulkArgs { at: Some(count.at), ..args.clone() }).await.expect("begun");
    let end = bulk.wait().await.expect("it ended");
    assert_eq!((end.state, end.counts.done, end.counts.handled()), (JobState::Succeeded, 3, 3));
    let wrong = client.count_bulk(BulkArgs { query: "stat:x".into(), ..args }).await.expect_err("no query");
    assert_eq!(wrong.code(), Code::Server(ErrorCode::InvalidArgs));
    client.close().await;
}
