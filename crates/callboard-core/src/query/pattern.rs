//! What a text, or a value within the input or result, may be.

use super::{
    fields::any_text,
    range::{Range, number},
};
use callboard_protocol::Node;
use regex::{Regex, RegexBuilder};

/// What a compiled expression may take: a bounded repetition of a large class is refused, not tried.
const COMPILED_BYTES: usize = 1 << 18;

/// A test of a text. Expressions run in linear time.
#[derive(Clone, Debug)]
pub(super) enum Pattern {
    /// Any text at all.
    Present,
    Is(Box<str>),
    Like(Regex),
}

impl Pattern {
    /// `*` stands for any characters.
    pub(super) fn glob(text: &str) -> Result<Self, String> {
        match text {
            "*" => Ok(Pattern::Present),
            text if text.contains('*') => {
                let parts: Vec<String> = text.split('*').map(regex::escape).collect();
                Pattern::compile(&format!("(?s)^{}$", parts.join(".*")), false)
            }
            text => Ok(Pattern::Is(text.into())),
        }
    }

    /// Begins with the text.
    pub(super) fn prefix(text: &str) -> Result<Self, String> {
        Pattern::compile(&format!("^{}", regex::escape(text)), false)
    }

    /// Contains the text, whatever the case of its letters.
    pub(super) fn contains(text: &str) -> Result<Self, String> {
        Pattern::compile(&regex::escape(text), true)
    }

    /// Contains the texts between the `*` one after the other, whatever the case of their letters.
    pub(super) fn contains_all(text: &str) -> Result<Self, String> {
        let parts: Vec<String> = text.split('*').map(regex::escape).collect();
        Pattern::compile(&format!("(?s){}", parts.join(".*")), true)
    }

    /// An expression of one's own.
    pub(super) fn compile(expression: &str, ignore_case: bool) -> Result<Self, String> {
        let mut builder = RegexBuilder::new(expression);
        builder.case_insensitive(ignore_case).size_limit(COMPILED_BYTES).dfa_size_limit(2 * COMPILED_BYTES);
        builder.build().map(Pattern::Like).map_err(|error| {
            let text = error.to_string();
            // The crate draws the place below the expression; the last line says what is wrong.
            text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
        })
    }

    pub(super) fn fits(&self, text: &str) -> bool {
        match self {
            Pattern::Present => true,
            Pattern::Is(wanted) => **wanted == *text,
            Pattern::Like(regex) => regex.is_match(text),
        }
    }
}

/// A test of a value.
#[derive(Clone, Debug)]
pub(super) enum ValueTest {
    Text(Pattern),
    Number(Range<f64>),
}

impl ValueTest {
    /// Whether a value fits; of a list, whether one of its elements does. Texts are also looked for within objects.
    pub(super) fn fits(&self, value: &Node) -> bool {
        match (self, value) {
            (ValueTest::Text(Pattern::Present), _) => true,
            (test, Node::Array(items)) => items.iter().any(|item| test.fits(item)),
            (ValueTest::Number(range), value) => value.as_f64().is_some_and(|number| range.has(&number)),
            (ValueTest::Text(pattern), Node::String(text)) => pattern.fits(text),
            (ValueTest::Text(Pattern::Like(regex)), Node::Object(_)) => {
                any_text(Some(value), &|text| regex.is_match(text))
            }
            (ValueTest::Text(Pattern::Is(wanted)), Node::Number(found)) => {
                number(wanted).is_some_and(|wanted| found.as_f64() == Some(wanted))
            }
            (ValueTest::Text(Pattern::Is(wanted)), Node::Bool(found)) => {
                **wanted == *if *found { "true" } else { "false" }
            }
            (ValueTest::Text(Pattern::Is(wanted)), Node::Null) => **wanted == *"null",
            _ => false,
        }
    }
}
