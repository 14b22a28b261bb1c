//! `top` on a real mirror and with real keys; the terminal is a buffer (design: ui 5.4).

use super::{
    draw::{Look, draw},
    model::{Effect, Mode, Pane, Top, Verb},
};
use crate::{api::Api, clock::now, globals::Globals, kinds, place::Place};
use callboard::{Board, BoardOptions};
use callboard_client::View;
use callboard_protocol::{JobId, Node, Time, job::JobState, log::Level, log::LogEntry};
use callboard_server::{ServeOptions, serve};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::{Terminal, backend::TestBackend};
use serde_json::json;

pub(super) const PLAIN: Look = Look { unicode: true, colours: true };

/// The picture, line by line.
pub(super) fn picture(top: &mut Top, width: u16, height: u16, look: Look, now: Time) -> Vec<String> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a buffer");
    terminal.draw(|frame| draw(frame, top, &look, now)).expect("a buffer");
    let buffer = terminal.backend().buffer().clone();
    let line = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
    (0..height).map(line).collect()
}

pub(super) fn press(top: &mut Top, keys: &str) -> Vec<Effect> {
    let pressed = keys.split(' ').flat_map(|name| {
        let (code, modifiers) = match name {
            "Space" => (KeyCode::Char(' '), KeyModifiers::NONE),
            "Enter" => (KeyCode::Enter, KeyModifiers::NONE),
            "Esc" => (KeyCode::Esc, KeyModifiers::NONE),
            "Tab" => (KeyCode::Tab, KeyModifiers::NONE),
            "Up" => (KeyCode::Up, KeyModifiers::NONE),
            "Right" => (KeyCode::Right, KeyModifiers::NONE),
            "Backspace" => (KeyCode::Backspace, KeyModifiers::NONE),
            "Ctrl+C" => (KeyCode::Char('c'), KeyModifiers::CONTROL),
            "Ctrl+A" => (KeyCode::Char('a'), KeyModifiers::CONTROL),
            "Ctrl+D" => (KeyCode::Char('d'), KeyModifiers::CONTROL),
            name => (KeyCode::Char(name.chars().next().expect("a key")), KeyModifiers::NONE),
        };
        top.key(KeyEvent::new(code, modifiers))
    });
    // Which lines to fetch follows the cursor; it is told where it matters.
    pressed.filter(|effect| !matches!(effect, Effect::LoadLog(_) | Effect::Keep(_))).collect()
}

/// A mirror of jobs, the first one the oldest.
fn mirror(jobs: &[(&str, &str, &str)]) -> View {
    let records: serde_json::Map<String, serde_json::Value> = jobs
        .iter()
        .enumerate()
        .map(|(index, (id, kind, state))| {
            let record = json!({
                "id": id, "kind": kind, "queue": "default", "state": state, "priority": 0, "title": format!("the {id}"),
                "args": {}, "attempt": 1, "maxAttempts": 3, "createdAt": format!("2026-01-01T00:00:{index:02}.000Z"),
                "createdBy": "operator:cli", "startedAt": "2026-01-01T00:01:00.000Z",
            });
            ((*id).to_owned(), record)
        })
        .collect();
    let state = json!({ "jobs": records, "summary": { "running": 1, "failed": 2 } });
    View { state: Node::from(&state), live: true, ..View::default() }
}

fn ids(top: &Top) -> Vec<&str> {
    top.rows.iter().map(|row| row.id.as_str()).collect()
}

pub(super) fn three() -> Top {
    let mut top = Top::new(String::new());
    let view = mirror(&[
        ("a", "mail.send", "succeeded"),
        ("b", "image.paint", "running"),
        ("c", "mail.send", "failed"),
    ]);
    assert_eq!(top.see(view, Time(0)), [Effect::LoadLog(JobId::new("c"))]);
    top
}

