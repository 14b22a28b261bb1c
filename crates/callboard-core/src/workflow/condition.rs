//! The condition of a step: `${steps.a.result.size} > 10 && !${input.dry}`.
//!
//! Literals are JSON scalars (texts also in single quotes), operators `== != < <= > >= && || !` and brackets. What is
//! missing is `null`. False are `false`, `null`, `0`, and empty texts, arrays and objects.

use super::place::{Place, Scope};
use callboard_protocol::{Node, caps};
use std::cmp::Ordering;

/// See the module.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Condition {
    Literal(Node),
    Place(Place),
    Not(Box<Condition>),
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Compare(&'static str, Box<(Condition, Condition)>),
}

/// Longer ones first.
const COMPARISONS: [&str; 6] = ["==", "!=", "<=", ">=", "<", ">"];

impl Condition {
    /// Reads a condition.
    ///
    /// # Errors
    /// A sentence with the column.
    pub(crate) fn parse(text: &str) -> Result<Condition, String> {
        let mut parser = Parser { text, rest: text, depth: 0 };
        let condition = parser.any()?;
        match parser.rest.trim_start() {
            "" => Ok(condition),
            rest => Err(parser.wrong(rest, "an operator or the end is expected here")),
        }
    }

    /// All places in it.
    pub(crate) fn places<'a>(&'a self, found: &mut Vec<&'a Place>) {
        match self {
            Condition::Literal(_) => {}
            Condition::Place(place) => found.push(place),
            Condition::Not(inner) => inner.places(found),
            Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| part.places(found)),
            Condition::Compare(_, sides) => {
                sides.0.places(found);
                sides.1.places(found);
            }
        }
    }

    /// Whether it holds.
    pub(crate) fn holds(&self, scope: &Scope<'_>) -> bool {
        is_true(&self.value(scope))
    }

    fn value(&self, scope: &Scope<'_>) -> Node {
        match self {
            Condition::Literal(node) => node.clone(),
            Condition::Place(place) => place.value(scope).unwrap_or_default(),
            Condition::Not(inner) => (!inner.holds(scope)).into(),
            Condition::All(parts) => parts.iter().all(|part| part.holds(scope)).into(),
            Condition::Any(parts) => parts.iter().any(|part| part.holds(scope)).into(),
            Condition::Compare(operator, sides) => {
                compare(operator, &sides.0.value(scope), &sides.1.value(scope)).into()
            }
        }
    }
}

fn is_true(node: &Node) -> bool {
    match node {
        Node::Null => false,
        Node::Bool(value) => *value,
        Node::Number(_) => node.as_f64() != Some(0.0),
        Node::String(text) => !text.is_empty(),
        Node::Array(items) => !items.is_empty(),
        Node::Object(members) => !members.is_empty(),
    }
}

/// Values of different types are never equal, and none is before the other.
fn compare(operator: &str, left: &Node, right: &Node) -> bool {
    let order = match (left, right) {
        (Node::Number(_), Node::Number(_)) => {
            left.as_f64().zip(right.as_f64()).and_then(|(left, right)| left.partial_cmp(&right))
        }
        (Node::String(left), Node::String(right)) => Some(left.cmp(right)),
        _ if left == right => Some(Ordering::Equal),
        _ => None,
    };
    let has_order =
        matches!((left, right), (Node::Number(_), Node::Number(_)) | (Node::String(_), Node::String(_)));
    match operator {
        "==" => order == Some(Ordering::Equal),
        "!=" => order != Some(Ordering::Equal),
        "<" => has_order && order == Some(Ordering::Less),
        ">" => has_order && order == Some(Ordering::Greater),
        "<=" => has_order && order.is_some_and(Ordering::is_le),
        _ => has_order && order.is_some_and(Ordering::is_ge),
    }
}

struct Parser<'a> {
    text: &'a str,
    rest: &'a str,
    depth: usize,
}

