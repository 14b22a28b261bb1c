//! Searching live jobs and the store at once: the answer is the filter of everything, page by page.

use callboard::{Board, BoardOptions, JobListingQuery, Limits, Query, Retention, journal::SqliteJournal};
use callboard_exec::Registry;
use callboard_journal::{Append, Archive, JobRow, Journal};
use callboard_protocol::{
    Actor, Commit, CommitKind, Epoch, Node, Time, caps,
    command::Command,
    error::ErrorCode,
    from_node,
    job::{DispatchArgs, JobState},
};
use callboard_testkit::{ScriptedExecutor, scripted_kind};
use std::{path::Path, sync::Arc};

const KINDS: [&str; 3] = ["work", "mail.send", "mail.read"];
const QUEUES: [&str; 2] = ["default", "gpu"];
/// Before it all stored jobs were accepted: 2023-11-14.
const LONG_AGO: Time = Time(1_700_000_000_000);

/// A finished job; several are accepted in each second, not in the order of their numbers.
fn stored(number: u64) -> JobRow {
    let states = [JobState::Succeeded, JobState::Failed, JobState::Cancelled];
    let state = states[number as usize % 3];
    let created_at = LONG_AGO.plus_ms(number * 7919 % 500 / 4 * 1000);
    let (kind, queue) = (KINDS[number as usize % 5 % 3], QUEUES[number as usize % 7 % 2]);
    let mut record = serde_json::json!({
        "id": format!("old-{number:04}"), "kind": kind, "queue": queue, "state": state.as_str(), "priority": 0,
        "title": format!("number {number}"), "args": { "n": number, "even": number.is_multiple_of(2) }, "attempt": number % 4,
        "maxAttempts": 3, "createdAt": created_at, "createdBy": "test", "finishedAt": created_at.plus_ms(number * 100),
    });
    if state == JobState::Failed {
        record["error"] =
            serde_json::json!({ "code": "exit_code", "message": format!("it ended with {number}") });
    }
    let body = Node::from(&record);
    let (kind, queue) = (kind.into(), queue.into());
    let id = format!("old-{number:04}").as_str().into();
    JobRow { id, kind, queue, state, created_at, finished_at: Some(created_at.plus_ms(number * 100)), body }
}

/// A journal whose store has these jobs.
async fn fill(data: &Path, rows: impl Iterator<Item = JobRow>) {
    let journal = SqliteJournal::open(&data.join("journal")).expect("it opens");
    let commit = Commit {
        seq: 1,
        epoch: Epoch::new("e"),
        node: "n".into(),
        base_version: 0,
        at: LONG_AGO,
        prev: String::new(),
        kind: CommitKind::Batch,
        entries: Vec::new(),
    };
    let archive = rows.map(Archive::Job).collect();
    journal.append(Append { commit: Arc::new(commit), archive }).await.expect("it is stored");
    journal.close().await;
}

async fn open(data: &Path) -> Board {
    let mut registry = Registry::new();
    let (executor, _) = ScriptedExecutor::new();
    for kind in KINDS {
        registry.register(scripted_kind(kind), executor.clone()).expect("a new kind");
    }
    let ever = u64::MAX;
    let retention = Retention { succeeded_ms: ever, failed_ms: ever, cancelled_ms: ever };
    let limits = Limits { retention, ..Limits::default() };
    let options = BoardOptions { data: Some(data.into()), registry, limits, ..BoardOptions::default() };
    Board::open(options).await.expect("it opens")
}

async fn dispatch(board: &Board, number: u64) {
    let args = DispatchArgs {
        id: Some(format!("new-{number:04}").as_str().into()),
        kind: KINDS[number as usize % 3].into(),
        queue: Some(QUEUES[number as usize % 2].into()),
        args: Some(Node::from(&serde_json::json!({ "n": number }))),
        tags: vec![format!("t{}", number % 3)],
        hold: !number.is_multiple_of(4),
        delay_ms: number.is_multiple_of(4).then_some(3_600_000),
        ..DispatchArgs::default()
    };
    board.send(Command::Dispatch(Box::new(args)), Actor::new("test"), None).await.expect("it is accepted");
}

/// All pages of a query, as ids.
async fn search(board: &Board, query: &str, limit: usize) -> Vec<String> {
    let (mut ids, mut cursor) = (Vec::new(), None);
    loop {
        let query = Query::parse(query).expect(query);
        let page =
            board.jobs(JobListingQuery { query, cursor, limit, ..Default::default() }).await.expect("a page");
        assert!(page.jobs.len() <= limit && !page.cut);
        ids.extend(
            page.jobs.iter().map(|job| job.child("id").and_then(Node::as_str).expect("an id").to_owned()),
        );
        cursor = page.next;
        if cursor.is_none() {
            return ids;
        }
    }
}

