//! `http.download`: S1.24, W1.9.

use crate::support::{Reply, Request, Server, Stage, answer, bounded, error, result};
use callboard_exec::{
    Bandwidth, CancelReason, DownloadSpec, Executor, HttpClient, HttpDownload, Outcome, Template,
};
use serde_json::json;
use std::time::Duration;

/// The file's bytes: each at its place is told from its neighbours.
fn file(size: usize) -> Vec<u8> {
    (0..size).map(|index| (index * 7 + index / 251) as u8).collect()
}

fn any() -> HttpDownload {
    HttpDownload::any(HttpClient::new(), Bandwidth::unlimited())
}

/// A download that does not wait long for a silent server.
fn hasty(url: &str) -> HttpDownload {
    let spec = DownloadSpec {
        idle_timeout: Duration::from_millis(100),
        ..DownloadSpec::get(Template::parse(url).expect("a template"))
    };
    HttpDownload::configured(HttpClient::new(), spec, Bandwidth::unlimited()).expect("sound")
}

/// Where the asked-for part begins.
fn start_of(request: &Request) -> usize {
    let range = request.header("range").unwrap_or("bytes=0-");
    range.trim_start_matches("bytes=").trim_end_matches('-').parse().expect("a number")
}

/// The rest of a file, as a good server sends it.
fn rest(file: &[u8], start: usize, tag: &str) -> Vec<u8> {
    let tag = format!("ETag: {tag}");
    if start == 0 {
        return answer("200 OK", &[&tag], file);
    }
    let range = format!("Content-Range: bytes {start}-{}/{}", file.len() - 1, file.len());
    answer("206 Partial Content", &[&tag, &range], &file[start..])
}

/// The answer without its last bytes.
fn cut(mut answer: Vec<u8>, bytes: usize) -> Vec<u8> {
    answer.truncate(answer.len() - bytes);
    answer
}

#[tokio::test]
async fn a_file_arrives_with_true_progress() {
    let content = file(300_000);
    let sent = content.clone();
    let server =
        Server::run(move |_, _| Reply::Send(answer("200 OK", &["Content-Type: application/zip"], &sent)))
            .await;
    let stage = Stage::new();
    let told = result(stage.run(&any(), json!({ "url": format!("{}/a/b.zip?x=1", server.url) })).await);
    assert_eq!((&told["name"], &told["size"]), (&json!("b.zip"), &json!(300_000)));
    assert_eq!(stage.kept(), content);
    assert_eq!(stage.memory.artifacts.lock().unwrap()[0].mime, "application/zip");
    let progress = stage.memory.progress.lock().unwrap();
    assert_eq!(progress.last().unwrap().value, 1.0);
    assert_eq!(progress.last().unwrap().message.as_deref(), Some("300.0 kB of 300.0 kB"));
    assert!(progress.windows(2).all(|pair| pair[0].value <= pair[1].value));
    assert!(stage.partials().is_empty());
}

#[tokio::test]
async fn a_broken_connection_is_followed_by_one_that_asks_for_the_rest() {
    let content = file(200_000);
    let sent = content.clone();
    let server = Server::run(move |number, request| {
        let answer = rest(&sent, start_of(request), "\"v1\"");
        Reply::Send(if number < 3 { cut(answer, 150_000 - 40_000 * number) } else { answer })
    })
    .await;
    let stage = Stage::new();
    result(stage.run(&any(), json!({ "url": server.url })).await);
    assert_eq!(stage.kept(), content);
    let requests = server.requests();
    let starts: Vec<usize> = requests.iter().map(start_of).collect();
    assert_eq!(starts, [0, 50_000, 90_000, 130_000]);
    assert!(requests[1..].iter().all(|request| request.header("if-range") == Some("\"v1\"")));
}

