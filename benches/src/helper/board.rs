//! A board that is served in a process of its own.

use super::{lines::Lines, pulse, say, serve};
use crate::{Done, boards};
use callboard::Board;
use callboard_server::ServeOptions;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use std::{net::Ipv4Addr, path::Path};
use tokio::runtime::Runtime;

/// Writes that are under way at once.
const AT_ONCE: usize = 64;

/// Says its URL and its token; then `pulse GROUPS SIZE PERIOD_MS` starts jobs that report in step, and
/// `lines PER_MINUTE` writes to the log; `written` says how many lines so far; `records N` and `changes N` write to an
/// open domain; `position` says epoch and version.
pub(super) fn run(runtime: &Runtime, folder: &Path, concurrency: usize) -> Done {
    let (board, running) = runtime.block_on(async {
        let board = boards::open(folder, concurrency, vec![pulse::kind()]).await?;
        let options = ServeOptions {
            data: folder.to_owned(),
            host: Ipv4Addr::LOCALHOST.into(),
            port: 0,
            base_path: "/".into(),
            origins: Vec::new(),
        };
        Done::Ok((board.clone(), callboard_server::serve(board, options).await?))
    })?;
    say(&format!("{} {}", running.address, running.token))?;
    let lines = runtime.block_on(async { Lines::start(board.clone()) });
    serve(|question| {
        let words: Vec<&str> = question.split(' ').collect();
        match words.as_slice() {
            ["pulse", groups, size, period] => {
                let start = pulse::start(&board, groups.parse()?, size.parse()?, period.parse()?);
                runtime.block_on(start)?;
                Ok("started".into())
            }
            ["lines", per_minute] => {
                lines.set(per_minute.parse()?);
                Ok("writing".into())
            }
            ["records", count] => {
                runtime.block_on(records(&board, count.parse()?))?;
                Ok("there".into())
            }
            ["changes", count] => {
                runtime.block_on(changes(&board, count.parse()?))?;
                Ok("changed".into())
            }
            ["position"] => {
                let state = board.state();
                Ok(format!("{} {}", &*state.epoch, state.version))
            }
            ["written"] => Ok(lines.written().to_string()),
            _ => Err(format!("a board is not asked {question:?}").into()),
        }
    })
}

/// A few hundred bytes for each.
async fn records(board: &Board, count: u64) -> Done {
    let record = |number: u64| async move {
        let record = serde_json::json!({
            "id": number, "name": format!("the {number}th of many records"), "state": "running",
            "progress": { "value": 0.5, "message": "half of it is done", "step": 50, "steps": 100 },
            "tags": ["one", "two"], "owner": format!("somebody-{}", number % 17),
        });
        board.set(&format!("/app.bench/r{number}"), &record).await
    };
    stream::iter(0..count).map(record).buffer_unordered(AT_ONCE).try_for_each(|_| async { Ok(()) }).await?;
    Ok(())
}

/// One field of one record after the other.
async fn changes(board: &Board, count: u64) -> Done {
    let change = |number: u64| async move {
        let value = (number % 1000) as f64 / 1000.0;
        board.set(&format!("/app.bench/r{}/progress/value", number % 50), &value).await
    };
    stream::iter(0..count).map(change).buffer_unordered(AT_ONCE).try_for_each(|_| async { Ok(()) }).await?;
    Ok(())
}