impl Parser<'_> {
    fn any(&mut self) -> Result<Condition, String> {
        let mut parts = vec![self.all()?];
        while self.eat("||") {
            parts.push(self.all()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Condition::Any(parts) })
    }

    fn all(&mut self) -> Result<Condition, String> {
        let mut parts = vec![self.comparison()?];
        while self.eat("&&") {
            parts.push(self.comparison()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Condition::All(parts) })
    }

    fn comparison(&mut self) -> Result<Condition, String> {
        let left = self.single()?;
        let Some(operator) = COMPARISONS.into_iter().find(|operator| self.eat(operator)) else {
            return Ok(left);
        };
        Ok(Condition::Compare(operator, Box::new((left, self.single()?))))
    }

    fn single(&mut self) -> Result<Condition, String> {
        self.rest = self.rest.trim_start();
        let here = self.rest;
        self.depth += 1;
        if self.depth > caps::CONDITION_DEPTH {
            return Err(self.wrong(here, "it nests too deep here"));
        }
        let read = if self.eat("!") {
            Condition::Not(Box::new(self.single()?))
        } else if self.eat("(") {
            let inner = self.any()?;
            if !self.eat(")") {
                return Err(self.wrong(self.rest, "a ')' is expected here"));
            }
            inner
        } else if self.eat("${") {
            let (name, after) =
                self.rest.split_once('}').ok_or_else(|| self.wrong(here, "a ${ is not closed"))?;
            self.rest = after;
            Condition::Place(Place::parse(name)?)
        } else {
            Condition::Literal(self.literal()?)
        };
        self.depth -= 1;
        Ok(read)
    }

    fn literal(&mut self) -> Result<Node, String> {
        let here = self.rest;
        if let Some(quote) = here.chars().next().filter(|letter| matches!(letter, '\'' | '"')) {
            let (text, after) =
                here[1..].split_once(quote).ok_or_else(|| self.wrong(here, "a text is not closed"))?;
            self.rest = after;
            return Ok(text.into());
        }
        let end = here.find(|letter: char| !(letter.is_ascii_alphanumeric() || "+-._".contains(letter)));
        let (word, after) = here.split_at(end.unwrap_or(here.len()));
        self.rest = after;
        match word {
            "true" => Ok(true.into()),
            "false" => Ok(false.into()),
            "null" => Ok(Node::Null),
            _ => word.parse().ok().and_then(Node::float).ok_or_else(|| {
                self.wrong(
                    here,
                    "a place like ${input.x}, a number, a quoted text, true, false or null is expected here",
                )
            }),
        }
    }

    fn eat(&mut self, token: &str) -> bool {
        let Some(rest) = self.rest.trim_start().strip_prefix(token) else { return false };
        self.rest = rest;
        true
    }

    fn wrong(&self, at: &str, what: &str) -> String {
        let column = self.text[..self.text.len() - at.trim_start().len()].chars().count() + 1;
        format!("column {column}: {what}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(text: &str) -> bool {
        let workflow: Node = serde_json::from_str(
            r#"{"input":{"n":3,"s":"abc","t":true,"list":[]},"steps":{"a":{"state":"failed"}}}"#,
        )
        .expect("JSON");
        let condition = Condition::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        condition.holds(&Scope { workflow: &workflow, item: None, own: None })
    }

    #[test]
    fn conditions_hold_or_do_not() {
        for text in [
            "${input.t}",
            "${input.n} > 2.5 && ${input.n}<=3",
            "${input.s} == 'abc'",
            "${input.s} < \"abd\"",
            "${steps.a.state} != 'succeeded'",
            "!${input.missing.deep} && !${input.list}",
            "${input.missing} == null",
            "false || (true && !(1 == 2))",
            "${input.n} == 3.0",
            "-1 < 0",
        ] {
            assert!(holds(text), "{text}");
        }
        for text in
            ["${input.list}", "0", "''", "null", "${input.s} > 1", "${input.n} == '3'", "true && false", "!1"]
        {
            assert!(!holds(text), "{text}");
        }
    }

    #[test]
    fn a_condition_that_cannot_be_read_is_told_with_its_column() {
        let deep = "(".repeat(1000);
        for (text, start) in [
            ("", "column 1: a place like"),
            ("${input.a} ==", "column 14: a place like"),
            ("${input.a} = 1", "column 12: an operator"),
            ("(true", "column 6: a ')'"),
            ("'abc", "column 1: a text is not closed"),
            ("1 == ${input.a", "column 6: a ${ is not closed"),
            ("abc", "column 1: a place like"),
            ("${nope}", "${nope} names nothing"),
            ("1 2", "column 3: an operator"),
            (&deep, "column 17: it nests too deep"),
        ] {
            let error = Condition::parse(text).expect_err(text);
            assert!(error.starts_with(start), "{text}: {error}");
        }
    }
}
