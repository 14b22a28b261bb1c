//! `http.download`: a file from elsewhere as an artifact.

use super::{
    bandwidth::Bandwidth,
    call::{Call, own_headers},
    client::HttpClient,
    partial::Partial,
    spec::{DownloadSpec, IDLE, REDIRECTS},
    transfer::{Arrived, Transfer},
};
use crate::{
    AttemptContext, CancelReason, Executor, KindInfo, Outcome, Secrets,
    fields::{invalid, members, unknown},
    masks::Masks,
    template::{JobScope, Purpose, Scope},
};
use async_trait::async_trait;
use callboard_protocol::{Node, caps, error::Rejection, job::JobError};
use reqwest::Method;
use serde_json::json;

/// Loads one file per attempt into an artifact; the result is `{name, sha256, size}`.
///
/// Progress is the bytes that have arrived. A connection that breaks, stalls or ends early is followed by another
/// that asks for the rest, and so does the next attempt, also after a crash of the server: what has arrived is kept
/// for a week. The rest is only added when the server names the same version of the file (`ETag`, `Last-Modified`).
///
/// Outcomes: `http_status` as for requests; `download_broken` (retryable) after several connections that brought
/// nothing; `checksum_mismatch` and `too_large` (not retryable).
#[derive(Clone, Debug)]
pub struct HttpDownload {
    client: HttpClient,
    spec: Option<Box<DownloadSpec>>,
    bandwidth: Bandwidth,
}

/// A download with every place filled.
struct Plan {
    call: Call,
    name: Option<String>,
    sha256: Option<String>,
    max_bytes: u64,
    /// This job's own limit.
    bandwidth: Bandwidth,
}

impl HttpDownload {
    /// Loads what the arguments say: `{url, name?, sha256?, headers?: {}, maxBytes?, bytesPerSecond?}`. All downloads
    /// together keep to `bandwidth`.
    pub fn any(client: HttpClient, bandwidth: Bandwidth) -> Self {
        HttpDownload { client, spec: None, bandwidth }
    }

    /// Loads what is configured. All downloads of the kind together keep to `bandwidth`.
    ///
    /// # Errors
    /// See [`DownloadSpec::check`].
    pub fn configured(
        client: HttpClient,
        spec: DownloadSpec,
        bandwidth: Bandwidth,
    ) -> Result<Self, (&'static str, String)> {
        spec.check()?;
        Ok(HttpDownload { client, spec: Some(Box::new(spec)), bandwidth })
    }

    /// What people are told about [`HttpDownload::any`].
    pub fn info() -> KindInfo {
        KindInfo {
            kind: "http.download".into(),
            title: "Download a file".into(),
            description: "Loads a file into an artifact, and goes on where it was after a break.".into(),
            example: Node::from(&json!({ "url": "https://example.com/file.zip" })),
            first_run: false,
        }
    }

    /// The limit of all its downloads together; it can be changed while they run.
    pub fn bandwidth(&self) -> &Bandwidth {
        &self.bandwidth
    }

    fn plan(&self, args: &Node, job: Option<JobScope<'_>>) -> Result<Plan, Rejection> {
        let Some(spec) = &self.spec else { return own_plan(args) };
        members(args)?;
        let scope = Scope { args, secrets: &spec.secrets, job };
        let url = spec.url.render(&scope, Purpose::Url)?;
        let mut call = Call::new(Method::GET, &url, spec.redirects, spec.idle_timeout)?;
        call.template_headers(&spec.headers, &scope)?;
        let text = |text: &Option<crate::Template>| {
            text.as_ref().map(|text| text.render(&scope, Purpose::Path)).transpose()
        };
        let (name, sha256) = (text(&spec.name)?, text(&spec.sha256)?);
        let sha256 = sha256.map(|digest| digest_of(&digest)).transpose()?;
        Ok(Plan { call, name, sha256, max_bytes: spec.max_bytes, bandwidth: Bandwidth::unlimited() })
    }

