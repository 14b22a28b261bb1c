//! Getting to things: lines of a log, columns, pages in Studio (design: ui 4.6, 5.4).

use super::{
    columns::Column,
    draw::draw,
    model::{Effect, Mode, Top},
    sheet::Sheet,
    tests::{PLAIN, line, picture, press, three},
};
use callboard_protocol::{JobId, Time, log::Level, log::LogEntry};
use ratatui::{Terminal, backend::TestBackend};

fn failing(seq: u64, message: &str) -> LogEntry {
    LogEntry { level: Level::Error, ..line(seq, "c", message) }
}

/// Forty lines; every tenth has `disk` in it, 15 and 35 are errors.
fn with_lines() -> Top {
    let mut top = three();
    press(&mut top, "3");
    top.board.add((1..=40).map(|seq| match seq {
        15 | 35 => failing(seq, &format!("trouble {seq}")),
        seq if seq % 10 == 0 => line(seq, "c", &format!("Disk {seq}")),
        seq => line(seq, "c", &format!("line {seq}")),
    }));
    shown(&mut top);
    top
}

fn shown(top: &mut Top) -> Vec<String> {
    picture(top, 80, 24, PLAIN, Time(0))
}

fn at(top: &Top) -> String {
    top.board.at().expect("a line").message.to_string()
}

#[test]
fn matches_are_gone_to_among_all_lines() {
    let mut top = with_lines();
    assert_eq!(press(&mut top, "n"), []);
    assert!(shown(&mut top)[23].contains("nothing is looked for"));
    press(&mut top, "/ d i s k Enter");
    let only = shown(&mut top);
    assert!(only.iter().any(|row| row.ends_with("Disk 10")) && !only.iter().any(|row| row.contains("line")));
    // From the last line that is shown, backwards; what is around it can be read.
    press(&mut top, "N N");
    assert_eq!(at(&top), "Disk 30");
    let around = shown(&mut top);
    assert!(around[3].contains("frozen") && around[3].contains("/disk among all"), "{around:#?}");
    let row = around.iter().position(|row| row.ends_with("Disk 30")).expect("it is shown");
    assert!((10..18).contains(&row), "in the middle: {around:#?}");
    assert!(around[row - 1].ends_with("line 29") && around[row + 1].ends_with("line 31"));
    press(&mut top, "n");
    assert_eq!(at(&top), "Disk 40");
    press(&mut top, "n");
    assert_eq!(at(&top), "Disk 10");
    assert!(shown(&mut top)[23].contains("no further match; the first one"));
    press(&mut top, "N");
    assert_eq!(at(&top), "Disk 40");
    assert!(shown(&mut top)[23].contains("no match before; the last one"));
    assert_eq!(press(&mut top, "y"), [Effect::Copy("Disk 40".into())]);
    // Lines that come do not move it, and it may be looked for something else.
    top.lines([line(41, "c", "more")]);
    assert_eq!(at(&top), "Disk 40");
    press(&mut top, "/ x x x Enter n");
    assert!(shown(&mut top)[23].contains("no match in these lines"));
    press(&mut top, "Esc f");
    assert!(top.board.is_following() && at(&top) == "more");
    press(&mut top, "Esc");
    assert_eq!(top.sheet, Sheet::Jobs);
}

#[test]
fn errors_are_gone_to_in_every_log() {
    let mut top = with_lines();
    press(&mut top, "e");
    assert_eq!(at(&top), "trouble 15");
    assert!(shown(&mut top)[23].contains("no further error; the first one"));
    press(&mut top, "e");
    assert_eq!((at(&top), top.notice.is_none()), ("trouble 35".into(), true));
    press(&mut top, "E");
    assert_eq!(at(&top), "trouble 15");
    press(&mut top, "w E");
    assert!(shown(&mut top).iter().any(|row| row.ends_with("trouble 35")));
    // Beneath the table the keys are the log's, too.
    press(&mut top, "1 f");
    top.lines((1..=60).map(|seq| if seq == 5 { failing(5, "the fault") } else { line(seq, "c", "fine") }));
    assert!(!shown(&mut top).iter().any(|row| row.contains("the fault")));
    press(&mut top, "E");
    assert!(shown(&mut top).iter().any(|row| row.contains("the fault")));
    assert_eq!(top.selected().map(JobId::as_str), Some("c"), "the table stays where it is");
    // Where there is none it is said, and with no line at all.
    press(&mut top, "j e");
    assert!(shown(&mut top)[23].contains("no error in these lines"));
}