#[tokio::test]
async fn a_silent_connection_is_left() {
    let content = file(100_000);
    let sent = content.clone();
    let server = Server::run(move |number, request| {
        let answer = rest(&sent, start_of(request), "\"v1\"");
        if number == 0 { Reply::Stall(cut(answer, 60_000)) } else { Reply::Send(answer) }
    })
    .await;
    let stage = Stage::new();
    result(stage.run(&hasty(&server.url), json!({})).await);
    assert_eq!(stage.kept(), content);
    assert_eq!(start_of(&server.requests()[1]), 40_000);
}

#[tokio::test]
async fn a_file_that_changes_midway_is_loaded_anew() {
    let (old, new) = (file(100_000), file(80_000).into_iter().rev().collect::<Vec<_>>());
    let content = new.clone();
    let server = Server::run(move |number, _| {
        Reply::Send(if number == 0 { cut(rest(&old, 0, "\"v1\""), 50_000) } else { rest(&new, 0, "\"v2\"") })
    })
    .await;
    let stage = Stage::new();
    result(stage.run(&any(), json!({ "url": server.url })).await);
    assert_eq!(stage.kept(), content);
    assert_eq!(server.requests()[1].header("if-range"), Some("\"v1\""));
}

#[tokio::test]
async fn a_part_of_another_file_is_never_added() {
    // This one ignores If-Range: it sends the rest of what it has now.
    let (old, new) = (file(100_000), file(100_000).into_iter().rev().collect::<Vec<_>>());
    let content = new.clone();
    let server = Server::run(move |number, request| {
        Reply::Send(match number {
            0 => cut(rest(&old, 0, "\"v1\""), 50_000),
            _ => rest(&new, start_of(request), "\"v2\""),
        })
    })
    .await;
    let stage = Stage::new();
    result(stage.run(&any(), json!({ "url": server.url })).await);
    assert_eq!(stage.kept(), content);
    assert_eq!(server.requests().iter().map(start_of).collect::<Vec<_>>(), [0, 50_000, 0]);
}

#[tokio::test]
async fn servers_that_know_no_parts_or_no_versions_are_asked_for_all() {
    let content = file(100_000);
    for headers in [vec!["ETag: W/\"weak\""], vec![], vec!["ETag: \"v1\"", "X-No-Ranges: 1"]] {
        let sent = content.clone();
        let server = Server::run(move |number, _| {
            let answer = answer("200 OK", &headers, &sent);
            Reply::Send(if number == 0 { cut(answer, 50_000) } else { answer })
        })
        .await;
        let stage = Stage::new();
        result(stage.run(&any(), json!({ "url": server.url })).await);
        assert_eq!(stage.kept(), content);
    }
}

#[tokio::test]
async fn a_wrong_part_or_a_refused_one_begins_anew() {
    let content = file(100_000);
    for wrong in ["206 bytes 40000-99999/100000", "206 nonsense", "416"] {
        let sent = content.clone();
        let server = Server::run(move |number, _| {
            Reply::Send(match (number, wrong.split_once(' ')) {
                (0, _) => cut(rest(&sent, 0, "\"v1\""), 50_000),
                (1, Some((_, range))) => answer(
                    "206 Partial Content",
                    &["ETag: \"v1\"", &format!("Content-Range: {range}")],
                    &sent[40_000..],
                ),
                (1, None) => answer("416 Range Not Satisfiable", &[], b""),
                _ => rest(&sent, 0, "\"v1\""),
            })
        })
        .await;
        let stage = Stage::new();
        result(stage.run(&any(), json!({ "url": server.url })).await);
        assert_eq!(stage.kept(), content, "{wrong}");
    }
}

#[tokio::test]
async fn a_server_that_lies_about_the_length_is_given_up_but_not_believed() {
    let content = file(50_000);
    let sent = content.clone();
    // It announces more than there ever is.
    let server = Server::run(move |_, request| {
        let start = start_of(request);
        let (tag, length) = ("ETag: \"v1\"", format!("Content-Length: {}", 60_000 - start));
        Reply::Send(match start {
            0 => answer("200 OK", &[tag, &length], &sent),
            _ => answer(
                "206 Partial Content",
                &[tag, &length, &format!("Content-Range: bytes {start}-59999/60000")],
                b"",
            ),
        })
    })
    .await;
    let stage = Stage::new();
    let (failure, retryable, _) = error(stage.run(&any(), json!({ "url": server.url })).await);
    assert_eq!((failure.code.as_str(), retryable), ("download_broken", true));
    assert!(stage.memory.artifacts.lock().unwrap().is_empty());
    assert_eq!(stage.partials().len(), 2, "the bytes and their note wait for the next attempt");
}