#[tokio::test]
async fn a_search_is_the_filter_of_everything() {
    let data = tempfile::tempdir().expect("a folder");
    fill(data.path(), (0..700).map(stored)).await;
    let board = open(data.path()).await;
    for number in 0..150 {
        dispatch(&board, number).await;
    }
    let live = board.state().document;
    let live = live.child("jobs").and_then(Node::as_object).expect("jobs");
    let mut all: Vec<Node> = live.iter().map(|(_, record)| record.clone()).collect();
    all.extend((0..700).map(|number| stored(number).body));
    let order = |record: &Node| {
        let at: Time = from_node(record.child("createdAt").expect("a time")).expect("a time");
        (at, record.child("id").and_then(Node::as_str).expect("an id").to_owned())
    };
    all.sort_by_key(|record| std::cmp::Reverse(order(record)));
    for text in [
        "",
        "state:failed",
        "state:finished",
        "state:active",
        "state:pending,failed",
        "state:failed state:running",
        "kind:mail.send",
        "kind:mail.*",
        "kind:work state:failed,scheduled",
        "queue:gpu",
        "queue:gpu state:failed",
        "queue:gpu kind:mail.read -state:cancelled",
        "queue:none",
        "tag:t1",
        "args.n:>=600",
        "args.n:7",
        "args.even:true",
        "attempt:>=2 state:failed error:/7$/",
        "\"number 12\"",
        "-kind:mail.* -queue:gpu",
        "id:old-00",
        "id:new-*7",
        "created:<2023-11-14T22:14:00Z",
        "created:2023-11-14T22:14 state:failed",
        "created:>=2023-11-15",
        "age:<1h",
        "age:>1h queue:default",
        "finished:<2023-11-14T22:14:30Z -args.n:<30",
        "took:>1s",
        "error:*",
        "hamster",
    ] {
        let query = Query::parse(text).expect(text);
        let now = order(&all[0]).0.plus_ms(1000);
        let fitting = all.iter().filter(|record| query.fits(record, now));
        let expected: Vec<String> = fitting.map(|record| order(record).1).collect();
        for limit in [1 + expected.len() / 3, caps::PAGE_ROWS] {
            let found = search(&board, text, limit).await;
            let wrong = found.iter().zip(&expected).position(|(found, expected)| found != expected);
            assert!(
                found == expected,
                "{text:?} in pages of {limit}: {} of {}, {wrong:?}",
                found.len(),
                expected.len()
            );
        }
    }
    board.shutdown().await;
}

#[tokio::test]
async fn a_page_that_looked_at_enough_says_so_and_the_next_one_goes_on() {
    let data = tempfile::tempdir().expect("a folder");
    // Large records, so that few of them are enough.
    let many = caps::SEARCH_BYTES / 50_000 + 200;
    let large = |number: u64| {
        let row = stored(number);
        let mut record = serde_json::Value::from(&row.body);
        record["args"]["text"] = "x".repeat(50_000).into();
        JobRow { body: Node::from(&record), ..row }
    };
    fill(data.path(), (0..many as u64).map(large)).await;
    let board = open(data.path()).await;
    let (mut cursor, mut found, mut cuts) = (None, Vec::new(), 0);
    loop {
        let query = Query::parse("args.n:3").expect("a query");
        let page = board
            .jobs(JobListingQuery { query, cursor, limit: 10, ..Default::default() })
            .await
            .expect("a page");
        found.extend(page.jobs);
        cuts += usize::from(page.cut);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!((found.len(), cuts), (1, 1));
    // What an index answers is not looked for.
    let query = JobListingQuery { states: vec![JobState::Failed], limit: 10, ..Default::default() };
    let page = board.jobs(query).await.expect("a page");
    assert_eq!((page.jobs.len(), page.cut), (10, false));
    board.shutdown().await;
}

#[tokio::test]
async fn a_cursor_that_is_none_is_refused() {
    let data = tempfile::tempdir().expect("a folder");
    let board = open(data.path()).await;
    let query = JobListingQuery { cursor: Some("tomorrow".into()), ..Default::default() };
    assert_eq!(board.jobs(query).await.expect_err("refused").code, ErrorCode::InvalidArgs);
    board.shutdown().await;
}
