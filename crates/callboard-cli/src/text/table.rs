//! Tables without borders: columns two spaces apart, numbers to the right, the last column takes what is left.

use super::{paint::DIM, signals::link};
use anstyle::Style;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// A cell.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    text: String,
    style: Style,
    link: Option<String>,
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Cell { text, style: Style::new(), link: None }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl Cell {
    pub(crate) fn styled(text: impl Into<String>, style: Style) -> Self {
        Cell { text: text.into(), style, link: None }
    }

    /// The cell as a link, where there is something to lead to.
    pub(crate) fn leading_to(self, link: Option<String>) -> Self {
        Cell { link, ..self }
    }
}

/// A column's name and whether it holds numbers.
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) right: bool,
}

/// The lines of a table, header first. `width` cuts the last column; without it nothing is cut.
pub(crate) fn lines(columns: &[&Column], rows: &[Vec<Cell>], width: Option<usize>) -> Vec<String> {
    let widths: Vec<usize> = (0..columns.len())
        .map(|index| {
            let cells = rows.iter().filter_map(|row| row.get(index)).map(|cell| length(&cell.text));
            cells.chain([columns[index].name.len()]).max().unwrap_or(0)
        })
        .collect();
    let header: Vec<Cell> = columns.iter().map(|column| Cell::styled(column.name, DIM)).collect();
    let all = std::iter::once(&header).chain(rows);
    all.map(|row| line(columns, row, &widths, width)).collect()
}

fn line(columns: &[&Column], row: &[Cell], widths: &[usize], width: Option<usize>) -> String {
    let mut out = String::new();
    let mut used = 0;
    for (index, cell) in row.iter().enumerate() {
        let is_last = index + 1 == row.len();
        let text = match width {
            Some(width) if is_last => cut(&cell.text, width.saturating_sub(used)),
            _ => cell.text.clone(),
        };
        let padding = widths[index].saturating_sub(length(&text));
        let style = cell.style;
        let shown = cell.link.as_ref().map_or_else(|| text.clone(), |url| link(&text, url));
        let painted = format!("{style}{shown}{style:#}");
        match (columns[index].right, is_last) {
            (true, _) => out.push_str(&format!("{:padding$}{painted}", "")),
            (false, true) => out.push_str(&painted),
            (false, false) => out.push_str(&format!("{painted}{:padding$}", "")),
        }
        if !is_last {
            out.push_str("  ");
            used += widths[index] + 2;
        }
    }
    out
}

/// The first line of a text in at most so many columns; an ellipsis says that there is more.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    let first = text.lines().next().unwrap_or_default();
    if length(first) <= columns && first.len() == text.len() {
        return first.to_owned();
    }
    let mut used = 0;
    let fits = |character: &char| {
        used += character.width().unwrap_or(0);
        used < columns
    };
    let kept: String = first.chars().take_while(fits).collect();
    if columns == 0 { String::new() } else { kept + "…" }
}

/// Columns on a terminal: some characters take two.
fn length(text: &str) -> usize {
    text.width()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 3] = [
        Column { name: "ID", right: false },
        Column { name: "PROGRESS", right: true },
        Column { name: "STATUS", right: false },
    ];

    fn plain(width: Option<usize>) -> Vec<String> {
        let rows = [
            vec!["67n4k".into(), "59%".into(), "sampling step 18/30".into()],
            vec!["67mzzabc".into(), Cell::from("–"), "two\nlines".into()],
        ];
        let lines = lines(&COLUMNS.each_ref(), &rows, width);
        lines.iter().map(|line| anstream::adapter::strip_str(line).to_string()).collect()
    }

    #[test]
    fn columns_line_up() {
        assert_eq!(
            plain(None),
            [
                "ID        PROGRESS  STATUS",
                "67n4k          59%  sampling step 18/30",
                "67mzzabc         –  two\nlines",
            ]
        );
    }

    #[test]
    fn characters_of_two_columns_count_twice() {
        assert_eq!((length("日本"), length("é"), length("e\u{301}")), (4, 1, 1));
        assert_eq!((cut("日本語の", 5), cut("日本語の", 6)), ("日本…".to_owned(), "日本…".to_owned()));
        assert_eq!((cut("日本", 4), cut("日本", 1), cut("x", 0)), ("日本".into(), "…".into(), String::new()));
    }

    #[test]
    fn only_the_last_column_is_cut() {
        assert_eq!(
            plain(Some(30)),
            ["ID        PROGRESS  STATUS", "67n4k          59%  sampling …", "67mzzabc         –  two…"]
        );
        assert_eq!(plain(Some(5))[1], "67n4k          59%  ");
    }
}