#[test]
fn columns_are_chosen_and_remembered() {
    let mut top = three();
    press(&mut top, "C");
    let list = shown(&mut top);
    assert!(list.iter().any(|row| row.contains("✓ STATUS")) && list.iter().any(|row| row.contains("  AGE")));
    for (width, height) in [(60, 15), (200, 60)] {
        press(&mut top, "G");
        assert!(picture(&mut top, width, height, PLAIN, Time(0)).iter().any(|row| row.contains("STATUS")));
    }
    // The sixth after JOB is AGE; KIND is the second.
    press(&mut top, "g j j j j j j Space g j x Esc");
    assert_eq!(top.mode, Mode::Browse);
    let wide = picture(&mut top, 120, 24, PLAIN, Time(0))[4].clone();
    assert!(wide.contains("AGE") && !wide.contains("KIND") && wide.contains("STATUS"), "{wide}");
    let kept = top.preferences();
    assert!(kept.columns.contains(&Column::Age) && !kept.columns.contains(&Column::Kind));
    let mut again = three();
    again.prefer(kept);
    assert!(picture(&mut again, 120, 24, PLAIN, Time(0))[4].contains("AGE"));
    press(&mut again, "C 0 Esc");
    assert!(again.columns.is_empty());
    assert!(picture(&mut again, 120, 24, PLAIN, Time(0))[4].contains("KIND"));
    // All of them, on every terminal.
    again.columns = Column::ALL.to_vec();
    for (width, height) in [(60, 15), (100, 30), (250, 30)] {
        let all = picture(&mut again, width, height, PLAIN, Time(0));
        assert!(all.iter().any(|row| row.contains("✗ c ")), "{all:#?}");
    }
}

#[test]
fn ids_lead_to_studio_where_the_terminal_has_links() {
    let mut top = three();
    top.studio = Some("http://h/".into());
    let link = |id: &str| format!("\u{1b}]8;;http://h/jobs/{id}\u{1b}\\{id}\u{1b}]8;;\u{1b}\\");
    let written = |top: &mut Top| {
        let mut terminal = Terminal::new(TestBackend::new(80, 24)).expect("a buffer");
        terminal.draw(|frame| draw(frame, top, &PLAIN, Time(0))).expect("a buffer");
        let buffer = terminal.backend().buffer().clone();
        buffer.content.iter().map(|cell| cell.symbol().to_owned()).collect::<String>()
    };
    let table = written(&mut top);
    for id in ["a", "b", "c"] {
        assert!(table.contains(&link(id)), "{id}: {table:?}");
    }
    assert_eq!(table.matches(&link("c")).count(), 2, "in the table and over the log");
    press(&mut top, "2");
    assert!(written(&mut top).contains(&link("c")));
    press(&mut top, "3");
    top.board.add([line(1, "b", "hello")]);
    assert!(written(&mut top).contains(&link("b")));
    // Nothing of a link shows through what is laid over it.
    press(&mut top, "1 ?");
    assert!(!written(&mut top).contains("http"));
    press(&mut top, "Esc");
    top.studio = None;
    assert!(!written(&mut top).contains("http"));
    assert_eq!(press(&mut top, "Y"), [Effect::CopyAddress(JobId::new("c"))]);
}

#[test]
fn all_rows_are_marked_and_a_row_is_opened_as_in_studio() {
    let mut top = three();
    press(&mut top, "/ m a i l Enter");
    press(&mut top, "Ctrl+A");
    assert_eq!(top.marked.iter().map(JobId::as_str).collect::<Vec<_>>(), ["a", "c"]);
    press(&mut top, "Ctrl+A o");
    assert_eq!((top.marked.len(), top.sheet), (0, Sheet::Job));
    press(&mut top, ": w o r k e r s Enter");
    assert_eq!(top.sheet, Sheet::Executors);
}
