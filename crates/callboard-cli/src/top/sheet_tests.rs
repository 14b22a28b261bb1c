//! The other sheet, the clipboard, the mouse and what is remembered (design: ui 5.4).

use super::{
    executors::kinds_of,
    model::{Effect, Mode},
    past::Happened,
    preferences::Preferences,
    rows::Sort,
    sheet::Sheet,
    tests::{PLAIN, line, picture, press, three},
};
use callboard_client::View;
use callboard_protocol::{JobId, Node, Time};
use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use serde_json::json;

fn with_queues() -> View {
    let state = json!({
        "jobs": {},
        "queues": {
            "gpu": { "concurrency": 2, "paused": true, "rate": { "limit": 10, "perMs": 60000 } },
            "mail": {}
        },
        "summary": { "queues": { "gpu": { "running": 1, "queued": 7, "failed": 3 }, "default": { "queued": 4 } } },
    });
    View { state: Node::from(&state), live: true, ..View::default() }
}

#[test]
fn queues_are_shown_paused_and_opened() {
    let mut top = three();
    top.see(with_queues(), Time(0));
    press(&mut top, "5");
    let shown = picture(&mut top, 100, 24, PLAIN, Time(0));
    assert!(shown[3].starts_with(" queues  3 "), "{shown:#?}");
    assert!(shown[4].starts_with("QUEUE") && shown[4].contains("RUNNING WAITING LIMIT"), "{shown:#?}");
    assert!(shown[5].starts_with("default"), "{shown:#?}");
    for word in ["gpu", "paused", "10/1m", " 7 ", " 2 "] {
        assert!(shown[6].contains(word), "{word}: {shown:#?}");
    }
    assert!(!shown.iter().any(|line| line.contains("log c")) && shown[23].contains("p pause"), "{shown:#?}");
    assert_eq!(press(&mut top, "p"), [Effect::Pause("default".into(), true)]);
    assert_eq!(press(&mut top, "j p"), [Effect::Pause("gpu".into(), false)]);
    // The cursor stays with its queue, and verbs of jobs mean nothing here.
    top.see(with_queues(), Time(0));
    assert_eq!(press(&mut top, "c D r y"), [Effect::Copy("gpu".into())]);
    assert_eq!(press(&mut top, "G y"), [Effect::Copy("mail".into())]);
    press(&mut top, "k Enter");
    assert_eq!((top.sheet, top.filter.as_str()), (Sheet::Jobs, "queue:gpu"));
    press(&mut top, "5 Esc");
    assert_eq!(top.sheet, Sheet::Jobs);
    for (width, height) in [(60, 15), (80, 24), (200, 60)] {
        press(&mut top, "5");
        let shown = picture(&mut top, width, height, PLAIN, Time(0));
        let gpu = shown.iter().find(|line| line.starts_with("gpu  "));
        assert!(gpu.is_some_and(|line| line.contains("10/1m")), "{shown:#?}");
    }
    top.see(View::default(), Time(0));
    assert_eq!(press(&mut top, "p y j Enter"), []);
    let shown = picture(&mut top, 100, 24, PLAIN, Time(0));
    assert!(shown[4].contains("no queues"), "{shown:#?}");
}

#[test]
fn a_sheet_is_found_by_its_name() {
    let mut top = three();
    press(&mut top, ":");
    assert!(picture(&mut top, 80, 24, PLAIN, Time(0))[23].ends_with("metrics, history"));
    press(&mut top, "q u Enter");
    assert_eq!((top.sheet, top.mode.clone()), (Sheet::Queues, Mode::Browse));
    press(&mut top, ": j o b s x Backspace Enter");
    assert_eq!(top.sheet, Sheet::Jobs);
    press(&mut top, ": n o p e Enter");
    let bottom = picture(&mut top, 100, 24, PLAIN, Time(0))[23].clone();
    let names = "jobs, job, logs, executors, queues, metrics, history";
    assert_eq!(bottom, format!(" there is no \"nope\"; there are {names}"));
    press(&mut top, ": Enter : q Esc");
    assert_eq!((top.sheet, top.mode.clone()), (Sheet::Jobs, Mode::Browse));
}

fn mouse(kind: MouseEventKind, row: u16) -> MouseEvent {
    MouseEvent { kind, column: 10, row, modifiers: KeyModifiers::NONE }
}

