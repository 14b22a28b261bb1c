//! What asks and answers: the bottom line and the help.

use super::{Look, plain};
use crate::{
    text::progress::short_id,
    top::{
        columns::{Column, is_chosen},
        keys::KEYS,
        model::{Mode, Top},
        sheet::Sheet,
    },
};
use anstyle::AnsiColor;
use ratatui::{
    Frame,
    layout::Rect,
    style::{Modifier, Style},
    text::{Line, Span},
    widgets::{Block, Clear, Paragraph},
};

/// The keys that matter on a sheet.
fn short(sheet: Sheet) -> &'static str {
    match sheet {
        Sheet::Jobs => " / filter  s sort  l log  c cancel  r retry  Space mark  Tab pane  ? help  q quit",
        Sheet::Job => {
            " [ ] other job  c cancel  r retry  D delete  y copy  Tab pane  Esc back  ? help  q quit"
        }
        Sheet::Logs => " / find  f follow  w wrap  g G ends  Esc back  ? help  q quit",
        Sheet::Executors => " Enter its jobs  y copy  Esc back  ? help  q quit",
        Sheet::Queues => " p pause  Enter its jobs  y copy  1 jobs  ? help  q quit",
        Sheet::Metrics => " 1 to 7 other sheets  Esc back  ? help  q quit",
        Sheet::History => " j k move  g G ends  Esc back  ? help  q quit",
    }
}

/// A question, what is being written, what happened, or the keys.
pub(super) fn bottom(top: &Top, look: &Look) -> Line<'static> {
    let strong = Style::new().add_modifier(Modifier::BOLD);
    match (&top.mode, &top.notice) {
        (Mode::Filter { .. }, _) => Line::from(vec![
            Span::styled(" / ", strong),
            Span::raw(plain(&top.filter)),
            Span::styled(" ", Style::new().add_modifier(Modifier::REVERSED)),
            match &top.mistake {
                None => Span::styled("  Enter keeps it, Esc takes it back", look.dim()),
                Some(mistake) => Span::styled(format!("  {mistake}"), look.of(AnsiColor::Red)),
            },
        ]),
        (Mode::Find { .. }, _) => {
            let pane = if top.sheet == Sheet::Logs { &top.board } else { &top.log };
            Line::from(vec![
                Span::styled(" / ", strong),
                Span::raw(plain(&pane.find)),
                Span::styled(" ", Style::new().add_modifier(Modifier::REVERSED)),
                Span::styled("  lines that have this in them; Esc takes it back", look.dim()),
            ])
        }
        (Mode::Sheet(name), _) => Line::from(vec![
            Span::styled(" :", strong),
            Span::raw(plain(name)),
            Span::styled(" ", Style::new().add_modifier(Modifier::REVERSED)),
            Span::styled(format!("  {}", Sheet::ALL.map(Sheet::as_str).join(", ")), look.dim()),
        ]),
        (Mode::Confirm(verb, ids), _) => {
            let what = match &ids[..] {
                [id] => format!("job {}", short_id(id)),
                ids => format!("{} jobs", ids.len()),
            };
            Line::styled(format!(" {} {what}? y / n", verb.as_str()), strong)
        }
        (_, Some(notice)) => {
            let style = if notice.is_error { look.of(AnsiColor::Red) } else { Style::new() };
            Line::styled(format!(" {}", plain(&notice.text)), style)
        }
        _ => Line::styled(short(top.sheet), look.dim()),
    }
}

/// The keys; where they do not fit, from one on.
pub(super) fn help(frame: &mut Frame, area: Rect, scrolled: usize, look: &Look) {
    let lines: Vec<Line> = KEYS
        .iter()
        .map(|(keys, what)| {
            let keys = if look.unicode { (*keys).to_owned() } else { keys.replace(" ↓ ↑", " Down Up") };
            Line::from(format!(" {keys:<15} {}", if look.unicode { (*what).to_owned() } else { ascii(what) }))
        })
        .collect();
    let hidden = lines.len().saturating_sub(usize::from(area.height.saturating_sub(2)));
    let title = if hidden > 0 { " keys: j k for more " } else { " keys " };
    boxed(frame, area, look, title, lines.into_iter().skip(scrolled.min(hidden)).collect());
}

/// The columns that there are, and which are shown.
pub(super) fn columns(frame: &mut Frame, area: Rect, top: &Top, at: usize, look: &Look) {
    let line = |(index, column): (usize, Column)| {
        let sign = if is_chosen(&top.columns, column) { look.sign("✓", "x") } else { " " };
        let style = if index == at { Style::new().add_modifier(Modifier::REVERSED) } else { Style::new() };
        Line::styled(format!(" {sign} {:<10} {:<34}", column.heading(), column.about()), style)
    };
    let lines = Column::ALL.into_iter().enumerate().map(line);
    // The one with the cursor is always seen.
    let room = usize::from(area.height.saturating_sub(2)).max(1);
    let first = (at + 1).saturating_sub(room);
    boxed(frame, area, look, " columns: Space, 0 as usual, Esc ", lines.skip(first).collect());
}

fn boxed(frame: &mut Frame, area: Rect, look: &Look, title: &'static str, lines: Vec<Line<'static>>) {
    let (width, height) = (58.min(area.width), (lines.len() as u16 + 2).min(area.height));
    let place = Rect::new((area.width - width) / 2, (area.height - height) / 2, width, height);
    let block = Block::bordered().title(title);
    let block = if look.unicode { block } else { block.border_set(ASCII_BORDER) };
    frame.render_widget(Clear, place);
    frame.render_widget(Paragraph::new(lines).block(block), place);
}

fn ascii(text: &str) -> String {
    text.replace("← →", "Left Right")
}

const ASCII_BORDER: ratatui::symbols::border::Set = ratatui::symbols::border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};
