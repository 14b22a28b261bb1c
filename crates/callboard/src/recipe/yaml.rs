//! YAML 1.2 as far as JSON goes: mappings with text keys, sequences, scalars of the core schema. What JSON has not
//! (anchors, tags, several documents) is refused by name, so nothing can expand or stay behind.

use super::{BadRecipe, Document, below};
use callboard_protocol::{Key, Node, Object, caps};
use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span};
use std::collections::HashMap;

/// A container that is being read.
enum Open {
    Array { path: String, items: Vec<Node> },
    Object { path: String, members: Object, key: Option<String> },
}

#[derive(Default)]
struct Reader {
    open: Vec<Open>,
    root: Option<Node>,
    lines: HashMap<String, usize>,
}

pub(super) fn parse(text: &str) -> Result<Document, BadRecipe> {
    let mut reader = Reader::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error: ScanError| {
            BadRecipe::one(Some(error.marker().line()), format!("this is no YAML: {}", error.info()))
        })?;
        reader.event(event, span)?;
    }
    let value = reader.root.ok_or_else(|| BadRecipe::one(None, "the file is empty"))?;
    Ok(Document { value, lines: reader.lines })
}

impl Reader {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), BadRecipe> {
        let line = span.start.line();
        let refused = |what: &str| Err(BadRecipe::one(Some(line), what));
        match event {
            Event::Scalar(_, _, _, Some(_))
            | Event::SequenceStart(_, Some(_))
            | Event::MappingStart(_, Some(_)) => {
                refused("tags are not understood; write the value plainly, or in quotes for a text")
            }
            Event::Alias(_) => refused("anchors and aliases are not understood; write the value again"),
            Event::Scalar(text, style, 0, None) => self.scalar(&text, style, line),
            Event::SequenceStart(0, None) => {
                let path = self.begin(line)?;
                self.open.push(Open::Array { path, items: Vec::new() });
                Ok(())
            }
            Event::MappingStart(0, None) => {
                let path = self.begin(line)?;
                self.open.push(Open::Object { path, members: Object::default(), key: None });
                Ok(())
            }
            Event::Scalar(..) | Event::SequenceStart(..) | Event::MappingStart(..) => {
                refused("anchors and aliases are not understood; write the value again")
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let value = match self.open.pop() {
                    Some(Open::Array { items, .. }) => items.into(),
                    Some(Open::Object { members, .. }) => members.into(),
                    None => Node::Null,
                };
                self.put(value, line)
            }
            Event::DocumentStart(_) if self.root.is_some() => refused("a file holds one document"),
            _ => Ok(()),
        }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, line: usize) -> Result<(), BadRecipe> {
        if let Some(Open::Object { path, members, key: key @ None }) = self.open.last_mut() {
            if members.contains(text) {
                return Err(BadRecipe::one(Some(line), format!("the key {text:?} is there twice")));
            }
            self.lines.insert(below(path, text), line);
            *key = Some(text.to_owned());
            return Ok(());
        }
        let path = self.path();
        self.lines.entry(path).or_insert(line);
        let value = if style == ScalarStyle::Plain { plain(text) } else { text.into() };
        self.put(value, line)
    }

    /// A container begins; says where.
    fn begin(&mut self, line: usize) -> Result<String, BadRecipe> {
        if self.open.len() >= caps::JSON_DEPTH {
            return Err(BadRecipe::one(
                Some(line),
                format!("it nests deeper than {} levels", caps::JSON_DEPTH),
            ));
        }
        if let Some(Open::Object { key: None, .. }) = self.open.last() {
            return Err(BadRecipe::one(Some(line), "a key must be a text"));
        }
        let path = self.path();
        self.lines.entry(path.clone()).or_insert(line);
        Ok(path)
    }

    /// The pointer of the next value.
    fn path(&self) -> String {
        match self.open.last() {
            None => String::new(),
            Some(Open::Array { path, items }) => format!("{path}/{}", items.len()),
            Some(Open::Object { path, key, .. }) => below(path, key.as_deref().unwrap_or_default()),
        }
    }

    fn put(&mut self, value: Node, line: usize) -> Result<(), BadRecipe> {
        match self.open.last_mut() {
            None => self.root = Some(value),
            Some(Open::Array { items, .. }) => items.push(value),
            Some(Open::Object { members, key, .. }) => match key.take() {
                Some(key) => drop(members.insert(Key::new(&key), value)),
                None => return Err(BadRecipe::one(Some(line), "a key must be a text")),
            },
        }
        Ok(())
    }
}

/// A scalar without quotes, by the core schema.
fn plain(text: &str) -> Node {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Node::Null,
        "true" | "True" | "TRUE" => return true.into(),
        "false" | "False" | "FALSE" => return false.into(),
        _ => {}
    }
    let digits = text.trim_start_matches(['-', '+']);
    if digits.starts_with(|letter: char| letter.is_ascii_digit() || letter == '.')
        && let Ok(number) = serde_json::from_str::<Node>(text.strip_prefix('+').unwrap_or(text))
    {
        return number;
    }
    text.into()
}