#[test]
fn the_mouse_moves_and_selects_and_is_off_at_first() {
    let mut top = three();
    assert!(!top.mouse);
    assert_eq!(press(&mut top, "m"), [Effect::Mouse(true)]);
    let shown = picture(&mut top, 80, 24, PLAIN, Time(0));
    let row = shown.iter().position(|line| line.contains(" b ")).expect("it is shown") as u16;
    let click = |row| mouse(MouseEventKind::Down(MouseButton::Left), row);
    assert_eq!(top.mouse(click(row)), [Effect::LoadLog(JobId::new("b"))]);
    for nowhere in [0, row - 2, row + 2, 23, u16::MAX] {
        top.mouse(click(nowhere));
        assert_eq!(top.selected().map(JobId::as_str), Some("b"), "{nowhere}");
    }
    top.mouse(mouse(MouseEventKind::ScrollDown, 0));
    assert_eq!(top.selected().map(JobId::as_str), Some("a"));
    top.mouse(mouse(MouseEventKind::ScrollUp, 0));
    assert_eq!(top.selected().map(JobId::as_str), Some("c"));
    // A question is not answered by a click.
    press(&mut top, "c");
    assert_eq!(top.mouse(click(row)), []);
    assert_eq!(press(&mut top, "n m"), [Effect::Mouse(false)]);
}

#[test]
fn an_id_is_copied_and_what_is_seen_is_remembered() {
    let mut top = three();
    top.lines([line(1, "c", "hello")]);
    assert_eq!(press(&mut top, "j y"), [Effect::Copy("b".into())]);
    let keys = |top: &mut super::model::Top, keys: &str| {
        let event = |key: char| {
            crossterm::event::KeyEvent::new(crossterm::event::KeyCode::Char(key), KeyModifiers::NONE)
        };
        keys.chars().flat_map(|key| top.key(event(key))).collect::<Vec<_>>()
    };
    let kept = keys(&mut top, "sSlw");
    let mut wanted =
        Preferences { sort: Sort::State, reversed: true, log: false, wrap: true, ..Preferences::default() };
    assert_eq!(kept.last(), Some(&Effect::Keep(wanted.clone())));
    wanted.filter = "state:failed".into();
    let mut again = three();
    again.prefer(wanted.clone());
    assert_eq!(again.preferences(), wanted);
    // What was asked for on the command line counts.
    let mut asked = super::model::Top::new("kind:a".into());
    asked.prefer(wanted);
    assert_eq!(asked.filter, "kind:a");
    assert!(!picture(&mut again, 80, 24, PLAIN, Time(0)).iter().any(|line| line.contains("log c")));
}

#[test]
fn a_job_is_opened_with_everything_about_it() {
    let mut top = three();
    top.lines((1..=9).map(|seq| line(seq, "c", &format!("line {seq}"))));
    press(&mut top, "Enter");
    assert_eq!(top.sheet, Sheet::Job);
    let shown = picture(&mut top, 100, 30, PLAIN, Time(0));
    assert!(shown[3].starts_with(" job c  1 of 3 "), "{shown:#?}");
    for words in
        ["kind      mail.send", "state     ✗ failed", "title     the c", "attempt   1 of 3", "line 9"]
    {
        assert!(shown.iter().any(|row| row.contains(words)), "{words}: {shown:#?}");
    }
    // The others are a key away, and so are the verbs.
    assert_eq!(press(&mut top, "] c y"), [Effect::Do(super::model::Verb::Cancel, vec![JobId::new("b")])]);
    press(&mut top, "[ j j j j j j j j j j j j j j j j j j j j j j");
    let shown = picture(&mut top, 60, 15, PLAIN, Time(0));
    assert!(
        shown[4].contains("created") || shown[4].contains("started") || shown[4].contains("args"),
        "{shown:#?}"
    );
    press(&mut top, "Esc");
    assert_eq!((top.sheet, top.selected().map(JobId::as_str)), (Sheet::Jobs, Some("c")));
    top.see(View::default(), Time(0));
    press(&mut top, "2");
    assert!(picture(&mut top, 80, 24, PLAIN, Time(0))[4].contains("no job is selected"));
}

