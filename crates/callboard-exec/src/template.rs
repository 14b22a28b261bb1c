//! Texts with places for a job's arguments: `--width={args.width}`. Filled in they stay one text: nothing in a value
//! can become a second argument, another header or a different host.
//!
//! `{args.NAME}` (deeper with more dots) is an argument, `{args}` all of them as JSON, `{job.id}`, `{job.attempt}` and
//! `{job.workDir}` are the attempt's, `{secrets.NAME}` a secret of the kind. `{{` and `}}` are braces.

use crate::fields::invalid;
use callboard_protocol::{Node, error::Rejection};
use serde::{Deserialize, Deserializer, de::Error as _};
use std::{borrow::Cow, collections::BTreeMap, fmt, path::Path};

/// A text with places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    source: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    /// A path below `args`; empty for all of them.
    Argument(Vec<String>),
    Secret(String),
    Job(JobField),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum JobField {
    Id,
    Attempt,
    WorkDir,
}

/// What a text is for, which decides what a value in it may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(any(test, feature = "http")),
    expect(dead_code, reason = "addresses and headers are of requests")
)]
pub(crate) enum Purpose {
    /// One element of an argument vector.
    Argument,
    /// Part of a path: a value is one name, which leads nowhere else.
    Path,
    /// An address: a value is escaped, unless it is the address itself (the text begins with it).
    Url,
    /// The value of a header: one line.
    Header,
    /// Anything.
    Text,
}

/// What fills the places.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) args: &'a Node,
    pub(crate) secrets: &'a Secrets,
    /// Absent while arguments are only checked.
    pub(crate) job: Option<JobScope<'a>>,
}

#[derive(Clone, Copy)]
pub(crate) struct JobScope<'a> {
    pub(crate) id: &'a str,
    pub(crate) attempt: u32,
    pub(crate) work_dir: &'a Path,
}

/// Values that are never shown, by the name that templates use.
#[derive(Clone, Default)]
pub struct Secrets(BTreeMap<String, String>);

impl Secrets {
    /// Secrets by name.
    pub fn new(values: impl IntoIterator<Item = (String, String)>) -> Self {
        Secrets(values.into_iter().collect())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Whether all secrets that a text names are there.
    pub(crate) fn check(&self, text: &Template) -> Result<(), String> {
        match text.secrets().find(|name| !self.0.contains_key(*name)) {
            None => Ok(()),
            Some(name) => {
                let known = self.0.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
                let known = if known.is_empty() { "it has none" } else { &known };
                Err(format!("{{secrets.{name}}} names no secret of this kind; there are: {known}"))
            }
        }
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &str> {
        self.0.values().map(String::as_str)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

impl Template {
    /// Reads a text.
    ///
    /// # Errors
    /// A sentence about the first place that is none.
    pub fn parse(source: &str) -> Result<Self, String> {
        let (mut parts, mut text, mut rest) = (Vec::new(), String::new(), source);
        while let Some(at) = rest.find(['{', '}']) {
            text.push_str(&rest[..at]);
            let (brace, after) = (&rest[at..=at], &rest[at + 1..]);
            if let Some(after) = after.strip_prefix(brace) {
                text.push_str(brace);
                rest = after;
                continue;
            }
            if brace == "}" {
                return Err(format!("a '}}' closes nothing in {source:?}; write '}}}}' for the character"));
            }
            let (name, after) = after.split_once('}').ok_or_else(|| {
                format!("a '{{' is not closed in {source:?}; write '{{{{' for the character")
            })?;
            if !text.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut text)));
            }
            parts.push(place(name)?);
            rest = after;
        }
        text.push_str(rest);
        if !text.is_empty() {
            parts.push(Part::Text(text));
        }
        Ok(Template { source: source.to_owned(), parts })
    }