/// A real server in this process, with a job that runs and one that waits.
#[tokio::test]
async fn a_real_mirror_is_pictured() {
    let data = tempfile::tempdir().unwrap();
    let options = BoardOptions {
        data: Some(data.path().to_path_buf()),
        registry: kinds::registry(None, &Default::default()).unwrap(),
        ..BoardOptions::default()
    };
    let board = Board::open(options).await.unwrap();
    let options = ServeOptions {
        data: data.path().to_path_buf(),
        host: "127.0.0.1".parse().unwrap(),
        port: 0,
        base_path: "/".into(),
        origins: Vec::new(),
    };
    let mut running = serve(board.clone(), options).await.unwrap();
    let line = ["callboard", "--url", &running.url, "--token", &running.token, "version"];
    let globals: Globals = <crate::cli::Cli as clap::Parser>::parse_from(line).globals;
    let place = Place::find(&globals).unwrap();
    let api = Api::new(place.clone());
    let start = async |args: serde_json::Value| {
        let accepted = api.command("jobs.dispatch", &args, None).await.unwrap();
        JobId::new(accepted.result.child("id").and_then(Node::as_str).unwrap())
    };
    let script = "echo first line; echo bad >&2; sleep 1000";
    let args = json!({ "argv": ["sh", "-c", script], "cwd": "/" });
    let id =
        start(json!({ "id": "the-runner", "kind": "process.run", "title": "a title", "args": args })).await;
    start(json!({ "id": "the-sleeper", "kind": "sleep", "delayMs": 3_600_000, "args": { "ms": 1 } })).await;

    let client = place.connect().await.unwrap();
    let view = client
        .wait_for(|view| {
            let state = |id: &str| view.job(&JobId::new(id)).map(|job| job.state);
            let there = state("the-runner") == Some(JobState::Running);
            (there && state("the-sleeper").is_some()).then(|| view.clone())
        })
        .await
        .unwrap();
    let mut top = Top::new(String::new());
    top.connection(client.telemetry());
    let effects = top.see(view.clone(), now());
    assert_eq!(effects, [Effect::LoadLog(JobId::new("the-sleeper"))]);
    assert_eq!(top.step(1), [Effect::LoadLog(id.clone())]);
    // The lines are on their way to the server's ring.
    let lines = loop {
        let lines = api.lines(Some(&id), None, 10, "").await.unwrap();
        if lines.iter().any(|line| &*line.message == "bad") {
            break lines;
        }
    };
    top.lines(lines);
    top.samples.tick();
    let shown = picture(&mut top, 100, 24, PLAIN, now());
    let find = |word: &str| {
        shown.iter().find(|line| line.contains(word)).unwrap_or_else(|| panic!("{word}: {shown:#?}"))
    };
    assert!(shown[0].contains("● live") && shown[0].contains(&format!("v{}", top.version())), "{shown:#?}");
    assert!(shown[1].contains("queued 0") && shown[1].contains("running 1"), "{shown:#?}");
    assert!(find("the-sleeper").contains("◷"), "{shown:#?}");
    assert!(find("the-runner  ").contains("● the-runner    process.run"), "{shown:#?}");
    find("log the-runner  following");
    assert!(find("first line").contains("stdout"), "{shown:#?}");
    assert!(shown[23].contains("c cancel") && shown[23].contains("q quit"), "{shown:#?}");

    // A key becomes a command, and the command a change that shows.
    assert_eq!(press(&mut top, "c"), []);
    assert!(picture(&mut top, 100, 24, PLAIN, now())[23].contains("cancel job the-runner? y / n"));
    assert_eq!(press(&mut top, "y"), [Effect::Do(Verb::Cancel, vec![id.clone()])]);
    api.command(Verb::Cancel.command(), &json!({ "id": id }), None).await.unwrap();
    let gone = client
        .wait_for(|view| view.job(&id).filter(|job| job.state == JobState::Cancelled).map(|_| view.clone()));
    top.see(gone.await.unwrap(), now());
    top.done(Verb::Cancel, &id, Ok(()));
    let shown = picture(&mut top, 100, 24, PLAIN, now());
    assert!(shown.iter().any(|line| line.contains("⊘ the-runner")), "{shown:#?}");
    assert!(shown[23].contains("cancel the-runner"), "{shown:#?}");
    client.close().await;
    board.shutdown().await;
    running.shutdown().await;
}

