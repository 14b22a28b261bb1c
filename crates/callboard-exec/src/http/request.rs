//! `http.request`: one request, its answer as the result.

use super::{
    call::{Call, broken, own_headers, silent},
    client::HttpClient,
    spec::{IDLE, REDIRECTS, RequestSpec},
    status,
};
use crate::{
    AttemptContext, Executor, KindInfo, Outcome, Secrets,
    fields::{invalid, members, unknown},
    masks::Masks,
    template::{JobScope, Purpose, Scope},
};
use async_trait::async_trait;
use callboard_protocol::{
    Node, caps,
    error::Rejection,
    job::{JobError, Progress},
};
use reqwest::{Method, Response, StatusCode, header::CONTENT_TYPE};
use serde_json::{Value, json};
use tokio::{fs::File, io::AsyncWriteExt};

/// Makes one request per attempt.
///
/// The result is `{status, contentType?, body}`: parsed when it is JSON, as text when it is text. What is neither, or
/// over [`caps::RESULT_BYTES`], becomes the artifact `response`, and the result is `{status, contentType?, artifact}`.
///
/// Outcomes: another status than success is `http_status`, retryable after 408, 425, 429 and 5xx, not before
/// `Retry-After`; no answer is `http_failed` or `http_silent`, retryable.
#[derive(Clone, Debug)]
pub struct HttpRequest {
    client: HttpClient,
    spec: Option<Box<RequestSpec>>,
}

/// Of an answer that is no success this much is told.
const WORDS_BYTES: usize = 512;

impl HttpRequest {
    /// Requests what the arguments say: `{url, method?, headers?: {}, body?: text, json?: any, success?: [status]}`.
    pub fn any(client: HttpClient) -> Self {
        HttpRequest { client, spec: None }
    }

    /// Makes a configured request.
    ///
    /// # Errors
    /// See [`RequestSpec::check`].
    pub fn configured(client: HttpClient, spec: RequestSpec) -> Result<Self, (&'static str, String)> {
        spec.check()?;
        Ok(HttpRequest { client, spec: Some(Box::new(spec)) })
    }

    /// What people are told about [`HttpRequest::any`].
    pub fn info() -> KindInfo {
        KindInfo {
            kind: "http.request".into(),
            title: "HTTP request".into(),
            description: "Makes one request; the answer is the result.".into(),
            example: Node::from(&json!({ "url": "https://example.com/", "method": "GET" })),
            first_run: false,
        }
    }

    fn call(&self, args: &Node, job: Option<JobScope<'_>>) -> Result<(Call, Vec<u16>), Rejection> {
        let Some(spec) = &self.spec else { return own_call(args) };
        members(args)?;
        let scope = Scope { args, secrets: &spec.secrets, job };
        let method = spec.method.as_deref().unwrap_or("GET");
        let method = Method::from_bytes(method.as_bytes()).map_err(|_| invalid("method", "is no method"))?;
        let url = spec.url.render(&scope, Purpose::Url)?;
        let mut call = Call::new(method, &url, spec.redirects, spec.idle_timeout)?;
        call.template_headers(&spec.headers, &scope)?;
        spec.body.as_ref().map_or(Ok(()), |body| call.template_body(body, &scope))?;
        Ok((call, spec.success.clone()))
    }

    async fn run(&self, attempt: &AttemptContext) -> Result<Node, Outcome> {
        let job = JobScope { id: &attempt.job_id, attempt: attempt.attempt, work_dir: &attempt.work_dir };
        let (call, success) = self
            .call(&attempt.args, Some(job))
            .map_err(|error| Outcome::fatal("invalid_args", error.message))?;
        let answer = call.send(&self.client).await?;
        let status = answer.status();
        if is_success(status, &success) {
            return Answer { attempt, answer, idle: call.idle_timeout }.take().await;
        }
        let headers = answer.headers().clone();
        let words = first_words(answer, call.idle_timeout).await;
        Err(status::refusal(status, &headers, &words))
    }
}

fn own_call(args: &Node) -> Result<(Call, Vec<u16>), Rejection> {
    let (mut url, mut method, mut success) = (None, Method::GET, Vec::new());
    for (key, value) in members(args)?.iter() {
        let text = || value.as_str().ok_or_else(|| invalid(key.as_str(), "must be a string"));
        match key.as_str() {
            "url" => url = Some(text()?),
            "method" => {
                method =
                    Method::from_bytes(text()?.as_bytes()).map_err(|_| invalid("method", "is no method"))?;
            }
            "success" => success = statuses(value)?,
            "headers" | "body" | "json" => {}
            other => return Err(unknown(other, "url, method, headers, body, json and success")),
        }
    }
    let url = url.ok_or_else(|| invalid("url", "is missing"))?;
    let mut call = Call::new(method, url, REDIRECTS, IDLE)?;
    if let Some(headers) = args.child("headers") {
        own_headers(&mut call, headers)?;
    }
    if let Some(body) = args.child("body") {
        let body = body.as_str().ok_or_else(|| invalid("body", "must be a string; `json` takes anything"))?;
        call.body = Some(body.as_bytes().to_vec());
    }
    if let Some(value) = args.child("json") {
        call.json(&Value::from(value));
    }
    Ok((call, success))
}