    /// The text as it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The text when it has no places.
    pub(crate) fn constant(&self) -> Option<&str> {
        match &self.parts[..] {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The names of the secrets in it.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Secret(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// Whether the first character comes from an argument.
    pub(crate) fn begins_with_argument(&self) -> bool {
        matches!(self.parts.first(), Some(Part::Argument(_)))
    }

    /// The value itself when the text is nothing but one argument.
    pub(crate) fn value<'a>(&self, scope: &Scope<'a>) -> Option<&'a Node> {
        match &self.parts[..] {
            [Part::Argument(path)] => lookup(scope.args, path),
            _ => None,
        }
    }

    /// Fills the places.
    ///
    /// # Errors
    /// `invalid_args` that names the argument which is missing or does not fit, and the text that needs it.
    pub(crate) fn render(&self, scope: &Scope<'_>, purpose: Purpose) -> Result<String, Rejection> {
        let mut text = String::with_capacity(self.source.len());
        for (index, part) in self.parts.iter().enumerate() {
            match part {
                Part::Text(constant) => text.push_str(constant),
                Part::Argument(path) => {
                    let value = self.argument(scope, path)?;
                    let fitted = fit(&value, purpose, index == 0).map_err(|problem| {
                        invalid(&field(path), format!("{problem} in {:?}", self.source))
                    })?;
                    text.push_str(&fitted);
                }
                Part::Secret(name) => text.push_str(scope.secrets.get(name).unwrap_or_default()),
                Part::Job(name) => text.push_str(&job_text(scope.job, *name)),
            }
        }
        Ok(text)
    }

    fn argument<'a>(&self, scope: &Scope<'a>, path: &[String]) -> Result<Cow<'a, str>, Rejection> {
        match lookup(scope.args, path) {
            Some(Node::String(text)) => Ok(Cow::Borrowed(text)),
            Some(value) if !value.is_null() => Ok(Cow::Owned(value.to_string())),
            _ => Err(invalid(&field(path), format!("is missing; {:?} needs it", self.source))),
        }
    }
}

fn place(name: &str) -> Result<Part, String> {
    let mut segments = name.split('.');
    let root = segments.next().unwrap_or_default();
    let path: Vec<String> = segments.map(str::to_owned).collect();
    if path.iter().any(String::is_empty) {
        return Err(format!("{{{name}}} has an empty name in it"));
    }
    match (root, &path[..]) {
        ("args", _) => Ok(Part::Argument(path)),
        ("secrets", [name]) => Ok(Part::Secret(name.clone())),
        ("job", [field]) if field == "id" => Ok(Part::Job(JobField::Id)),
        ("job", [field]) if field == "attempt" => Ok(Part::Job(JobField::Attempt)),
        ("job", [field]) if field == "workDir" => Ok(Part::Job(JobField::WorkDir)),
        _ => Err(format!(
            "{{{name}}} names nothing; there are {{args.NAME}}, {{args}}, {{secrets.NAME}}, {{job.id}}, \
             {{job.attempt}} and {{job.workDir}}"
        )),
    }
}

fn lookup<'a>(args: &'a Node, path: &[String]) -> Option<&'a Node> {
    path.iter().try_fold(args, |node, name| node.child(name))
}

fn field(path: &[String]) -> String {
    std::iter::once("args").chain(path.iter().map(String::as_str)).collect::<Vec<_>>().join(".")
}

