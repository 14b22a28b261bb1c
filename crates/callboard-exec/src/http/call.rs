//! One request, prepared and sent, with its redirects.

use super::{
    client::{HttpClient, causes},
    spec::{BodySpec, JsonTemplate},
};
use crate::{
    Outcome, Template,
    fields::invalid,
    template::{Purpose, Scope},
};
use callboard_protocol::{Node, error::Rejection};
use reqwest::{
    Body, Method, Response, StatusCode, Url,
    header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION},
};
use std::{collections::BTreeMap, time::Duration};

/// A request with every place filled.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Vec<u8>>,
    pub(super) redirects: usize,
    pub(super) idle_timeout: Duration,
}

impl Call {
    /// # Errors
    /// `invalid_args` when the address or a header is none.
    pub(super) fn new(
        method: Method,
        url: &str,
        redirects: usize,
        idle_timeout: Duration,
    ) -> Result<Self, Rejection> {
        let url = Url::parse(url).map_err(|error| invalid("url", format!("is no address: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(invalid("url", "must begin with http:// or https:// and name a host"));
        }
        Ok(Call { method, url, headers: HeaderMap::new(), body: None, redirects, idle_timeout })
    }

    pub(super) fn header(&mut self, name: &str, value: &str) -> Result<(), Rejection> {
        let field = format!("headers.{name}");
        let name =
            HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid(&field, "is no name of a header"))?;
        let mut value =
            HeaderValue::from_str(value).map_err(|_| invalid(&field, "is no value of a header"))?;
        value.set_sensitive(true);
        self.headers.insert(name, value);
        Ok(())
    }

    pub(super) fn template_headers(
        &mut self,
        headers: &BTreeMap<String, Template>,
        scope: &Scope<'_>,
    ) -> Result<(), Rejection> {
        headers.iter().try_for_each(|(name, text)| self.header(name, &text.render(scope, Purpose::Header)?))
    }

    pub(super) fn template_body(&mut self, body: &BodySpec, scope: &Scope<'_>) -> Result<(), Rejection> {
        match body {
            BodySpec::Text(text) => self.body = Some(text.render(scope, Purpose::Text)?.into_bytes()),
            BodySpec::Json(json) => self.json(&render(json, scope)?),
        }
        Ok(())
    }

    pub(super) fn json(&mut self, value: &serde_json::Value) {
        self.body = Some(value.to_string().into_bytes());
        self.headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
    }

    /// Sends it and follows redirects.
    ///
    /// # Errors
    /// The outcome of an attempt that got no answer.
    pub(super) async fn send(&self, client: &HttpClient) -> Result<Response, Outcome> {
        let client = client.get().await.map_err(|error| Outcome::fatal("http_failed", error))?;
        let mut now = self.clone();
        for _ in 0..=self.redirects {
            let mut request =
                client.request(now.method.clone(), now.url.clone()).headers(now.headers.clone());
            if let Some(body) = &now.body {
                request = request.body(Body::from(body.clone()));
            }
            let answer = tokio::time::timeout(self.idle_timeout, request.send()).await;
            let answer = answer.map_err(|_| silent(self.idle_timeout))?.map_err(broken)?;
            match redirected(&answer)? {
                None => return Ok(answer),
                Some(target) => now.turn_to(target, answer.status())?,
            }
        }
        Err(Outcome::fatal("too_many_redirects", format!("more than {} redirects", self.redirects)))
    }

    /// Goes on at another address. What was meant for the first host is not told to another.
    fn turn_to(&mut self, target: Url, status: StatusCode) -> Result<(), Outcome> {
        let bad = |message: &str| Outcome::fatal("bad_redirect", message);
        if !matches!(target.scheme(), "http" | "https") || target.host_str().is_none() {
            return Err(bad("the server redirects to something else than http or https"));
        }
        if self.url.scheme() == "https" && target.scheme() == "http" {
            return Err(bad("the server redirects from https to http"));
        }
        let keeps_method = matches!(status, StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT);
        if !keeps_method && self.method != Method::GET && self.method != Method::HEAD {
            self.method = Method::GET;
            self.body = None;
            self.headers.remove(CONTENT_TYPE);
            self.headers.remove(CONTENT_LENGTH);
        }
        if self.url.origin() != target.origin() {
            if self.body.is_some() {
                return Err(bad("the server redirects a request with a body to another host"));
            }
            let kept = ["accept", "range", "if-range", "accept-language"];
            let strange: Vec<HeaderName> =
                self.headers.keys().filter(|name| !kept.contains(&name.as_str())).cloned().collect();
            strange.into_iter().for_each(|name| drop(self.headers.remove(name)));
        }
        self.url = target;
        Ok(())
    }
}

fn redirected(answer: &Response) -> Result<Option<Url>, Outcome> {
    let follows = matches!(answer.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    let Some(target) = answer.headers().get(LOCATION).filter(|_| follows) else { return Ok(None) };
    let bad = || Outcome::fatal("bad_redirect", "the server redirects to something that is no address");
    let target = target.to_str().map_err(|_| bad())?;
    answer.url().join(target).map(Some).map_err(|_| bad())
}

/// The server did not say anything for this long.
pub(super) fn silent(idle: Duration) -> Outcome {
    Outcome::retryable("http_silent", format!("the server was silent for {} ms", idle.as_millis()))
}

/// The connection could not be made, or broke.
pub(super) fn broken(error: reqwest::Error) -> Outcome {
    Outcome::retryable("http_failed", causes(&error.without_url()))
}

fn render(json: &JsonTemplate, scope: &Scope<'_>) -> Result<serde_json::Value, Rejection> {
    use serde_json::Value;
    Ok(match json {
        JsonTemplate::Plain(value) => value.clone(),
        JsonTemplate::Text(text) => match text.value(scope) {
            Some(value) => Value::from(value),
            None => Value::String(text.render(scope, Purpose::Text)?),
        },
        JsonTemplate::List(items) => {
            Value::Array(items.iter().map(|item| render(item, scope)).collect::<Result<_, _>>()?)
        }
        JsonTemplate::Object(members) => {
            let member = |(name, item): (&String, _)| Ok((name.clone(), render(item, scope)?));
            Value::Object(members.iter().map(member).collect::<Result<_, Rejection>>()?)
        }
    })
}

/// Headers out of a job's own arguments.
pub(super) fn own_headers(call: &mut Call, headers: &Node) -> Result<(), Rejection> {
    let members = headers.as_object().ok_or_else(|| invalid("headers", "must be an object of strings"))?;
    members.iter().try_for_each(|(name, value)| {
        let value = value.as_str().ok_or_else(|| invalid(&format!("headers.{name}"), "must be a string"))?;
        call.header(name.as_str(), value)
    })
}
