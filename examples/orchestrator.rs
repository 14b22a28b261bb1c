//! State that is folded from events, and reactions to them: an inbox that fetches what it was told of, and a badge that
//! only listens.
//!
//! Run it with `cargo run -p callboard-examples --bin orchestrator`.
#![expect(clippy::print_stdout, reason = "an example talks to the person who runs it")]

use callboard::{
    Board, BoardOptions, DataSource, DomainEvent, EventJob, JobFailure, Orchestrator, RunContext,
};
use std::sync::Arc;

struct Check;

struct Fetch(u32);

#[derive(Debug)]
enum Mail {
    Waiting(Vec<u32>),
    Arrived(String),
}

impl DomainEvent for Mail {
    fn topic(&self) -> &str {
        match self {
            Mail::Waiting(_) => "mail.waiting",
            Mail::Arrived(_) => "mail.arrived",
        }
    }
}

impl EventJob for Check {
    const KIND: &'static str = "mail.check";
    type Output = Vec<u32>;
    type Event = Mail;

    fn event(&self, waiting: &Vec<u32>, _: DataSource) -> Mail {
        Mail::Waiting(waiting.clone())
    }
}

impl EventJob for Fetch {
    const KIND: &'static str = "mail.fetch";
    type Output = String;
    type Event = Mail;

    fn event(&self, text: &String, _: DataSource) -> Mail {
        Mail::Arrived(text.clone())
    }
}

async fn check(_: Arc<Check>, _: RunContext) -> Result<Vec<u32>, JobFailure> {
    Ok(vec![1, 2, 3])
}

async fn fetch(job: Arc<Fetch>, context: RunContext) -> Result<String, JobFailure> {
    context.progress(0.5, "on its way");
    Ok(format!("letter {}", job.0))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let board = Board::open(BoardOptions::default()).await?;
    let lane = board.dispatcher();
    lane.register(check)?;
    lane.register(fetch)?;

    let inbox = Orchestrator::new("inbox", lane, Vec::new(), |letters: &mut Vec<String>, reaction| {
        match reaction.event() {
            // What it dispatches here is its own, in the same chain of causes.
            Some(Mail::Waiting(all)) => all.iter().for_each(|number| reaction.dispatch(Fetch(*number))),
            Some(Mail::Arrived(text)) if reaction.is_active() => letters.push(text.clone()),
            _ => {}
        }
    });
    let badge = Orchestrator::new("badge", lane, 0, |unread, reaction| {
        *unread += u32::from(matches!(reaction.event(), Some(Mail::Arrived(_))));
    });

    inbox.dispatch(Check).await?;
    let mut letters = inbox.watch();
    let mut all = letters.wait_for(|letters| letters.len() == 3).await?.clone();
    all.sort();
    println!("inbox: {}", all.join(", "));
    let mut unread = badge.watch();
    println!("badge: {}", *unread.wait_for(|unread| *unread == 3).await?);
    board.shutdown().await;
    Ok(())
}
