//! The other sheet, the clipboard, the mouse and what is remembered (design: ui 5.4).

use super::{
    model::{Effect, Mode, Sheet},
    preferences::Preferences,
    rows::Sort,
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
    press(&mut top, "2");
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
    press(&mut top, "2 Esc");
    assert_eq!(top.sheet, Sheet::Jobs);
    for (width, height) in [(60, 15), (80, 24), (200, 60)] {
        press(&mut top, "2");
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
    assert!(picture(&mut top, 80, 24, PLAIN, Time(0))[23].ends_with("jobs, queues"));
    press(&mut top, "q u Enter");
    assert_eq!((top.sheet, top.mode.clone()), (Sheet::Queues, Mode::Browse));
    press(&mut top, ": j x Backspace Enter");
    assert_eq!(top.sheet, Sheet::Jobs);
    press(&mut top, ": n o p e Enter");
    let bottom = picture(&mut top, 80, 24, PLAIN, Time(0))[23].clone();
    assert_eq!(bottom, " there is no \"nope\"; there are jobs, queues");
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
    let kept = keys(&mut top, "sSl");
    let wanted = Preferences { sort: Sort::State, reversed: true, log: false };
    assert_eq!(kept.last(), Some(&Effect::Keep(wanted)));
    let mut again = three();
    again.prefer(wanted);
    assert_eq!(again.preferences(), wanted);
    assert!(!picture(&mut again, 80, 24, PLAIN, Time(0)).iter().any(|line| line.contains("log c")));
}
