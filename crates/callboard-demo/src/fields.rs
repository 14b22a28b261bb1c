//! Reads the args object field by field, so that every refusal names the field, the value and what would fit.

use std::io::Read;
use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use crate::DemoError;

/// A prompt of 2000 characters weighs at most 24 kB with every character escaped; this leaves room and bounds the memory.
const ARGS_BYTES_MAX: u64 = 256 * 1024;
/// A refused value is quoted in the message up to here.
const QUOTE_CHARS_MAX: usize = 40;

/// The args, with only known fields in them. A field that is null counts as absent.
#[derive(Debug)]
pub(crate) struct Fields {
    map: Map<String, Value>,
}

impl Fields {
    /// Reads `input` to its end as one JSON object whose fields are all in `known`.
    pub(crate) fn read(input: impl Read, known: &[&str]) -> Result<Self, DemoError> {
        let mut text = Vec::new();
        input.take(ARGS_BYTES_MAX + 1).read_to_end(&mut text).map_err(DemoError::ArgsUnreadable)?;
        if text.len() as u64 > ARGS_BYTES_MAX {
            return Err(DemoError::ArgsTooLarge { max_bytes: ARGS_BYTES_MAX });
        }
        let map = match serde_json::from_slice(&text).map_err(DemoError::ArgsNotJson)? {
            Value::Object(map) => map,
            other => return Err(DemoError::ArgsNotObject { found: name_of(&other) }),
        };
        match map.keys().find(|field| !known.contains(&field.as_str())) {
            Some(field) => Err(DemoError::UnknownField { field: shorten(field), known: known.join(", ") }),
            None => Ok(Self { map }),
        }
    }

    /// A text whose length in characters is in `length`.
    pub(crate) fn text(
        &self,
        field: &'static str,
        length: RangeInclusive<usize>,
    ) -> Result<Option<&str>, DemoError> {
        let expected = || format!("a text of {} to {} characters", length.start(), length.end());
        match self.get(field) {
            None => Ok(None),
            Some(Value::String(text)) => match text.chars().count() {
                count if length.contains(&count) => Ok(Some(text)),
                count => Err(DemoError::BadField {
                    field,
                    found: format!("{count} characters long"),
                    expected: expected(),
                }),
            },
            Some(other) => Err(DemoError::BadField { field, found: quote(other), expected: expected() }),
        }
    }

    /// Like [`Fields::text`], for a field that must be there.
    pub(crate) fn required_text(
        &self,
        field: &'static str,
        length: RangeInclusive<usize>,
    ) -> Result<&str, DemoError> {
        let expected = format!("a text of {} to {} characters", length.start(), length.end());
        self.text(field, length)?.ok_or(DemoError::MissingField { field, expected })
    }

    /// A whole number in `range`.
    pub(crate) fn whole(
        &self,
        field: &'static str,
        range: RangeInclusive<u64>,
    ) -> Result<Option<u64>, DemoError> {
        let Some(value) = self.get(field) else { return Ok(None) };
        match value.as_u64() {
            Some(number) if range.contains(&number) => Ok(Some(number)),
            _ => Err(DemoError::BadField {
                field,
                found: quote(value),
                expected: format!("a whole number from {} to {}", range.start(), range.end()),
            }),
        }
    }

    fn get(&self, field: &str) -> Option<&Value> {
        self.map.get(field).filter(|value| !value.is_null())
    }
}

fn name_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn quote(value: &Value) -> String {
    match value {
        Value::Array(_) | Value::Object(_) => name_of(value).to_owned(),
        scalar => shorten(&scalar.to_string()),
    }
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(QUOTE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(args: &str) -> String {
        Fields::read(args.as_bytes(), &["prompt", "steps"]).expect_err(args).to_string()
    }

    #[test]
    fn what_is_not_one_object_of_known_fields_is_refused() {
        let table = [
            ("", "the args are not JSON: EOF"),
            ("{\"prompt\":", "the args are not JSON: EOF"),
            ("{} {}", "the args are not JSON: trailing characters"),
            ("[1]", "the args must be one JSON object, not an array"),
            ("null", "the args must be one JSON object, not null"),
            (r#"{"promt":"x"}"#, "unknown field \"promt\"; the fields are prompt, steps"),
        ];
        for (args, expected) in table {
            let message = refusal(args);
            assert!(message.starts_with(expected), "{args}: {message}");
        }
    }

    #[test]
    fn args_over_the_limit_are_refused_without_reading_on() {
        let endless = std::io::repeat(b' ');
        let refused = Fields::read(endless, &[]).expect_err("endless");
        assert_eq!(refused.to_string(), "the args are larger than 262144 bytes");
    }

    #[test]
    fn a_long_value_is_quoted_short() {
        let args = format!(r#"{{"steps":"{}"}}"#, "é".repeat(1000));
        let fields = Fields::read(args.as_bytes(), &["steps"]).expect("an object");
        let message = fields.whole("steps", 1..=2).expect_err("a text").to_string();
        assert!(message.ends_with("…; it must be a whole number from 1 to 2"), "{message}");
        assert!(message.chars().count() < 120, "{message}");
    }
}
