//! What an executor says with `tracing` is in the log of its job, and only that.

use callboard::{Board, BoardOptions, Job, JobContext, JobFailure, exec::JobLayer};
use callboard_protocol::log::Level;
use serde::{Deserialize, Serialize};
use tracing_subscriber::layer::SubscriberExt as _;

#[derive(Serialize, Deserialize)]
struct Count {
    to: u32,
}

impl Job for Count {
    const KIND: &'static str = "count";
    type Output = u32;
}

async fn count(job: Count, _: JobContext) -> Result<u32, JobFailure> {
    for number in 1..=job.to {
        tracing::info!(number, of = "all", "counted");
        // Others run in between.
        tokio::task::yield_now().await;
    }
    tracing::warn!("two\nlines");
    tracing::trace!(job.to);
    Ok(job.to)
}

#[tokio::test]
async fn events_of_an_attempt_are_lines_of_its_job() {
    let _default = tracing::subscriber::set_default(tracing_subscriber::registry().with(JobLayer));
    let board = Board::open(BoardOptions::default()).await.expect("it opens");
    board.register(count).expect("a new kind");
    let (one, two) = tokio::join!(board.start(Count { to: 1 }), board.start(Count { to: 2 }));
    for (handle, to) in [(one.expect("accepted"), 1), (two.expect("accepted"), 2)] {
        let id = handle.id().clone();
        tracing::error!("said by nobody");
        assert_eq!(handle.result().await.expect("it ends"), to);
        let lines = board.job_log(&id, Some(0), 10).await.expect("it is there").entries;
        let lines: Vec<_> = lines.iter().map(|line| (line.level, &*line.message)).collect();
        let mut expected: Vec<(Level, String)> =
            (1..=to).map(|number| (Level::Info, format!("counted number={number} of=all"))).collect();
        expected.push((Level::Warn, "two".into()));
        expected.push((Level::Warn, "lines".into()));
        expected.push((Level::Debug, format!("job.to={to}")));
        let expected: Vec<_> = expected.iter().map(|(level, text)| (*level, text.as_str())).collect();
        assert_eq!(lines, expected);
    }
    board.shutdown().await;
}
