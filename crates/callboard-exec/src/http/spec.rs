//! What can be configured about a request and a download.

use crate::{Secrets, Template};
use reqwest::{Method, header::HeaderName};
use std::{collections::BTreeMap, time::Duration};

/// A configured request.
#[derive(Clone, Debug)]
pub struct RequestSpec {
    /// `GET` when absent.
    pub method: Option<String>,
    /// Where to; `http:` or `https:`. A value that does not begin the text is escaped.
    pub url: Template,
    /// Headers by name.
    pub headers: BTreeMap<String, Template>,
    /// What is sent.
    pub body: Option<BodySpec>,
    /// Statuses that mean success; all from 200 to 299 when empty.
    pub success: Vec<u16>,
    /// Redirects that are followed.
    pub redirects: usize,
    /// How long the server may be silent.
    pub idle_timeout: Duration,
    /// Values for `{secrets.NAME}`; never shown, and never sent to another host by a redirect.
    pub secrets: Secrets,
}

/// What a request sends.
#[derive(Clone, Debug)]
pub enum BodySpec {
    /// A text.
    Text(Template),
    /// JSON; texts in it are templates, and one that is nothing but `{args.NAME}` becomes that argument, whatever
    /// its type.
    Json(JsonTemplate),
}

/// A configured download.
#[derive(Clone, Debug)]
pub struct DownloadSpec {
    /// Where from; `http:` or `https:`.
    pub url: Template,
    /// Headers by name.
    pub headers: BTreeMap<String, Template>,
    /// The artifact's name; the last part of the address when absent.
    pub name: Option<Template>,
    /// What the file's SHA-256 must be, in hex.
    pub sha256: Option<Template>,
    /// The largest file.
    pub max_bytes: u64,
    /// Redirects that are followed.
    pub redirects: usize,
    /// How long the server may be silent before another connection is tried.
    pub idle_timeout: Duration,
    /// Values for `{secrets.NAME}`; never shown, and never sent to another host by a redirect.
    pub secrets: Secrets,
}

/// JSON with templates for texts.
#[derive(Clone, Debug)]
pub enum JsonTemplate {
    /// A text.
    Text(Template),
    /// Anything that holds no text.
    Plain(serde_json::Value),
    /// A list.
    List(Vec<JsonTemplate>),
    /// An object.
    Object(BTreeMap<String, JsonTemplate>),
}

/// Redirects that are followed unless configured.
pub(super) const REDIRECTS: usize = 10;
/// How long a server may be silent unless configured.
pub(super) const IDLE: Duration = Duration::from_secs(30);

impl RequestSpec {
    /// A `GET` of this address, with the usual limits.
    pub fn get(url: Template) -> Self {
        RequestSpec {
            method: None,
            url,
            headers: BTreeMap::new(),
            body: None,
            success: Vec::new(),
            redirects: REDIRECTS,
            idle_timeout: IDLE,
            secrets: Secrets::default(),
        }
    }

    /// What is wrong with it as a whole: the member, and a sentence.
    ///
    /// # Errors
    /// The first thing found.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        if let Some(method) = &self.method {
            Method::from_bytes(method.as_bytes())
                .map_err(|_| ("method", format!("{method:?} is no method")))?;
        }
        check_headers(&self.headers, &self.secrets)?;
        check_url(&self.url, &self.secrets)?;
        match &self.body {
            Some(BodySpec::Text(text)) => self.secrets.check(text).map_err(|problem| ("body", problem)),
            Some(BodySpec::Json(json)) => json.check(&self.secrets).map_err(|problem| ("body", problem)),
            None => Ok(()),
        }
    }
}

impl DownloadSpec {
    /// A download of this address, with the usual limits.
    pub fn get(url: Template) -> Self {
        DownloadSpec {
            url,
            headers: BTreeMap::new(),
            name: None,
            sha256: None,
            max_bytes: callboard_protocol::caps::ARTIFACT_BYTES,
            redirects: REDIRECTS,
            idle_timeout: IDLE,
            secrets: Secrets::default(),
        }
    }

    /// What is wrong with it as a whole: the member, and a sentence.
    ///
    /// # Errors
    /// The first thing found.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        check_headers(&self.headers, &self.secrets)?;
        check_url(&self.url, &self.secrets)?;
        for (member, text) in [("name", &self.name), ("sha256", &self.sha256)] {
            if let Some(text) = text {
                self.secrets.check(text).map_err(|problem| (member, problem))?;
            }
        }
        Ok(())
    }
}

fn check_headers(
    headers: &BTreeMap<String, Template>,
    secrets: &Secrets,
) -> Result<(), (&'static str, String)> {
    for (name, text) in headers {
        HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| ("headers", format!("{name:?} is no name of a header")))?;
        secrets.check(text).map_err(|problem| ("headers", problem))?;
    }
    Ok(())
}

/// The host must not depend on a value, unless the whole address is one.
fn check_url(url: &Template, secrets: &Secrets) -> Result<(), (&'static str, String)> {
    secrets.check(url).map_err(|problem| ("url", problem))?;
    let source = url.source();
    let fixed = source.strip_prefix("http://").or_else(|| source.strip_prefix("https://"));
    match fixed {
        Some(rest) if rest.starts_with(['{', '/']) || rest.is_empty() => {
            Err(("url", "the host must be written out, or the whole address come from one argument".into()))
        }
        Some(_) => Ok(()),
        None if url.begins_with_argument() => Ok(()),
        None => Err(("url", "must begin with http:// or https://".into())),
    }
}

impl JsonTemplate {
    /// Reads JSON whose texts are templates.
    ///
    /// # Errors
    /// A sentence about the first text that is none.
    pub fn parse(value: serde_json::Value) -> Result<Self, String> {
        use serde_json::Value;
        Ok(match value {
            Value::String(text) => JsonTemplate::Text(Template::parse(&text)?),
            Value::Array(items) => {
                JsonTemplate::List(items.into_iter().map(JsonTemplate::parse).collect::<Result<_, _>>()?)
            }
            Value::Object(members) => {
                let parse = |(name, value)| Ok((name, JsonTemplate::parse(value)?));
                JsonTemplate::Object(members.into_iter().map(parse).collect::<Result<_, String>>()?)
            }
            plain => JsonTemplate::Plain(plain),
        })
    }

    fn check(&self, secrets: &Secrets) -> Result<(), String> {
        match self {
            JsonTemplate::Text(text) => secrets.check(text),
            JsonTemplate::Plain(_) => Ok(()),
            JsonTemplate::List(items) => items.iter().try_for_each(|item| item.check(secrets)),
            JsonTemplate::Object(members) => members.values().try_for_each(|item| item.check(secrets)),
        }
    }
}
