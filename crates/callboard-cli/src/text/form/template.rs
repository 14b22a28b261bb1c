//! `--format '{id} {state}'`: a line for each record.

use super::fields::{at, path};
use callboard_protocol::Node;
use std::str::FromStr;

/// A line with places for members. `{{` and `}}` are braces, `\t`, `\n` and `\\` what they are elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Member(Vec<String>),
}

impl FromStr for Template {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text.char_indices().peekable();
        while let Some((index, character)) = rest.next() {
            match (character, rest.peek().map(|(_, next)| *next)) {
                ('{', Some('{')) | ('}', Some('}')) => {
                    rest.next();
                    plain.push(character);
                }
                ('{', _) => {
                    let name: String =
                        rest.by_ref().map(|(_, character)| character).take_while(|c| *c != '}').collect();
                    let end = index + 1 + name.len();
                    if text.as_bytes().get(end) != Some(&b'}') {
                        return Err(format!("the {{ at column {} is never closed", column(text, index)));
                    }
                    parts.push(Part::Text(std::mem::take(&mut plain)));
                    parts.push(Part::Member(
                        path(&name).map_err(|why| format!("column {}: {why}", column(text, index)))?,
                    ));
                }
                ('}', _) => {
                    let column = column(text, index);
                    return Err(format!("the }} at column {column} closes nothing; }}}} stands for one"));
                }
                ('\\', Some(next @ ('t' | 'n' | '\\'))) => {
                    rest.next();
                    plain.push(match next {
                        't' => '\t',
                        'n' => '\n',
                        other => other,
                    });
                }
                _ => plain.push(character),
            }
        }
        parts.push(Part::Text(plain));
        Ok(Template(parts))
    }
}

fn column(text: &str, index: usize) -> usize {
    text[..index].chars().count() + 1
}

impl Template {
    /// The line for a record: texts as they are, other values as JSON, nothing where there is nothing.
    pub(crate) fn render(&self, record: &Node) -> String {
        let parts = self.0.iter().map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Member(path) => match at(record, path) {
                None | Some(Node::Null) => String::new(),
                Some(value) => value.as_str().map_or_else(|| value.to_string(), str::to_owned),
            },
        });
        parts.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled() {
        let record: Node =
            serde_json::from_str(r#"{"id":"a","n":5,"error":{"message":"no"},"tags":["x"]}"#).unwrap();
        for (template, line) in [
            ("{id}", "a"),
            ("{id} {n} {tags}", r#"a 5 ["x"]"#),
            ("{error.message}|{nothing}|", "no||"),
            (r"{id}\t{{n}}\\", "a\t{n}\\"),
            ("plain ü", "plain ü"),
            ("", ""),
        ] {
            assert_eq!(template.parse::<Template>().unwrap().render(&record), line, "{template}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_column() {
        for (template, why) in [
            ("ü{id", "the { at column 2 is never closed"),
            ("{id} }", "the } at column 6 closes nothing"),
            ("{id} {}", "column 6: \"\" is no member"),
        ] {
            let error = template.parse::<Template>().unwrap_err();
            assert!(error.starts_with(why), "{template}: {error}");
        }
    }
}
