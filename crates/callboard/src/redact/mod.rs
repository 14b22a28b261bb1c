//! Secrets are hidden before a line, a result or a message is stored or sent (S1.22, S3.20, X14).
//!
//! Two kinds of knowledge: the name of a field says that its value is a secret, or the text itself looks like one.
//! Pure; a text without secrets is looked at once and not copied.

mod fields;
mod patterns;
mod stored;

use callboard_protocol::{Node, Object};
use fields::Fields;
use regex::{NoExpand, Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use std::{borrow::Cow, sync::Arc};

/// What stands where something was hidden (S3.20).
pub const HIDDEN: &str = "██";
/// Patterns of one's own.
const PATTERNS: usize = 32;
/// The text of a pattern.
const PATTERN_BYTES: usize = 1024;
/// What a compiled pattern may take: a bounded repetition of a large class is refused, not tried.
const COMPILED_BYTES: usize = 1 << 20;

/// See the module.
#[derive(Debug)]
pub struct Redactor {
    /// All patterns at once: most texts match none.
    any: RegexSet,
    rules: Vec<Rule>,
    fields: Fields,
}

/// A pattern of one's own cannot be used. The server does not start: what it was to hide would be shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPattern {
    /// The text is no regular expression, or too large a one.
    #[error("{pattern:?} is no pattern: {why}")]
    Invalid {
        /// The pattern.
        pattern: String,
        /// Why, in the words of the regex crate.
        why: String,
    },
    /// It matches where nothing is.
    #[error("{0:?} matches the empty text, so it would hide nothing and be everywhere")]
    Empty(String),
    /// There are too many.
    #[error("there are more than {PATTERNS} patterns")]
    TooMany,
}

#[derive(Debug)]
struct Rule {
    regex: Regex,
    /// Ours keep what stands in front (group 1) and behind (group 2).
    keeps: bool,
}

impl Default for Redactor {
    fn default() -> Self {
        Redactor::new(&[], &[]).expect("a test compiles our own patterns")
    }
}

impl Redactor {
    /// Our own patterns and field names, and more of them.
    ///
    /// # Errors
    /// A pattern that cannot be used.
    pub fn new(patterns: &[String], fields: &[String]) -> Result<Redactor, BadPattern> {
        if patterns.len() > PATTERNS {
            return Err(BadPattern::TooMany);
        }
        let ours = patterns::ALL.iter().map(|pattern| (*pattern, true));
        let all: Vec<_> = ours.chain(patterns.iter().map(|pattern| (pattern.as_str(), false))).collect();
        let rules = all.iter().map(|(pattern, keeps)| {
            let regex = compile(pattern)?;
            Ok(Rule { regex, keeps: *keeps })
        });
        let rules = rules.collect::<Result<Vec<_>, BadPattern>>()?;
        let any = RegexSetBuilder::new(all.iter().map(|(pattern, _)| *pattern))
            .size_limit(COMPILED_BYTES * (1 + all.len()))
            .build()
            .map_err(|error| invalid("all of them together", &error))?;
        Ok(Redactor { any, rules, fields: Fields::with(fields) })
    }

    /// A text without its secrets; borrowed when there are none.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let found = self.any.matches(text);
        if !found.matched_any() {
            return Cow::Borrowed(text);
        }
        found.iter().fold(Cow::Borrowed(text), |text, index| self.rules[index].hide(text))
    }

    /// A value without its secrets; `None` when there are none.
    pub fn node(&self, node: &Node) -> Option<Node> {
        match node {
            Node::String(text) => match self.text(text) {
                Cow::Borrowed(_) => None,
                Cow::Owned(text) => Some(text.into()),
            },
            Node::Array(items) => {
                let mut hidden: Option<Vec<Node>> = None;
                for (index, item) in items.iter().enumerate() {
                    if let Some(item) = self.node(item) {
                        hidden.get_or_insert_with(|| items.to_vec())[index] = item;
                    }
                }
                hidden.map(|items| Node::Array(Arc::new(items)))
            }
            Node::Object(members) => {
                let mut hidden: Option<Object> = None;
                for (key, value) in members.iter() {
                    let is_secret = self.fields.is_secret(key.as_str());
                    let value = if is_secret { hide_all(value) } else { self.node(value) };
                    if let Some(value) = value {
                        hidden.get_or_insert_with(|| members.clone()).insert(key.clone(), value);
                    }
                }
                hidden.map(Node::Object)
            }
            _ => None,
        }
    }

    /// [`Redactor::text`] in place.
    pub(crate) fn clean(&self, text: &mut String) {
        if let Cow::Owned(hidden) = self.text(text) {
            *text = hidden;
        }
    }

    /// [`Redactor::node`] in place.
    pub(crate) fn clean_node(&self, node: &mut Node) {
        if let Some(hidden) = self.node(node) {
            *node = hidden;
        }
    }
}

impl Rule {
    fn hide<'a>(&self, text: Cow<'a, str>) -> Cow<'a, str> {
        let hidden = match self.keeps {
            true => self.regex.replace_all(&text, format!("${{1}}{HIDDEN}${{2}}")),
            false => self.regex.replace_all(&text, NoExpand(HIDDEN)),
        };
        match hidden {
            Cow::Borrowed(_) => text,
            Cow::Owned(hidden) => Cow::Owned(hidden),
        }
    }
}