#[test]
fn the_boards_log_follows_freezes_is_searched_and_wrapped() {
    let mut top = three();
    assert_eq!(press(&mut top, "3"), [Effect::LoadBoard]);
    // A line that came while the others were fetched is there once.
    top.lines([line(3, "b", "three")]);
    top.board.add([line(1, "a", "one"), line(2, "c", "two"), line(3, "b", "three")]);
    let shown = picture(&mut top, 80, 24, PLAIN, Time(0));
    assert!(shown[3].starts_with(" logs  following") && shown[6].contains("stdout  b  three"), "{shown:#?}");
    assert_eq!(shown.iter().filter(|row| row.contains("three")).count(), 1);
    press(&mut top, "k");
    top.lines([line(4, "a", "four")]);
    let shown = picture(&mut top, 80, 24, PLAIN, Time(0));
    assert!(shown[3].starts_with(" logs  frozen, 1 new") && !shown.iter().any(|row| row.contains("four")));
    // A frozen log can be searched (k9s#517).
    press(&mut top, "/ O N E");
    let shown = picture(&mut top, 80, 24, PLAIN, Time(0));
    assert!(shown[4].contains("one") && !shown.iter().any(|row| row.contains("two")), "{shown:#?}");
    press(&mut top, "Esc G");
    let long = format!("begin {} end", "x".repeat(200));
    top.lines([line(5, "a", &long)]);
    let shown = picture(&mut top, 80, 24, PLAIN, Time(0));
    assert!(shown.iter().any(|row| row.contains("begin")) && !shown.iter().any(|row| row.ends_with("end")));
    // Sideways it goes further each time, and to the end at once (k9s#1705).
    press(&mut top, "Right Right Right");
    assert_eq!(top.board.column, 8 + 12 + 18);
    press(&mut top, "$");
    assert!(picture(&mut top, 80, 24, PLAIN, Time(0)).iter().any(|row| row.ends_with(" end")));
    press(&mut top, "0 w");
    let shown = picture(&mut top, 80, 24, PLAIN, Time(0));
    assert!(shown.iter().any(|row| row.starts_with("  xxx") && row.ends_with(" end")), "{shown:#?}");
    assert!(shown.iter().any(|row| row.contains("a  begin")), "{shown:#?}");
    press(&mut top, "Esc");
    assert_eq!(top.sheet, Sheet::Jobs);
    assert_eq!(press(&mut top, "3"), [], "it is known by now");
}

#[test]
fn executors_metrics_and_history_are_shown() {
    let mut top = three();
    assert_eq!(press(&mut top, "4"), [Effect::LoadKinds]);
    top.know_kinds(kinds_of(&Node::from(&json!({ "kinds": [{ "kind": "idle", "title": "Does nothing" }] }))));
    let shown = picture(&mut top, 100, 24, PLAIN, Time(0));
    assert!(shown[3].starts_with(" executors  3  1 running"), "{shown:#?}");
    assert!(shown[5].starts_with("image.paint") && shown[6].starts_with("idle"), "{shown:#?}");
    assert!(shown[6].ends_with("Does nothing"), "{shown:#?}");
    assert_eq!(press(&mut top, "G y"), [Effect::Copy("mail.send".into())]);
    press(&mut top, "Enter");
    assert_eq!((top.sheet, top.filter.as_str(), top.rows.len()), (Sheet::Jobs, "kind:mail.send", 2));

    press(&mut top, "Esc 6");
    top.samples.tick();
    let shown = picture(&mut top, 100, 24, PLAIN, Time(0));
    assert!(shown[3].starts_with(" metrics"), "{shown:#?}");
    for words in ["finished  0 in the last 1 s", "failed    1 of 2 in the mirror  50.0 %", "took      p50"] {
        assert!(shown.iter().any(|row| row.contains(words)), "{words}: {shown:#?}");
    }

    assert_eq!(press(&mut top, "7"), [Effect::LoadPast]);
    let change = |version: u64| Happened {
        version,
        at: Time(0),
        what: format!("job.dispatched j{version}"),
        actor: "operator:cli".into(),
    };
    top.happened(Ok(((1..=40).map(change).collect(), 40)));
    let shown = picture(&mut top, 100, 24, PLAIN, Time(0));
    assert!(
        shown[3].starts_with(" history  v40  following") && shown[22].contains("j40  operator:cli"),
        "{shown:#?}"
    );
    press(&mut top, "k k");
    top.happened(Ok(((1..=45).map(change).collect(), 45)));
    let shown = picture(&mut top, 100, 24, PLAIN, Time(0));
    assert!(shown[3].contains("7 newer below") && shown[22].contains("j38 "), "{shown:#?}");
    press(&mut top, "g");
    assert!(picture(&mut top, 100, 24, PLAIN, Time(0))[4].contains("j1 "));
    top.happened(Err("it is gone".into()));
    assert!(picture(&mut top, 100, 24, PLAIN, Time(0))[23].contains("it is gone"));
    for sheet in ["1", "2", "3", "4", "5", "6", "7"] {
        press(&mut top, sheet);
        let plain = super::draw::Look { unicode: false, colours: false };
        for (width, height) in [(60, 15), (200, 60)] {
            let shown = picture(&mut top, width, height, plain, Time(0));
            assert!(shown.iter().all(|line| line.is_ascii()), "{sheet}: {shown:#?}");
        }
    }
}