#[test]
fn every_size_has_its_picture() {
    let mut top = three();
    for look in [PLAIN, Look { unicode: false, colours: false }] {
        for (width, height) in [(60, 15), (72, 20), (80, 24), (100, 30), (200, 60)] {
            let shown = picture(&mut top, width, height, look, Time(0));
            for id in ["a", "b", "c"] {
                assert!(
                    shown.iter().any(|line| line.contains(&format!(" {id} "))),
                    "{width}x{height}: {shown:#?}"
                );
            }
            assert!(look.unicode || shown.iter().all(|line| line.is_ascii()), "{shown:#?}");
        }
    }
    for (width, height) in [(59, 15), (60, 14), (1, 1)] {
        let shown = picture(&mut top, width, height, PLAIN, Time(0));
        assert!("top needs 60x15; this is ".starts_with(&shown[0][..shown[0].len().min(24)]), "{shown:#?}");
    }
    let mut empty = Top::new("nothing".into());
    empty.see(View::default(), Time(0));
    let shown = picture(&mut empty, 80, 24, PLAIN, Time(0));
    assert!(shown.iter().any(|line| line.contains("callboard run -- sleep 5")), "{shown:#?}");
    empty.see(mirror(&[("a", "k", "running")]), Time(0));
    let shown = picture(&mut empty, 80, 24, PLAIN, Time(0));
    assert!(shown.iter().any(|line| line.contains("none of 1 jobs matches")), "{shown:#?}");
}

#[test]
fn the_cursor_stays_with_its_job() {
    let mut top = three();
    assert_eq!(ids(&top), ["c", "b", "a"]);
    press(&mut top, "j");
    assert_eq!(top.selected().map(JobId::as_str), Some("b"));
    top.see(
        mirror(&[
            ("b", "image.paint", "running"),
            ("c", "k", "failed"),
            ("d", "k", "queued"),
            ("e", "k", "queued"),
        ]),
        Time(0),
    );
    assert_eq!((ids(&top), top.selected().map(JobId::as_str)), (vec!["e", "d", "c", "b"], Some("b")));
    // Its place goes to the next one when it is gone.
    let effects = top.see(mirror(&[("c", "k", "failed"), ("d", "k", "queued")]), Time(0));
    assert_eq!(effects, [Effect::LoadLog(JobId::new("c"))]);
    press(&mut top, "g");
    assert_eq!(top.selected().map(JobId::as_str), Some("d"));
    press(&mut top, "G");
    assert_eq!(top.selected().map(JobId::as_str), Some("c"));
    assert_eq!(top.see(View::default(), Time(0)), []);
    assert_eq!(press(&mut top, "j c r D Space Ctrl+D"), []);
}

#[test]
fn jobs_are_filtered_and_put_in_order() {
    let mut top = three();
    press(&mut top, "/ m a i l");
    assert_eq!(ids(&top), ["c", "a"]);
    press(&mut top, "Space s t a t e : f a i l e d Enter");
    assert_eq!((ids(&top), top.mode == Mode::Browse), (vec!["c"], true));
    press(&mut top, "/ x Esc");
    assert_eq!((ids(&top), top.filter.as_str()), (vec!["c"], "mail state:failed"));
    // While it means nothing, what it meant holds, and the mistake is told.
    press(&mut top, "/ Backspace");
    assert_eq!((ids(&top), top.filter.as_str()), (vec!["c"], "mail state:faile"));
    let shown = &picture(&mut top, 100, 24, PLAIN, Time(0))[23];
    assert!(shown.contains("column 12") && shown.contains("`faile`"), "{shown}");
    press(&mut top, "Enter");
    press(&mut top, "Esc");
    assert_eq!(ids(&top), ["c", "b", "a"]);
    press(&mut top, "s");
    assert_eq!((ids(&top), top.sort.as_str()), (vec!["b", "c", "a"], "state"));
    press(&mut top, "S");
    assert_eq!(ids(&top), ["a", "c", "b"]);
    let title = &picture(&mut top, 80, 24, PLAIN, Time(0))[3];
    assert!(title.starts_with(" jobs  3  sort:state reversed"), "{title}");
}

