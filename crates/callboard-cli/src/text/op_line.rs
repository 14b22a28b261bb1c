//! An operation on the state in one line: `~ /jobs/67n4k/state  "running" → "failed"`.

use super::{clean::clean, output::Screen, table::cut};
use anstyle::{AnsiColor, Style};
use callboard_protocol::{Node, Op, Pointer};

/// Columns of a value where a person reads; programs get all of it.
const VALUE: usize = 120;

/// The line; `old` is what was there before.
pub(crate) fn line(op: &Op, old: Option<&Node>, screen: &Screen) -> String {
    let value = |node: &Node| match screen.out_is_terminal {
        true => cut(&clean(&node.to_string()), VALUE),
        false => node.to_string(),
    };
    let arrow = if screen.unicode { "→" } else { "->" };
    let (sign, colour, rest) = match (op, old) {
        (Op::Remove { .. }, old) => ("-", AnsiColor::Red, old.map(value).unwrap_or_default()),
        (Op::Add { value: new, .. }, None) => ("+", AnsiColor::Green, value(new)),
        (Op::Add { value: new, .. } | Op::Replace { value: new, .. }, Some(old)) => {
            ("~", AnsiColor::Yellow, format!("{} {arrow} {}", value(old), value(new)))
        }
        (Op::Replace { value: new, .. }, None) => ("~", AnsiColor::Yellow, value(new)),
        (Op::Move { from, .. } | Op::Copy { from, .. }, _) => {
            ("~", AnsiColor::Yellow, format!("{arrow} from {}", name(from)))
        }
        (Op::Test { value: new, .. }, _) => ("?", AnsiColor::Yellow, value(new)),
    };
    let style = Style::new().fg_color(Some(colour.into()));
    format!("{style}{sign}{style:#} {}  {rest}", clean(&name(op.path()))).trim_end().to_owned()
}

fn name(path: &Pointer) -> String {
    match path.to_string() {
        root if root.is_empty() => "/".into(),
        path => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_says_what_was_and_what_is() {
        let screen = Screen { out_is_terminal: false, ..Screen::of_person(80) };
        let path = Pointer::parse("/jobs/a/state").unwrap();
        let (old, new) = (Node::from("running"), Node::from("failed"));
        let plain = |op: &Op, old| anstream::adapter::strip_str(&line(op, old, &screen)).to_string();
        let replace = Op::Replace { path: path.clone(), value: new.clone() };
        assert_eq!(plain(&replace, Some(&old)), "~ /jobs/a/state  \"running\" → \"failed\"");
        assert_eq!(plain(&replace, None), "~ /jobs/a/state  \"failed\"");
        let add = Op::Add { path: path.clone(), value: new };
        assert_eq!(plain(&add, None), "+ /jobs/a/state  \"failed\"");
        let remove = Op::Remove { path };
        assert_eq!(plain(&remove, Some(&old)), "- /jobs/a/state  \"running\"");
        assert_eq!(plain(&remove, None), "- /jobs/a/state");
    }
}
