//! What stands around the table: header, counts, titles, log.

use super::{Look, rule};
use crate::{
    text::duration,
    top::{
        model::{Pane, Top},
        samples::COUNTED,
    },
};
use anstyle::AnsiColor;
use callboard_client::Phase;
use callboard_protocol::{Node, Time, from_node, job::JobState};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Modifier, Style},
    symbols,
    text::{Line, Span},
    widgets::Sparkline,
};

/// Who it is, whether it is live, how far it is.
pub(super) fn header(top: &Top, look: &Look, now: Time) -> Line<'static> {
    let telemetry = &top.telemetry;
    let (sign, word, colour) = match (&telemetry.phase, top.is_live()) {
        (Phase::Open, true) => (look.sign("●", "[live]"), "live".to_owned(), AnsiColor::Green),
        (Phase::Waiting { until, .. }, _) => {
            let left = duration::span(until.since_ms(now).div_ceil(1000) * 1000);
            let word = format!("reconnecting in {left} (try {})", telemetry.attempt);
            (look.sign("◐", "[wait]"), word, AnsiColor::Yellow)
        }
        (Phase::Closed { .. }, _) => (look.sign("○", "[off]"), "closed".to_owned(), AnsiColor::Red),
        _ => (look.sign("◐", "[wait]"), telemetry.phase.as_str().to_owned(), AnsiColor::Yellow),
    };
    let mut facts = vec![format!("v{}", top.version())];
    facts.extend(telemetry.rtt_ms.map(|rtt| format!("rtt {rtt}ms")));
    let started: Option<Time> = top.meta("startedAt").and_then(|at| from_node(at).ok());
    facts.extend(started.map(|at| format!("up {}", duration::span(now.since_ms(at)))));
    let paused = top.meta("status").and_then(Node::as_str).filter(|status| *status != "ready");
    facts.extend(paused.map(|status| format!("the board is {status}")));
    Line::from(vec![
        Span::styled(" callboard  ", Style::new().add_modifier(Modifier::BOLD)),
        Span::styled(format!("{sign} {word}"), look.of(colour)),
        Span::raw(format!("  {}", facts.join("  "))),
    ])
}

/// Four counts with the last minute of each.
pub(super) fn samples(frame: &mut Frame, area: Rect, top: &Top, look: &Look) {
    let parts: [Rect; 4] = Layout::horizontal([Constraint::Ratio(1, 4); 4]).spacing(1).areas(area);
    for (index, part) in parts.into_iter().enumerate() {
        let [words, bars] = Layout::vertical([Constraint::Length(1); 2]).areas(part);
        let style = JobState::parse(COUNTED[index]).map_or(Style::new(), |state| look.state(state));
        let text = format!("{} {}", COUNTED[index], top.samples.count(index));
        frame.render_widget(Line::styled(text, style), words);
        let values = top.samples.newest(index, usize::from(bars.width));
        if look.unicode {
            let bars_of = Sparkline::default().data(&values).style(style).bar_set(symbols::bar::NINE_LEVELS);
            frame.render_widget(bars_of, bars);
        } else {
            frame.render_widget(Line::styled(ascii_bars(&values), style), bars);
        }
    }
}

fn ascii_bars(values: &[u64]) -> String {
    let most = values.iter().max().copied().unwrap_or(0).max(1);
    let sign = |value: &u64| match (*value * 3).div_ceil(most) {
        0 => ' ',
        1 => '.',
        2 => ':',
        _ => '|',
    };
    values.iter().map(sign).collect()
}

pub(super) fn jobs_title(top: &Top, look: &Look, width: u16) -> Line<'static> {
    let mut title = format!(" jobs  {}", top.rows.len());
    if !top.filter.is_empty() {
        title.push_str(&format!(" of {}  {}", top.total(), top.filter));
    }
    title.push_str(&format!("  sort:{}", top.sort.as_str()));
    if top.reversed {
        title.push_str(" reversed");
    }
    if !top.marked.is_empty() {
        title.push_str(&format!("  {} marked", top.marked.len()));
    }
    rule(vec![Span::styled(title, focus(top, Pane::Jobs))], width, look)
}

pub(super) fn focus(top: &Top, pane: Pane) -> Style {
    match top.focus == pane {
        true => Style::new().add_modifier(Modifier::BOLD),
        false => Style::new(),
    }
}