#[test]
fn verbs_are_for_the_marked_or_the_one_with_the_cursor() {
    let some = |ids: &[&str]| ids.iter().map(|id| JobId::new(*id)).collect::<Vec<_>>();
    let mut top = three();
    assert_eq!(press(&mut top, "r"), [Effect::Do(Verb::Retry, some(&["c"]))]);
    assert_eq!(press(&mut top, "c n"), []);
    assert_eq!(press(&mut top, "c y"), [Effect::Do(Verb::Cancel, some(&["c"]))]);
    press(&mut top, "x j j x");
    // Several are asked about, whatever the verb; another key is a no.
    assert_eq!(press(&mut top, "r"), []);
    let bottom = picture(&mut top, 80, 24, PLAIN, Time(0))[23].clone();
    assert_eq!(bottom.trim(), "retry 2 jobs? y / n");
    assert_eq!(press(&mut top, "Enter"), [Effect::Do(Verb::Retry, some(&["a", "c"]))]);
    assert_eq!(press(&mut top, "D q"), []);
    // A marked job that is gone is no longer meant.
    top.see(mirror(&[("a", "k", "failed"), ("b", "k", "failed")]), Time(0));
    assert_eq!(press(&mut top, "D y"), [Effect::Do(Verb::Delete, some(&["a"]))]);
    press(&mut top, "Esc");
    assert!(top.marked.is_empty());
    top.done(Verb::Delete, &JobId::new("a"), Err("it runs".into()));
    assert!(picture(&mut top, 80, 24, PLAIN, Time(0))[23].contains("failed to delete a: it runs"));
    assert_eq!(press(&mut top, "Ctrl+C"), [Effect::Quit { interrupted: true }]);
    assert_eq!(press(&mut top, "q"), [Effect::Quit { interrupted: false }]);
}

pub(super) fn line(seq: u64, job: &str, message: &str) -> LogEntry {
    LogEntry {
        seq,
        ts: Time(0),
        channel: "stdout".into(),
        emoji: "▸".into(),
        level: Level::Info,
        message: message.into(),
        color: "white".into(),
        job_id: Some(JobId::new(job)),
        fields: None,
    }
}

/// k9s#155, #1705, #3668; lazydocker#221.
#[test]
fn the_log_stays_where_somebody_reads() {
    let mut top = three();
    top.lines((1..=50).map(|seq| line(seq, "c", &format!("line {seq}"))));
    top.lines([line(51, "b", "of another job"), line(50, "c", "line 50")]);
    let last = |top: &mut Top| picture(top, 80, 24, PLAIN, Time(0))[22].clone();
    assert!(last(&mut top).ends_with("line 50"), "{}", last(&mut top));
    press(&mut top, "Tab Up Up");
    assert_eq!((top.focus, top.log.is_following()), (Pane::Log, false));
    assert!(last(&mut top).ends_with("line 48"));
    top.lines((52..=60).map(|seq| line(seq, "c", &format!("line {seq}"))));
    assert!(last(&mut top).ends_with("line 48"));
    assert!(picture(&mut top, 80, 24, PLAIN, Time(0)).iter().any(|line| line.contains("frozen, 9 new")));
    // Scrolled sideways, it stays so.
    press(&mut top, "Right");
    top.lines([line(61, "c", "line 61")]);
    assert!(!last(&mut top).contains("line 48"));
    press(&mut top, "0 G");
    assert!(top.log.is_following() && last(&mut top).ends_with("line 61"));
    press(&mut top, "f");
    top.lines((62..5000).map(|seq| line(seq, "c", "more")));
    assert!(!top.log.is_following());
    picture(&mut top, 80, 24, PLAIN, Time(0));
    press(&mut top, "Esc f");
    assert!(last(&mut top).ends_with("more"));
    let nasty = format!("\u{1b}[2J\u{1b}]0;title\u{7}\u{1b}[31m{}", "x".repeat(90_000));
    top.lines([line(6000, "c", &nasty)]);
    assert!(last(&mut top).contains("xxx") && !last(&mut top).contains("title"));
    press(&mut top, "l");
    assert!(!picture(&mut top, 80, 24, PLAIN, Time(0)).iter().any(|line| line.contains("log c")));
}

#[test]
fn the_keys_are_told() {
    let mut top = three();
    press(&mut top, "?");
    let shown = picture(&mut top, 80, 26, PLAIN, Time(0)).join("\n");
    for (_, what) in super::keys::KEYS {
        assert!(shown.contains(what), "{what}: {shown}");
    }
    press(&mut top, "q");
    assert_eq!(top.mode, Mode::Browse);
    // On the smallest terminal they are scrolled.
    press(&mut top, "?");
    let (_, last) = super::keys::KEYS[super::keys::KEYS.len() - 1];
    let small = |top: &mut Top| picture(top, 60, 15, PLAIN, Time(0)).join("\n");
    assert!(!small(&mut top).contains(last) && small(&mut top).contains("j k for more"));
    press(&mut top, &["j"; 40].join(" "));
    assert!(small(&mut top).contains(last) && !small(&mut top).contains("1 to 7"));
    press(&mut top, "k");
    press(&mut top, "Esc");
    assert_eq!(top.mode, Mode::Browse);
}