/// What has arrived outlives the attempt and the server.
#[tokio::test]
async fn the_next_attempt_goes_on_where_the_last_one_was() {
    let content = file(100_000);
    let sent = content.clone();
    let server = Server::run(move |number, request| match number {
        0 => Reply::Stall(cut(rest(&sent, 0, "\"v1\""), 40_000)),
        _ => Reply::Send(rest(&sent, start_of(request), "\"v1\"")),
    })
    .await;
    let stage = Stage::new();
    let attempt = stage.attempt(json!({ "url": server.url }));
    let running = tokio::spawn(async move { any().execute(attempt).await });
    let arrived =
        || stage.memory.progress.lock().unwrap().last().is_some_and(|progress| progress.value >= 0.6);
    bounded(async {
        while !arrived() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    stage.cancel.cancel(CancelReason::Shutdown);
    assert_eq!(bounded(running).await.unwrap(), Outcome::Cancelled);
    let later = stage.again();
    result(later.run(&any(), json!({ "url": server.url })).await);
    assert_eq!(later.kept(), content);
    assert_eq!(start_of(&server.requests()[1]), 60_000);
    assert!(later.partials().is_empty());
}

#[tokio::test]
async fn a_person_who_cancels_leaves_nothing_behind() {
    let server = Server::run(|_, _| Reply::Stall(cut(rest(&file(100_000), 0, "\"v1\""), 40_000))).await;
    let stage = Stage::new();
    let attempt = stage.attempt(json!({ "url": server.url }));
    let running = tokio::spawn(async move { any().execute(attempt).await });
    bounded(async {
        while stage.partials().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    stage.cancel.cancel(CancelReason::User);
    assert_eq!(bounded(running).await.unwrap(), Outcome::Cancelled);
    assert!(stage.partials().is_empty());
}

#[tokio::test]
async fn checksums_and_sizes_are_held() {
    let server = Server::run(|_, _| Reply::Send(answer("200 OK", &[], b"abc"))).await;
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let good = json!({ "url": server.url, "sha256": abc.to_uppercase(), "name": "abc.txt" });
    let told = result(Stage::new().run(&any(), good).await);
    assert_eq!(told, json!({ "name": "abc.txt", "sha256": abc, "size": 3 }));
    let stage = Stage::new();
    let wrong = json!({ "url": server.url, "sha256": "0".repeat(64) });
    let (failure, retryable, _) = error(stage.run(&any(), wrong).await);
    assert_eq!((failure.code.as_str(), retryable), ("checksum_mismatch", false));
    assert!(stage.partials().is_empty() && stage.memory.artifacts.lock().unwrap().is_empty());
    let (failure, ..) = error(Stage::new().run(&any(), json!({ "url": server.url, "maxBytes": 2 })).await);
    assert_eq!(failure.code, "too_large");
}

#[tokio::test]
async fn a_size_that_is_not_announced_is_held_too() {
    let server = Server::run(|_, _| {
        let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
        Reply::Send([&head[..], b"5\r\nabcde\r\n0\r\n\r\n"].concat())
    })
    .await;
    let told = result(Stage::new().run(&any(), json!({ "url": server.url })).await);
    assert_eq!((&told["size"], &told["name"]), (&json!(5), &json!("download")));
    let (failure, ..) = error(Stage::new().run(&any(), json!({ "url": server.url, "maxBytes": 4 })).await);
    assert_eq!(failure.code, "too_large");
}

#[tokio::test]
async fn a_status_that_passes_keeps_what_is_there() {
    let content = file(100_000);
    let sent = content.clone();
    let server = Server::run(move |number, request| {
        Reply::Send(match number {
            0 => cut(rest(&sent, 0, "\"v1\""), 40_000),
            1 => answer("503 Service Unavailable", &["Retry-After: 3"], b""),
            _ => rest(&sent, start_of(request), "\"v1\""),
        })
    })
    .await;
    let stage = Stage::new();
    let (failure, retryable, after) = error(stage.run(&any(), json!({ "url": server.url })).await);
    assert_eq!(
        (failure.code.as_str(), retryable, after),
        ("http_status", true, Some(Duration::from_secs(3)))
    );
    result(stage.run(&any(), json!({ "url": server.url })).await);
    assert_eq!(stage.kept(), content);
    assert_eq!(start_of(&server.requests()[2]), 60_000);
}

/// W1.9: the limit is applied, and a change reaches a transfer under way.
#[tokio::test]
async fn bandwidth_is_limited_and_can_be_set_free() {
    let content = file(400_000);
    let sent = content.clone();
    let server = Server::run(move |_, _| Reply::Send(answer("200 OK", &[], &sent))).await;
    let (stage, limit) = (Stage::new(), Bandwidth::new(1));
    let executor = HttpDownload::any(HttpClient::new(), limit.clone());
    let attempt = stage.attempt(json!({ "url": server.url }));
    let running = tokio::spawn(async move { executor.execute(attempt).await });
    stage.first_bytes().await;
    assert!(!running.is_finished(), "at one byte a second it would take days");
    limit.set(0);
    result(bounded(running).await.unwrap());
    assert_eq!(stage.kept(), content);
}

/// W1.9: a limit of one kind changes while it runs, and the others are left alone.
#[tokio::test]
async fn one_kind_is_limited_while_it_runs() {
    let content = file(400_000);
    let sent = content.clone();
    let server = Server::run(move |_, _| Reply::Send(answer("200 OK", &[], &sent))).await;
    let (client, slow, own) = (HttpClient::new(), Bandwidth::new(1), Bandwidth::new(7));
    client.name_limit("slow", &slow);
    client.name_limit("own", &own);
    let kinds =
        |pairs: &[(&str, u64)]| pairs.iter().map(|(kind, rate)| ((*kind).to_owned(), *rate)).collect();
    let (stage, executor) = (Stage::new(), HttpDownload::any(client.clone(), slow.clone()));
    let attempt = stage.attempt(json!({ "url": server.url }));
    let running = tokio::spawn(async move { executor.execute(attempt).await });
    stage.first_bytes().await;
    assert!(client.limit_kinds(&kinds(&[("own", 9)])).is_empty());
    assert!(!running.is_finished() && slow.get() == 1 && own.get() == 9, "the others are left alone");
    assert_eq!(client.limit_kinds(&kinds(&[("slow", 0), ("smell", 5)])), ["smell"]);
    result(bounded(running).await.unwrap());
    assert_eq!((stage.kept() == content, own.get()), (true, 7), "it went back to its own");
    client.limit_kinds(&kinds(&[]));
    assert_eq!((slow.get(), own.get()), (1, 7));
}

/// Downloads of every kind that share a client share its limit, which is changed while they run.
#[tokio::test]
async fn all_downloads_of_a_client_keep_to_its_limit() {
    let content = file(400_000);
    let sent = content.clone();
    let server = Server::run(move |_, _| Reply::Send(answer("200 OK", &[], &sent))).await;
    let (stage, client) = (Stage::new(), HttpClient::new());
    client.bandwidth().set(1);
    let spec = DownloadSpec::get(Template::parse(&server.url).expect("a template"));
    let declared = HttpDownload::configured(client.clone(), spec, Bandwidth::unlimited()).expect("sound");
    let attempt = stage.attempt(json!({}));
    let running = tokio::spawn(async move { declared.execute(attempt).await });
    stage.first_bytes().await;
    assert!(!running.is_finished(), "at one byte a second it would take days");
    client.bandwidth().set(0);
    result(bounded(running).await.unwrap());
    assert_eq!(stage.kept(), content);
}
