//! Sheets of lines: everything about a job, numbers, what happened.

use super::{Look, plain, rule};
use crate::{
    clock,
    commands::get::facts,
    text::{duration, progress::short_id},
    top::{
        metrics::{PERCENTS, metrics as numbers},
        model::Top,
    },
};
use anstyle::AnsiColor;
use ratatui::{
    Frame,
    layout::Rect,
    style::{Modifier, Style},
    symbols,
    text::{Line, Span},
    widgets::{Paragraph, Sparkline},
};

/// Columns of the names of facts and numbers.
const NAMES: usize = 10;

fn title(frame: &mut Frame, area: Rect, text: String, look: &Look) {
    let strong = Style::new().add_modifier(Modifier::BOLD);
    frame.render_widget(rule(vec![Span::styled(text, strong)], area.width, look), area);
}

/// What `callboard get` says of the job with the cursor.
pub(super) fn job(frame: &mut Frame, (head, body): (Rect, Rect), top: &mut Top, look: &Look) {
    let Some(job) = top.rows.get(top.cursor).and_then(|row| row.job()) else {
        title(frame, head, " job".into(), look);
        frame.render_widget(Line::styled("no job is selected; 1 shows all", look.dim()), body);
        return;
    };
    let place = format!(" job {}  {} of {}  [ ] turn", short_id(&job.id), top.cursor + 1, top.rows.len());
    title(frame, head, place, look);
    let fact = |(name, value): (&str, String)| {
        Line::from(vec![Span::styled(format!(" {name:<NAMES$}"), look.dim()), Span::raw(plain(&value))])
    };
    let lines: Vec<Line> = facts(&job, look.unicode).into_iter().map(fact).collect();
    // There is always something to see.
    top.scrolled = top.scrolled.min(lines.len().saturating_sub(usize::from(body.height)));
    let rest = lines.into_iter().skip(top.scrolled).collect::<Vec<_>>();
    frame.render_widget(Paragraph::new(rest), body);
}

/// How fast, how long, how often it went wrong, and how the connection is.
pub(super) fn metrics(frame: &mut Frame, (head, body): (Rect, Rect), top: &Top, look: &Look) {
    title(frame, head, " metrics  the last minute, and the newest finished jobs".into(), look);
    let found = numbers(top.state());
    let (per_minute, seconds) = top.samples.finished_in_a_minute();
    let share = match found.finished {
        0 => String::new(),
        finished => format!("  {:.1} %", found.failed as f64 * 100.0 / finished as f64),
    };
    let spans = |values: [Option<u64>; 3]| {
        let shown = PERCENTS.iter().zip(values).map(|(percent, value)| {
            let value = value.map_or_else(|| look.sign("–", "-").to_owned(), duration::took);
            format!("p{percent} {value}")
        });
        shown.collect::<Vec<_>>().join("   ")
    };
    let telemetry = &top.telemetry;
    let rows = [
        ("finished", format!("{per_minute} in the last {seconds} s")),
        ("failed", format!("{} of {} in the mirror{share}", found.failed, found.finished)),
        ("took", spans(found.took_ms)),
        ("waited", format!("{}   (first tries)", spans(found.waited_ms))),
        (
            "patches",
            format!("{}, {} snapshots, {} gaps", telemetry.patches, telemetry.snapshots, telemetry.gaps),
        ),
        ("received", format!("{:.1} kB, sent {:.1} kB", kilo(telemetry.bytes_in), kilo(telemetry.bytes_out))),
    ];
    let line = |(name, value): &(&str, String)| {
        Line::from(vec![Span::styled(format!(" {name:<NAMES$}"), look.dim()), Span::raw(value.clone())])
    };
    let lines: Vec<Line> = rows.iter().map(line).collect();
    let used = (lines.len() as u16).min(body.height);
    frame.render_widget(Paragraph::new(lines), body);
    let rest = Rect { y: body.y + used, height: body.height - used, ..body };
    if look.unicode && rest.height >= 2 {
        let (words, bars) =
            (Rect { height: 1, ..rest }, Rect { y: rest.y + 1, height: rest.height - 1, ..rest });
        frame.render_widget(Line::styled(" finished a second", look.dim()), words);
        let values = top.samples.finished(usize::from(bars.width));
        let bars_of = Sparkline::default().data(&values).bar_set(symbols::bar::NINE_LEVELS);
        frame.render_widget(bars_of.style(look.of(AnsiColor::Green)), bars);
    }
}

fn kilo(bytes: u64) -> f64 {
    bytes as f64 / 1000.0
}

/// What happened, the newest last.
pub(super) fn history(frame: &mut Frame, (head, body): (Rect, Rect), top: &Top, look: &Look) {
    let past = &top.past;
    let back = match past.back {
        0 => "following".to_owned(),
        back => format!("{back} newer below"),
    };
    title(frame, head, format!(" history  v{}  {back}", past.version), look);
    if past.changes.is_empty() {
        let words = if past.is_asked { "asking the server" } else { "nothing happened yet" };
        frame.render_widget(Line::styled(words, look.dim()), body);
        return;
    }
    let lines: Vec<Line> = past
        .shown(usize::from(body.height))
        .iter()
        .map(|change| {
            Line::from(vec![
                Span::styled(
                    format!("{:>8}  {}  ", change.version, &clock::local(change.at)[..8]),
                    look.dim(),
                ),
                Span::raw(plain(&change.what)),
                Span::styled(format!("  {}", plain(&change.actor)), look.dim()),
            ])
        })
        .collect();
    frame.render_widget(Paragraph::new(lines), body);
}
