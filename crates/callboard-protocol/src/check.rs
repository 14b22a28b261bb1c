//! The checksum of a document, the same in every language: FNV-1a over the UTF-16 units of its canonical text
//! (protocol 3, `state.check`).
//!
//! Canonical is as in RFC 8785: no white space, members in the order of the UTF-16 units of their names, numbers as
//! JavaScript writes them. UTF-16 because it is what JavaScript sorts and reads without copying. It finds mirrors
//! that went astray; it is no defence against anybody. `spec/check.json` has the vectors.

use crate::{Key, Node};
use std::fmt::Write;

/// The checksum of a document.
///
/// ```
/// use callboard_protocol::{Node, checksum};
///
/// let node: Node = serde_json::from_str(r#"{"b":1.50,"a":[]}"#)?;
/// let same: Node = serde_json::from_str(r#"{ "a": [], "b": 15e-1 }"#)?;
/// assert_eq!(checksum(&node), checksum(&same));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn checksum(document: &Node) -> u32 {
    let mut sum = Sum(0x811c_9dc5);
    sum.node(document);
    sum.0
}

struct Sum(u32);

impl Sum {
    fn unit(&mut self, unit: u16) {
        self.0 = (self.0 ^ u32::from(unit)).wrapping_mul(0x0100_0193);
    }

    fn text(&mut self, text: &str) {
        text.encode_utf16().for_each(|unit| self.unit(unit));
    }

    fn node(&mut self, node: &Node) {
        match node {
            Node::Null => self.text("null"),
            Node::Bool(value) => self.text(if *value { "true" } else { "false" }),
            Node::Number(number) => self.text(&number_text(number.as_f64().unwrap_or_default())),
            Node::String(text) => self.string(text),
            Node::Array(items) => {
                self.text("[");
                for (index, item) in items.iter().enumerate() {
                    self.text(if index > 0 { "," } else { "" });
                    self.node(item);
                }
                self.text("]");
            }
            Node::Object(object) => {
                self.text("{");
                let mut members: Vec<(&Key, &Node)> = object.iter().collect();
                members.sort_by(|(a, _), (b, _)| a.as_str().encode_utf16().cmp(b.as_str().encode_utf16()));
                for (index, (key, value)) in members.into_iter().enumerate() {
                    self.text(if index > 0 { "," } else { "" });
                    self.string(key.as_str());
                    self.text(":");
                    self.node(value);
                }
                self.text("}");
            }
        }
    }

    fn string(&mut self, text: &str) {
        self.text("\"");
        for character in text.chars() {
            match character {
                '"' => self.text("\\\""),
                '\\' => self.text("\\\\"),
                '\u{8}' => self.text("\\b"),
                '\t' => self.text("\\t"),
                '\n' => self.text("\\n"),
                '\u{c}' => self.text("\\f"),
                '\r' => self.text("\\r"),
                '\0'..='\u{1f}' => self.text(&format!("\\u{:04x}", u32::from(character))),
                _ => character.encode_utf16(&mut [0; 2]).iter().for_each(|unit| self.unit(*unit)),
            }
        }
        self.text("\"");
    }
}

/// A number as `JSON.stringify` writes it (ECMA-262, Number::toString).
fn number_text(value: f64) -> String {
    // The shortest digits that read back as the same number, as in JavaScript, and the power of ten of the first.
    let shortest = format!("{:e}", value.abs());
    let (digits, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let digits = digits.replace('.', "");
    let point = exponent.parse::<i32>().unwrap_or_default() + 1;
    let count = digits.len() as i32;
    let mut text = String::from(if value < 0.0 { "-" } else { "" });
    let zeros = |count: i32| "0".repeat(count.max(0) as usize);
    // Writing to a string cannot fail.
    let _ = match point {
        _ if value == 0.0 => write!(text, "0"),
        1..=21 if count <= point => write!(text, "{digits}{}", zeros(point - count)),
        1..=21 => write!(text, "{}.{}", &digits[..point as usize], &digits[point as usize..]),
        -5..=0 => write!(text, "0.{}{digits}", zeros(-point)),
        _ => {
            let (first, rest) = digits.split_at(1);
            let dot = if rest.is_empty() { "" } else { "." };
            write!(text, "{first}{dot}{rest}e{}{}", if point > 0 { "+" } else { "" }, point - 1)
        }
    };
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_has_the_sum_that_the_vectors_say() {
        #[derive(serde::Deserialize)]
        struct Vector {
            name: String,
            document: Node,
            sum: u32,
        }
        let vectors: Vec<Vector> =
            serde_json::from_str(include_str!("../../../spec/check.json")).expect("vectors");
        for Vector { name, document, sum } in vectors {
            assert_eq!(checksum(&document), sum, "{name}");
        }
    }

    #[test]
    fn numbers_are_written_as_in_javascript() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1.5, "1.5"),
            (-100.0, "-100"),
            (123_456_789.125, "123456789.125"),
            (1e21, "1e+21"),
            (1e20, "100000000000000000000"),
            (1.25e-6, "0.00000125"),
            (1.25e-7, "1.25e-7"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
            (0.1 + 0.2, "0.30000000000000004"),
        ] {
            assert_eq!(number_text(value), text);
        }
    }
}