fn statuses(value: &Node) -> Result<Vec<u16>, Rejection> {
    let wrong = || invalid("success", "must be an array of statuses from 100 to 599");
    let Node::Array(items) = value else { return Err(wrong()) };
    let read =
        |item: &Node| item.as_u64().filter(|status| (100..600).contains(status)).map(|status| status as u16);
    items.iter().map(|item| read(item).ok_or_else(wrong)).collect()
}

fn is_success(status: StatusCode, success: &[u16]) -> bool {
    if success.is_empty() { status.is_success() } else { success.contains(&status.as_u16()) }
}

async fn first_words(mut answer: Response, idle: std::time::Duration) -> String {
    let mut words = Vec::new();
    while words.len() < WORDS_BYTES
        && let Ok(Ok(Some(chunk))) = tokio::time::timeout(idle, answer.chunk()).await
    {
        words.extend_from_slice(&chunk[..chunk.len().min(WORDS_BYTES - words.len())]);
    }
    String::from_utf8_lossy(&words).into_owned()
}

/// A good answer on its way into the result.
struct Answer<'a> {
    attempt: &'a AttemptContext,
    answer: Response,
    idle: std::time::Duration,
}

impl Answer<'_> {
    async fn take(mut self) -> Result<Node, Outcome> {
        let status = self.answer.status().as_u16();
        let content_type = self.answer.headers().get(CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok()).map(str::to_owned);
        let mut bytes = Vec::new();
        let mut result = json!({ "status": status });
        if let Some(content_type) = &content_type {
            result["contentType"] = content_type.as_str().into();
        }
        while let Some(chunk) = self.chunk().await? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > caps::RESULT_BYTES / 2 {
                result["artifact"] = "response".into();
                self.keep(&bytes, content_type.as_deref()).await?;
                return Ok(Node::from(&result));
            }
        }
        match body(content_type.as_deref(), &bytes) {
            Some(body) => result["body"] = body,
            None => {
                result["artifact"] = "response".into();
                self.keep(&bytes, content_type.as_deref()).await?;
            }
        }
        Ok(Node::from(&result))
    }

    async fn chunk(
        &mut self,
    ) -> Result<Option<impl AsRef<[u8]> + std::ops::Deref<Target = [u8]> + use<>>, Outcome> {
        let chunk = tokio::time::timeout(self.idle, self.answer.chunk()).await;
        chunk.map_err(|_| silent(self.idle))?.map_err(broken)
    }

    /// Writes what was read and all that follows into an artifact.
    async fn keep(&mut self, start: &[u8], mime: Option<&str>) -> Result<(), Outcome> {
        let io = |error: std::io::Error| Outcome::retryable("artifact_failed", error.to_string());
        let folder = &self.attempt.work_dir;
        tokio::fs::create_dir_all(folder).await.map_err(io)?;
        let path = folder.join("response");
        let mut file = File::create(&path).await.map_err(io)?;
        let total = self.answer.content_length();
        let mut size = start.len() as u64;
        file.write_all(start).await.map_err(io)?;
        while let Some(chunk) = self.chunk().await? {
            size += chunk.len() as u64;
            if size > caps::ARTIFACT_BYTES {
                return Err(Outcome::fatal("too_large", format!("more than {} bytes", caps::ARTIFACT_BYTES)));
            }
            file.write_all(&chunk).await.map_err(io)?;
            if let Some(total) = total.filter(|total| *total > 0) {
                let value = size as f64 / total as f64;
                self.attempt.reporter.progress(Progress { value, ..Progress::default() });
            }
        }
        file.flush().await.map_err(io)?;
        let kept = self.attempt.reporter.artifact("response", mime.unwrap_or_default(), &path).await;
        kept.map(drop).map_err(|error| Outcome::errored(JobError::from(&error), !error.is_refusal()))
    }
}

/// A body that a result can hold.
fn body(content_type: Option<&str>, bytes: &[u8]) -> Option<Value> {
    let essence =
        content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if (essence == "application/json" || essence.ends_with("+json"))
        && let Ok(value) = serde_json::from_slice(bytes)
    {
        return Some(value);
    }
    let text = std::str::from_utf8(bytes).ok()?;
    let is_text = bytes.is_empty()
        || essence.is_empty()
        || essence.starts_with("text/")
        || essence.ends_with("json")
        || essence.ends_with("xml");
    is_text.then(|| text.into())
}

#[async_trait]
impl Executor for HttpRequest {
    fn check(&self, args: &Node) -> Result<(), Rejection> {
        self.call(args, None).map(drop)
    }

    async fn execute(&self, attempt: AttemptContext) -> Outcome {
        let none = Secrets::default();
        let masks = Masks::of(self.spec.as_ref().map_or(&none, |spec| &spec.secrets));
        let attempt = AttemptContext { reporter: attempt.reporter.masking(masks.clone()), ..attempt };
        let ended = tokio::select! {
            biased;
            () = attempt.cancel.cancelled() => return Outcome::Cancelled,
            ended = self.run(&attempt) => ended,
        };
        match ended {
            Ok(result) => Outcome::Succeeded(masks.node(result)),
            Err(outcome) => masks.outcome(outcome),
        }
    }
}
