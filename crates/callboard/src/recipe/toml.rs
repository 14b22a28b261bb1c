//! TOML as far as JSON goes: dates become texts; what is no number in JSON is refused.

use super::{BadRecipe, Document, below};
use callboard_protocol::{Key, Node, Object, caps};
use std::collections::HashMap;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

struct Reader<'a> {
    text: &'a str,
    lines: HashMap<String, usize>,
}

pub(super) fn parse(text: &str) -> Result<Document, BadRecipe> {
    let mut reader = Reader { text, lines: HashMap::new() };
    let root = DeTable::parse(text).map_err(|error| {
        let line = error.span().map(|span| reader.line(span.start));
        BadRecipe::one(line, format!("this is no TOML: {}", error.message()))
    })?;
    let value = reader.table(root.get_ref(), "", 0)?;
    Ok(Document { value, lines: reader.lines })
}

impl Reader<'_> {
    fn line(&self, at: usize) -> usize {
        let before = self.text.as_bytes().get(..at).unwrap_or(self.text.as_bytes());
        1 + before.iter().filter(|byte| **byte == b'\n').count()
    }

    fn table(&mut self, table: &DeTable<'_>, path: &str, depth: usize) -> Result<Node, BadRecipe> {
        let mut members = Object::default();
        for (key, value) in table {
            let (name, at) = (key.get_ref(), below(path, key.get_ref()));
            let line = self.line(key.span().start);
            self.lines.insert(at.clone(), line);
            members.insert(Key::new(name), self.value(value, &at, depth + 1)?);
        }
        Ok(members.into())
    }

    fn value(&mut self, value: &Spanned<DeValue<'_>>, path: &str, depth: usize) -> Result<Node, BadRecipe> {
        let line = self.line(value.span().start);
        self.lines.entry(path.to_owned()).or_insert(line);
        let refused = |what: String| BadRecipe::one(Some(line), what);
        if depth > caps::JSON_DEPTH {
            return Err(refused(format!("it nests deeper than {} levels", caps::JSON_DEPTH)));
        }
        Ok(match value.get_ref() {
            DeValue::String(text) => text.as_ref().into(),
            DeValue::Boolean(value) => (*value).into(),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map(|number| Node::Number(number.into()))
                .map_err(|_| refused(format!("the number {number} is too large")))?,
            DeValue::Float(number) => number
                .as_str()
                .parse()
                .ok()
                .and_then(Node::float)
                .ok_or_else(|| refused(format!("{} is no number of JSON", number.as_str())))?,
            DeValue::Datetime(date) => date.to_string().into(),
            DeValue::Array(items) => {
                let mut list = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    list.push(self.value(item, &format!("{path}/{index}"), depth + 1)?);
                }
                list.into()
            }
            DeValue::Table(table) => self.table(table, path, depth)?,
        })
    }
}
