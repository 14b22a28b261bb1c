//! Downloads: files served on this machine, three at a time, all together kept to a bandwidth that is changed while they
//! run. The server breaks every first connection in the middle; each download goes on where it was.
//!
//! Run it with `cargo run -p callboard-examples --bin downloads`.
#![expect(clippy::print_stdout, reason = "an example talks to the person who runs it")]

use callboard::{
    Board, BoardOptions, Limits,
    exec::{Bandwidth, HttpClient, HttpDownload, Registry},
    protocol::{Actor, job::DispatchArgs},
};
use callboard_examples::{file_server, job};
use serde_json::json;
use std::sync::Arc;

const FILES: usize = 6;
const FILE_BYTES: u64 = 400_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = file_server(FILE_BYTES as usize).await?;
    let bandwidth = Bandwidth::new(1_500_000);
    let mut registry = Registry::new();
    let download = HttpDownload::any(HttpClient::new(), bandwidth.clone());
    registry.register(HttpDownload::info(), Arc::new(download))?;
    let limits = Limits { concurrency: 3, ..Limits::default() };
    let board = Board::open(BoardOptions { registry, limits, ..BoardOptions::default() }).await?;

    let mut handles = Vec::new();
    for number in 0..FILES {
        let file = job("http.download", &json!({ "url": format!("{server}/file-{number}.bin") }));
        let file = DispatchArgs { max_attempts: Some(3), ..file };
        handles.push(board.dispatch(file, Actor::new("example")).await?);
    }
    // Those that are under way keep to the new limit at once.
    bandwidth.set(3_000_000);
    let mut digests = Vec::new();
    for handle in handles {
        let ended = handle.end().await?;
        let file = ended.artifacts.first().ok_or_else(|| format!("no file: {:?}", ended.error))?;
        println!("{} {} bytes, sha256 {}…", file.name, file.size, &file.sha256[..12]);
        assert_eq!(file.size, FILE_BYTES);
        digests.push(file.sha256.clone());
    }
    digests.dedup();
    assert_eq!(digests.len(), 1, "all halves fit together");
    let lines = board.board_log(Some(0), 100).entries;
    let resumed = lines.iter().filter(|line| line.message.contains("going on after")).count();
    println!("{resumed} connections broke and were gone on from");
    assert_eq!(resumed, FILES);
    board.shutdown().await;
    Ok(())
}
