//! A mini image queue: prompts wait in one queue, two pictures are painted at once, the one that somebody waits for goes
//! first, one is cancelled, and each leaves its picture as an artifact.
//!
//! Run it with `cargo run -p callboard-examples --bin image_queue [DATA_FOLDER]`. With a folder the pictures stay there,
//! and what was not painted yet is painted by the next run.
#![expect(clippy::print_stdout, reason = "an example talks to the person who runs it")]

use callboard::{
    Board, BoardOptions, Job, JobContext, JobFailure,
    protocol::{
        Actor,
        command::Command,
        job::{ArtifactRef, DispatchArgs, JobState},
        queue::{QueueArgs, QueueSettings},
    },
};
use callboard_examples::job;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{
    error::Error,
    hash::{DefaultHasher, Hash, Hasher},
};

const WIDTH: u32 = 48;
const HEIGHT: u32 = 32;
const STEPS: u32 = 8;

/// What is asked for.
#[derive(Serialize, Deserialize)]
struct Paint {
    prompt: String,
}

impl Job for Paint {
    const KIND: &'static str = "image.paint";
    type Output = ArtifactRef;
}

/// Paints strip by strip, so that there is progress to see and a point at which to stop.
async fn paint(job: Paint, context: JobContext) -> Result<ArtifactRef, JobFailure> {
    let mut hasher = DefaultHasher::new();
    job.prompt.hash(&mut hasher);
    let [red, green, blue, ..] = hasher.finish().to_be_bytes();
    let mut picture = format!("P6 {WIDTH} {HEIGHT} 255\n").into_bytes();
    for step in 1..=STEPS {
        if context.is_cancelled() {
            return Err(JobFailure::Cancelled);
        }
        for pixel in 0..WIDTH * HEIGHT / STEPS {
            let (across, down) = ((pixel % WIDTH * 5) as u8, (step * 20) as u8);
            picture.extend([red ^ across, green.wrapping_add(down), blue ^ down]);
        }
        context.step(step, STEPS, &format!("strip {step} of {STEPS}"));
        tokio::task::yield_now().await;
    }
    Ok(context.artifact("picture.ppm", "image/x-portable-pixmap", &*picture).await?)
}

fn picture(prompt: &str, priority: i32) -> DispatchArgs {
    let args = job(Paint::KIND, &json!({ "prompt": prompt }));
    DispatchArgs { queue: Some("pictures".into()), priority: Some(priority), ..args }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let data = std::env::args().nth(1).map(Into::into);
    let board = Board::open(BoardOptions { data, ..BoardOptions::default() }).await?;
    board.register(paint)?;
    let me = || Actor::new("example");
    let queue = || QueueArgs { queue: "pictures".into() };
    let settings =
        QueueSettings { queue: "pictures".into(), concurrency: Some(2), ..QueueSettings::default() };
    board.send(Command::ConfigureQueue(Box::new(settings)), me(), None).await?;

    // Held back until all are there, so that the order is the queue's and not chance.
    board.send(Command::PauseQueue(queue()), me(), None).await?;
    let mut handles = Vec::new();
    for prompt in ["a quiet ocean", "a red bicycle", "a fox in the snow", "nothing at all"] {
        handles.push((prompt, board.dispatch(picture(prompt, 0), me()).await?));
    }
    handles.push(("a cup of tea, please", board.dispatch(picture("a cup of tea, please", -10), me()).await?));
    handles[3].1.cancel("nobody wants it").await?;
    board.send(Command::ResumeQueue(queue()), me(), None).await?;

    let mut ended = Vec::new();
    for (prompt, handle) in handles {
        ended.push((prompt, handle.end().await?));
    }
    // Two may have started in one millisecond.
    ended.sort_by_key(|(_, record)| (record.started_at, record.priority));
    for (prompt, record) in &ended {
        let told = match record.artifacts.first() {
            Some(file) => format!("{} bytes, sha256 {}…", file.size, &file.sha256[..12]),
            None => "no picture".to_owned(),
        };
        println!("{prompt}: {}, {told}", record.state.as_str());
    }
    let painted: Vec<_> = ended.iter().filter(|(_, record)| record.state == JobState::Succeeded).collect();
    assert_eq!(painted.len(), 4);
    let bytes = u64::from(WIDTH * HEIGHT * 3) + "P6 48 32 255\n".len() as u64;
    assert!(painted.iter().all(|(_, record)| record.artifacts[0].size == bytes));
    let cancelled = ended.iter().find(|(_, record)| record.state == JobState::Cancelled);
    assert_eq!(cancelled.map(|(prompt, record)| (*prompt, record.attempt)), Some(("nothing at all", 0)));
    board.shutdown().await;
    Ok(())
}