fn job_text(job: Option<JobScope<'_>>, field: JobField) -> Cow<'_, str> {
    match (job, field) {
        (Some(job), JobField::Id) => job.id.into(),
        (Some(job), JobField::Attempt) => job.attempt.to_string().into(),
        (Some(job), JobField::WorkDir) => job.work_dir.to_string_lossy(),
        // Arguments are checked before there is a job; any text does.
        (None, _) => "0".into(),
    }
}

/// A value as it may stand in a text of this purpose, or what is wrong with it.
fn fit(value: &str, purpose: Purpose, is_first: bool) -> Result<Cow<'_, str>, &'static str> {
    match purpose {
        Purpose::Text => Ok(value.into()),
        Purpose::Argument if value.contains('\0') => Err("must not contain a NUL character"),
        Purpose::Argument => Ok(value.into()),
        Purpose::Path if matches!(value, "" | "." | "..") || value.contains(['/', '\\', '\0']) => {
            Err("must be one name of a file or folder, without '/' and not '..',")
        }
        Purpose::Path => Ok(value.into()),
        Purpose::Header if value.contains(|letter: char| letter.is_control() && letter != '\t') => {
            Err("must not contain control characters")
        }
        Purpose::Header => Ok(value.into()),
        Purpose::Url if is_first => Ok(value.into()),
        Purpose::Url => Ok(escape(value).into()),
    }
}

/// Percent-encodes all but what RFC 3986 calls unreserved.
fn escape(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let source = String::deserialize(deserializer)?;
        Template::parse(&source).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn render(source: &str, args: serde_json::Value, purpose: Purpose) -> Result<String, String> {
        let secrets = Secrets::new([("token".into(), "s3cret".into())]);
        let job = JobScope { id: "j1", attempt: 2, work_dir: Path::new("/w") };
        let (args, template) = (Node::from(&args), Template::parse(source).unwrap());
        let scope = Scope { args: &args, secrets: &secrets, job: Some(job) };
        template.render(&scope, purpose).map_err(|rejection| rejection.message)
    }

    #[test]
    fn places_are_filled() {
        let args = json!({"name": "a b", "size": {"w": 640}, "on": true, "list": [1, "x"]});
        let filled = |source| render(source, args.clone(), Purpose::Text).unwrap();
        assert_eq!(filled("--w={args.size.w}:{args.name}"), "--w=640:a b");
        assert_eq!(filled("{args.on} {args.list}"), r#"true [1,"x"]"#);
        assert_eq!(filled("{job.id}/{job.attempt} {job.workDir} {secrets.token}"), "j1/2 /w s3cret");
        assert_eq!(filled("{{args.name}} is {{}}"), "{args.name} is {}");
        assert_eq!(filled(""), "");
        let all: serde_json::Value = serde_json::from_str(&filled("{args}")).unwrap();
        assert_eq!(all, args);
    }

    #[test]
    fn what_names_nothing_is_an_error_when_it_is_read() {
        for (source, problem) in [
            ("{arg.x}", "{arg.x} names nothing"),
            ("{}", "{} names nothing"),
            ("{args..x}", "empty name"),
            ("{args.}", "empty name"),
            ("{job.name}", "names nothing"),
            ("{secrets}", "names nothing"),
            ("a { b", "is not closed"),
            ("a } b", "closes nothing"),
        ] {
            let error = Template::parse(source).unwrap_err();
            assert!(error.contains(problem), "{source}: {error}");
        }
    }

    #[test]
    fn a_missing_argument_is_named_with_its_path() {
        for (source, start) in [
            ("-n={args.a.b}", "args.a.b: is missing; \"-n={args.a.b}\" needs it"),
            ("{args.null}", "args.null: is missing"),
        ] {
            let error = render(source, json!({"a": {"c": 1}, "null": null}), Purpose::Text).unwrap_err();
            assert!(error.starts_with(start), "{error}");
        }
    }

    #[test]
    fn a_value_stays_what_it_is() {
        let fill = |source, value: &str, purpose| render(source, json!({ "x": value }), purpose);
        for value in ["; reboot", "$(x)", "a b\n\"c\"", "é\u{202e}", "--rm", "*"] {
            assert_eq!(fill("{args.x}", value, Purpose::Argument).unwrap(), value);
        }
        assert!(fill("{args.x}", "a\0b", Purpose::Argument).is_err());
        for value in ["", ".", "..", "a/b", "../x", "/etc", "a\\b", "a\0"] {
            assert!(fill("/srv/{args.x}", value, Purpose::Path).is_err(), "{value:?}");
        }
        assert_eq!(fill("/srv/{args.x}", "a..b", Purpose::Path).unwrap(), "/srv/a..b");
        for value in ["a\r\nX: y", "a\nb", "\u{7f}"] {
            assert!(fill("v {args.x}", value, Purpose::Header).is_err(), "{value:?}");
        }
        let url = |source, value| fill(source, value, Purpose::Url).unwrap();
        assert_eq!(url("http://h/{args.x}?q", "a/b?c#d@e é"), "http://h/a%2Fb%3Fc%23d%40e%20%C3%A9?q");
        assert_eq!(url("{args.x}", "http://h/a?b"), "http://h/a?b");
    }
}
