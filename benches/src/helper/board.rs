//! A board that is served in a process of its own.

use super::{lines::Lines, pulse, say, serve};
use crate::{Done, boards};
use callboard_server::ServeOptions;
use std::{net::Ipv4Addr, path::Path};
use tokio::runtime::Runtime;

/// Says its URL and its token; then `pulse GROUPS SIZE PERIOD_MS` starts jobs that report in step, and
/// `lines PER_MINUTE` writes to the log; `written` says how many lines so far.
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
            ["written"] => Ok(lines.written().to_string()),
            _ => Err(format!("a board is not asked {question:?}").into()),
        }
    })
}