    async fn run(
        &self,
        plan: &Plan,
        attempt: &AttemptContext,
        partial: Partial,
    ) -> Result<Outcome, (Outcome, Partial)> {
        let transfer = Transfer {
            client: &self.client,
            call: plan.call.clone(),
            reporter: &attempt.reporter,
            limits: [self.client.bandwidth(), &self.bandwidth, &plan.bandwidth],
            max_bytes: plan.max_bytes,
            partial,
        };
        let Arrived { partial, content_type } = transfer.run().await?;
        let (sha256, size) = (partial.sha256(), partial.size());
        if let Some(expected) = plan.sha256.as_ref().filter(|expected| **expected != sha256) {
            let message = format!("the file has the SHA-256 {sha256}, not {expected}");
            return Err((Outcome::fatal("checksum_mismatch", message), partial));
        }
        let name = plan.name.clone().unwrap_or_else(|| name_of(&plan.call));
        Ok(match partial.keep(&attempt.reporter, &name, &content_type).await {
            Ok(_) => Outcome::Succeeded(Node::from(&json!({ "name": name, "sha256": sha256, "size": size }))),
            Err(error) => Outcome::errored(JobError::from(&error), !error.is_refusal()),
        })
    }

    async fn attempt(&self, attempt: &AttemptContext) -> Outcome {
        let job = JobScope { id: &attempt.job_id, attempt: attempt.attempt, work_dir: &attempt.work_dir };
        let plan = match self.plan(&attempt.args, Some(job)) {
            Ok(plan) => plan,
            Err(error) => return Outcome::fatal("invalid_args", error.message),
        };
        let open = || Partial::open(&attempt.reporter, &attempt.job_id, plan.call.url.as_str());
        let partial = match open().await {
            Ok(partial) => partial,
            Err(error) => return Outcome::retryable("artifact_failed", error.to_string()),
        };
        let ended = tokio::select! {
            biased;
            () = attempt.cancel.cancelled() => None,
            ended = self.run(&plan, attempt, partial) => Some(ended),
        };
        match ended {
            Some(Ok(outcome)) => outcome,
            Some(Err((outcome @ Outcome::Errored { retryable: true, .. }, _kept))) => outcome,
            Some(Err((outcome, partial))) => {
                partial.discard().await;
                outcome
            }
            None => {
                // Only a person's cancel is for good: after a timeout or a shutdown the next attempt goes on.
                if attempt.cancel.reason() == Some(CancelReason::User)
                    && let Ok(partial) = open().await
                {
                    partial.discard().await;
                }
                Outcome::Cancelled
            }
        }
    }
}

fn own_plan(args: &Node) -> Result<Plan, Rejection> {
    let (mut name, mut sha256, mut max_bytes, mut rate) = (None, None, caps::ARTIFACT_BYTES, 0);
    let mut url = None;
    for (key, value) in members(args)?.iter() {
        let text = || value.as_str().ok_or_else(|| invalid(key.as_str(), "must be a string"));
        let count = || value.as_u64().ok_or_else(|| invalid(key.as_str(), "must be a whole number"));
        match key.as_str() {
            "url" => url = Some(text()?),
            "name" => name = Some(text()?.to_owned()),
            "sha256" => sha256 = Some(digest_of(text()?)?),
            "maxBytes" => max_bytes = count()?.min(caps::ARTIFACT_BYTES),
            "bytesPerSecond" => rate = count()?,
            "headers" => {}
            other => return Err(unknown(other, "url, name, sha256, headers, maxBytes and bytesPerSecond")),
        }
    }
    let url = url.ok_or_else(|| invalid("url", "is missing"))?;
    let mut call = Call::new(Method::GET, url, REDIRECTS, IDLE)?;
    if let Some(headers) = args.child("headers") {
        own_headers(&mut call, headers)?;
    }
    Ok(Plan { call, name, sha256, max_bytes, bandwidth: Bandwidth::new(rate) })
}

fn digest_of(text: &str) -> Result<String, Rejection> {
    let text = text.trim().to_ascii_lowercase();
    let fits = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if fits { Ok(text) } else { Err(invalid("sha256", "must be 64 hex digits")) }
}

/// The last part of the address that can be a name.
fn name_of(call: &Call) -> String {
    let last = call.url.path_segments().and_then(|mut parts| parts.next_back().map(str::to_owned));
    let clean: String = last
        .unwrap_or_default()
        .chars()
        .filter(|letter| letter.is_alphanumeric() || "._-".contains(*letter))
        .take(120)
        .collect();
    if clean.trim_matches('.').is_empty() { "download".into() } else { clean }
}

#[async_trait]
impl Executor for HttpDownload {
    fn check(&self, args: &Node) -> Result<(), Rejection> {
        self.plan(args, None).map(drop)
    }

    async fn execute(&self, attempt: AttemptContext) -> Outcome {
        let none = Secrets::default();
        let masks = Masks::of(self.spec.as_ref().map_or(&none, |spec| &spec.secrets));
        let attempt = AttemptContext { reporter: attempt.reporter.masking(masks.clone()), ..attempt };
        masks.outcome(self.attempt(&attempt).await)
    }
}
