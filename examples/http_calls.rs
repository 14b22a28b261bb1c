//! Calls to a service that allows two of them in 200 ms. Without a limit of our own it turns callers away; they wait as
//! long as it says and come again. A queue with a rate is kinder: nobody is turned away.
//!
//! Run it with `cargo run -p callboard-examples --bin http_calls`.
#![expect(clippy::print_stdout, reason = "an example talks to the person who runs it")]

use callboard::{
    Board, BoardOptions,
    exec::{HttpClient, HttpRequest, Registry, RequestSpec, Template},
    protocol::{
        Actor,
        command::Command,
        job::{DispatchArgs, JobState},
        queue::{QueueSettings, Rate},
    },
};
use callboard_examples::{job, kind, strict_service};
use serde_json::json;
use std::{error::Error, sync::Arc, time::Duration};

const CALLS: u32 = 8;

/// Makes all calls at once, into this queue; how often they were tried.
async fn call(board: &Board, queue: &str) -> Result<u32, Box<dyn Error>> {
    let mut handles = Vec::new();
    for number in 0..CALLS {
        let call = DispatchArgs {
            queue: Some(queue.into()),
            max_attempts: Some(20),
            ..job("greet", &json!({ "name": format!("caller {number}") }))
        };
        handles.push(board.dispatch(call, Actor::new("example")).await?);
    }
    let mut tries = 0;
    for handle in handles {
        let ended = handle.end().await?;
        assert_eq!(ended.state, JobState::Succeeded, "{:?}", ended.error);
        tries += ended.attempt;
    }
    Ok(tries)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let service = strict_service(Duration::from_millis(200)).await?;
    // The same can be declared in callboard.toml, without any code. What is put into the address is encoded.
    let spec = RequestSpec::get(Template::parse(&format!("{service}/greet/{{args.name}}"))?);
    let greet = HttpRequest::configured(HttpClient::new(), spec)
        .map_err(|(member, why)| format!("{member}: {why}"))?;
    let mut registry = Registry::new();
    registry.register(kind("greet"), Arc::new(greet))?;
    let board = Board::open(BoardOptions { registry, ..BoardOptions::default() }).await?;

    let tries = call(&board, "hasty").await?;
    println!("without a limit: {CALLS} calls were answered after {tries} tries");
    assert!(tries > CALLS, "some were turned away");

    // One every 150 ms, and never two at once: less than the service allows.
    let rate = Some(Rate { limit: 1, per_ms: 150, burst: Some(1) });
    let polite = QueueSettings { queue: "polite".into(), rate, ..QueueSettings::default() };
    board.send(Command::ConfigureQueue(Box::new(polite)), Actor::new("example"), None).await?;
    let tries = call(&board, "polite").await?;
    println!("with a rate: {CALLS} calls were answered after {tries} tries");
    assert!(tries <= CALLS + 2, "hardly anybody was turned away");
    board.shutdown().await;
    Ok(())
}