/// Everything below a field that is a secret: its texts and numbers, not its shape.
fn hide_all(node: &Node) -> Option<Node> {
    match node {
        Node::String(text) if text.is_empty() => None,
        Node::String(_) | Node::Number(_) => Some(HIDDEN.into()),
        Node::Array(items) => {
            Some(items.iter().map(|item| hide_all(item).unwrap_or(item.clone())).collect::<Vec<_>>().into())
        }
        Node::Object(members) => {
            let hidden = members.iter();
            let hidden = hidden.map(|(key, value)| (key.clone(), hide_all(value).unwrap_or(value.clone())));
            Some(hidden.collect::<Object>().into())
        }
        Node::Null | Node::Bool(_) => None,
    }
}

fn compile(pattern: &str) -> Result<Regex, BadPattern> {
    if pattern.len() > PATTERN_BYTES {
        let why = format!("it is longer than {PATTERN_BYTES} bytes");
        return Err(BadPattern::Invalid { pattern: pattern.chars().take(80).collect(), why });
    }
    let built = RegexBuilder::new(pattern).size_limit(COMPILED_BYTES).dfa_size_limit(COMPILED_BYTES).build();
    let regex = built.map_err(|error| invalid(pattern, &error))?;
    if regex.is_match("") { Err(BadPattern::Empty(pattern.into())) } else { Ok(regex) }
}

fn invalid(pattern: &str, error: &regex::Error) -> BadPattern {
    let text = error.to_string();
    // The crate draws the place below the pattern; the last line says what is wrong.
    let why = text.lines().last().unwrap_or_default().trim_start_matches("error: ").into();
    BadPattern::Invalid { pattern: pattern.into(), why }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(text: &str) -> Node {
        serde_json::from_str(text).expect("JSON")
    }

    #[test]
    fn texts_lose_their_secrets_and_keep_the_rest() {
        let redactor = Redactor::default();
        for (text, expected) in [
            ("GET /a?token=abc123&page=2", "GET /a?token=██&page=2"),
            ("GET https://x.org/?page=2&sig=a%20b#top", "GET https://x.org/?page=2&sig=██#top"),
            ("open http://127.0.0.1:7420/#launch=Zx9_-", "open http://127.0.0.1:7420/#launch=██"),
            ("DB_PASSWORD=hunter2 ./run", "DB_PASSWORD=██ ./run"),
            ("password: hunter2", "password: ██"),
            (r#"{"apiKey": "k-1", "page": 2}"#, r#"{"apiKey": "██", "page": 2}"#),
            ("access_token='a b', next", "access_token='██', next"),
            ("Authorization: Bearer abc.def.ghi", "Authorization: Bearer ██"),
            ("authorization: Basic dXNlcjpwdw==", "authorization: Basic ██"),
            ("postgres://me:pw@host/db", "postgres://me:██@host/db"),
            ("seen eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl!", "seen ██!"),
            ("pushed with ghp_abcdefghijklmnopqrstuvwxyz0123456789", "pushed with ██"),
            ("AKIAIOSFODNN7EXAMPLE is the id", "██ is the id"),
            ("image blob:https://x.org/5-6 and file:///root/x.png", "image blob:██ and file:██"),
            ("connect wss://host/ws?x=1", "connect wss://██"),
        ] {
            assert_eq!(redactor.text(text), expected);
            assert_eq!(redactor.text(expected), expected, "hiding twice changes nothing");
        }
    }

    #[test]
    fn a_text_without_secrets_is_not_copied() {
        let redactor = Redactor::default();
        for text in [
            "step 3 of 24",
            "the token has ended",
            "authorised as cli; tokens: 512",
            "keyboard=us, monkey=1",
            "https://x.org/a?page=2",
            "12:30:01 INFO profile: loaded",
            "ü",
            "",
        ] {
            assert!(matches!(redactor.text(text), Cow::Borrowed(_)), "{text}");
        }
        assert_eq!(redactor.node(&node(r#"{"a":[1,{"b":"text"}],"tokens":512,"keys":["a"]}"#)), None);
    }

    #[test]
    fn fields_that_are_secret_by_name_are_hidden_at_any_depth() {
        let redactor = Redactor::default();
        let hidden = redactor.node(&node(
            r#"{"user":{"db_password":"x","accessToken":["a","b"],"Email":"a@b.c","pin":7},
                "auth":{"kind":"basic","ok":true,"last":null},"key":"k","api-key":"","url":"/?secret=q"}"#,
        ));
        let expected = node(
            r#"{"user":{"db_password":"██","accessToken":["██","██"],"Email":"██","pin":7},
                "auth":{"kind":"██","ok":true,"last":null},"key":"██","api-key":"","url":"/?secret=██"}"#,
        );
        assert_eq!(hidden, Some(expected));
    }

    #[test]
    fn ones_own_patterns_and_fields_count_too() {
        let redactor = Redactor::new(&[r"order-\d{3,}".into(), "ü+".into()], &["Pin".into()]).expect("fit");
        assert_eq!(redactor.text("order-1234 für $1"), "██ f██r $1");
        assert_eq!(redactor.node(&node(r#"{"pin":7}"#)), Some(node(r#"{"pin":"██"}"#)));
    }

    #[test]
    fn a_pattern_that_cannot_work_is_an_error() {
        // S3.20: the original ignored it in silence and hid nothing.
        let refused = |pattern: &str| Redactor::new(&[pattern.into()], &[]).expect_err("refused").to_string();
        assert!(refused("a(b").starts_with("\"a(b\" is no pattern: unclosed group"), "{}", refused("a(b"));
        assert!(refused("x*").contains("matches the empty text"));
        assert!(refused(r"(\pL{500}){500}").contains("size limit"), "{}", refused(r"(\pL{500}){500}"));
        assert!(refused(&"x".repeat(PATTERN_BYTES + 1)).contains("longer than"));
        assert_eq!(Redactor::new(&vec!["x".into(); PATTERNS + 1], &[]).err(), Some(BadPattern::TooMany));
    }
}
