//! Kinds that are declared in a configuration instead of written in Rust.

use crate::{
    ArtifactPattern, AttemptContext, Executor, KindInfo, Outcome, ProcessExecutor, ProgramSpec, ProgressSpec,
    PtySize, ResourceLimits, ResultSpec, Secrets, Template, fields,
};
use async_trait::async_trait;
use callboard_protocol::{
    Node, Object,
    error::Rejection,
    job::{DispatchArgs, RetryPolicy},
};
use serde::Deserialize;
use std::{collections::BTreeMap, sync::Arc};

/// Everything that can be said about a kind; which members there are depends on the executor. See
/// `docs/reference/config.md`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(
    missing_docs,
    reason = "the members are those of ProgramSpec, RequestSpec, DownloadSpec and DispatchArgs"
)]
pub struct KindSpec {
    /// What runs it.
    pub executor: ExecutorName,
    pub title: Option<String>,
    pub description: Option<String>,
    /// Arguments that work, to start from.
    pub example: Option<Node>,
    #[serde(default)]
    pub first_run: bool,
    /// Arguments of jobs that do not bring them.
    pub defaults: Option<Node>,
    pub queue: Option<String>,
    pub timeout_ms: Option<u64>,
    pub max_attempts: Option<u32>,
    pub retry: Option<RetryPolicy>,
    /// Names for templates, and the variables of the server's environment that hold the values.
    #[serde(default)]
    pub secrets: BTreeMap<String, String>,

    pub argv: Option<Vec<Template>>,
    pub cwd: Option<Template>,
    pub env: Option<BTreeMap<String, Template>>,
    pub inherit_env: Option<Vec<String>>,
    pub stdin: Option<Template>,
    pub pty: Option<PtySize>,
    pub success_codes: Option<Vec<i32>>,
    pub fatal_codes: Option<Vec<i32>>,
    pub progress: Option<ProgressSpec>,
    pub result: Option<ResultSpec>,
    pub artifacts: Option<Vec<ArtifactPattern>>,
    pub limits: Option<ResourceLimits>,

    pub url: Option<Template>,
    pub headers: Option<BTreeMap<String, Template>>,
    pub redirects: Option<usize>,
    pub idle_timeout_ms: Option<u64>,
    pub method: Option<String>,
    pub body: Option<Template>,
    pub json: Option<serde_json::Value>,
    pub success: Option<Vec<u16>>,
    pub name: Option<Template>,
    pub sha256: Option<Template>,
    pub max_bytes: Option<u64>,
    pub bytes_per_second: Option<u64>,
}

/// The executors that can be configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum ExecutorName {
    /// A child process.
    #[serde(rename = "process")]
    Process,
    /// One request.
    #[serde(rename = "http.request")]
    Request,
    /// A file from elsewhere.
    #[serde(rename = "http.download")]
    Download,
}

/// A kind is declared wrongly.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{member}: {problem}")]
pub struct SpecError {
    /// The member of the declaration.
    pub member: &'static str,
    /// What is wrong with it, and what to do.
    pub problem: String,
}

/// What a declaration needs from its surroundings.
pub struct Surroundings<'a> {
    /// Reads a variable of the server's environment.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// The connections of requests and downloads.
    #[cfg(feature = "http")]
    pub http: crate::HttpClient,
}

impl KindSpec {
    /// Makes the executor.
    ///
    /// # Errors
    /// The member that is wrong, and why.
    pub fn build(
        self,
        kind: &str,
        around: &Surroundings<'_>,
    ) -> Result<(KindInfo, Arc<dyn Executor>), SpecError> {
        self.check_members()?;
        let info = KindInfo {
            kind: kind.to_owned(),
            title: self.title.clone().unwrap_or_else(|| kind.to_owned()),
            description: self.description.clone().unwrap_or_default(),
            example: self.example.clone().unwrap_or_else(Node::object),
            first_run: self.first_run,
        };
        let defaults = self.defaults.clone().unwrap_or_else(Node::object);
        let arguments = defaults.as_object().cloned().ok_or_else(|| wrong("defaults", "must be a table"))?;
        if self.timeout_ms == Some(0) {
            return Err(wrong("timeoutMs", "0 leaves no time; leave it out for no limit"));
        }
        let usual = DispatchArgs {
            queue: self.queue.clone(),
            timeout_ms: self.timeout_ms,
            max_attempts: self.max_attempts,
            retry: self.retry.clone(),
            ..DispatchArgs::default()
        };
        let secrets = self.read_secrets(around)?;
        let inner: Arc<dyn Executor> = match self.executor {
            ExecutorName::Process => Arc::new(self.program(secrets)?),
            #[cfg(feature = "http")]
            ExecutorName::Request => Arc::new(self.request(secrets, around)?),
            #[cfg(feature = "http")]
            ExecutorName::Download => Arc::new(self.download(kind, secrets, around)?),
            #[cfg(not(feature = "http"))]
            _ => return Err(wrong("executor", "this build has no HTTP")),
        };
        Ok((info, Arc::new(Declared { inner, arguments, usual })))
    }

    fn read_secrets(&self, around: &Surroundings<'_>) -> Result<Secrets, SpecError> {
        let read = |(name, variable): (&String, &String)| match (around.variable)(variable) {
            Some(value) if !value.is_empty() => Ok((name.clone(), value)),
            _ => Err(wrong(
                "secrets",
                format!("{name}: the variable {variable} of the server's environment is not set"),
            )),
        };
        self.secrets.iter().map(read).collect::<Result<Vec<_>, _>>().map(Secrets::new)
    }

    /// A member that this executor does not read would be lost silently.
    fn check_members(&self) -> Result<(), SpecError> {
        use ExecutorName::{Download, Process, Request};
        let members: [(&'static str, bool, &[ExecutorName]); 24] = [
            ("argv", self.argv.is_some(), &[Process]),
            ("cwd", self.cwd.is_some(), &[Process]),
            ("env", self.env.is_some(), &[Process]),
            ("inheritEnv", self.inherit_env.is_some(), &[Process]),
            ("stdin", self.stdin.is_some(), &[Process]),
            ("pty", self.pty.is_some(), &[Process]),
            ("successCodes", self.success_codes.is_some(), &[Process]),
            ("fatalCodes", self.fatal_codes.is_some(), &[Process]),
            ("progress", self.progress.is_some(), &[Process]),
            ("result", self.result.is_some(), &[Process]),
            ("artifacts", self.artifacts.is_some(), &[Process]),
            ("limits", self.limits.is_some(), &[Process]),
            ("url", self.url.is_some(), &[Request, Download]),
            ("headers", self.headers.is_some(), &[Request, Download]),
            ("redirects", self.redirects.is_some(), &[Request, Download]),
            ("idleTimeoutMs", self.idle_timeout_ms.is_some(), &[Request, Download]),
            ("method", self.method.is_some(), &[Request]),
            ("body", self.body.is_some(), &[Request]),
            ("json", self.json.is_some(), &[Request]),
            ("success", self.success.is_some(), &[Request]),
            ("name", self.name.is_some(), &[Download]),
            ("sha256", self.sha256.is_some(), &[Download]),
            ("maxBytes", self.max_bytes.is_some(), &[Download]),
            ("bytesPerSecond", self.bytes_per_second.is_some(), &[Download]),
        ];
        match members.into_iter().find(|(_, is_there, of)| *is_there && !of.contains(&self.executor)) {
            None => Ok(()),
            Some((member, _, of)) => {
                let of: Vec<_> = of.iter().map(|name| name.as_str()).collect();
                let (own, others) = (self.executor.as_str(), of.join(" and "));
                Err(wrong(member, format!("belongs to the executor {others}, and this kind's is {own}")))
            }
        }
    }

    fn program(self, secrets: Secrets) -> Result<ProcessExecutor, SpecError> {
        let spec = ProgramSpec {
            argv: self.argv.unwrap_or_default(),
            cwd: self.cwd,
            env: self.env.unwrap_or_default(),
            inherit_env: self.inherit_env.unwrap_or_default(),
            stdin: self.stdin,
            pty: self.pty,
            success_codes: self.success_codes.unwrap_or_default(),
            fatal_codes: self.fatal_codes.unwrap_or_default(),
            progress: self.progress.unwrap_or_default(),
            result: self.result.unwrap_or_default(),
            artifacts: self.artifacts.unwrap_or_default(),
            limits: self.limits.unwrap_or_default(),
            secrets,
        };
        ProcessExecutor::configured(spec).map_err(misfit)
    }

    #[cfg(feature = "http")]
    fn request(self, secrets: Secrets, around: &Surroundings<'_>) -> Result<crate::HttpRequest, SpecError> {
        use crate::{BodySpec, HttpRequest, JsonTemplate, RequestSpec};
        let body = match (self.body, self.json) {
            (Some(_), Some(_)) => return Err(wrong("json", "a request has a `body` or `json`, not both")),
            (Some(text), None) => Some(BodySpec::Text(text)),
            (None, Some(json)) => {
                Some(BodySpec::Json(JsonTemplate::parse(json).map_err(|problem| wrong("json", problem))?))
            }
            (None, None) => None,
        };
        let url = self.url.ok_or_else(|| wrong("url", "is missing"))?;
        let usual = RequestSpec::get(url);
        let spec = RequestSpec {
            method: self.method,
            headers: self.headers.unwrap_or_default(),
            body,
            success: self.success.unwrap_or_default(),
            redirects: self.redirects.unwrap_or(usual.redirects),
            idle_timeout: self.idle_timeout_ms.map_or(usual.idle_timeout, std::time::Duration::from_millis),
            secrets,
            ..usual
        };
        HttpRequest::configured(around.http.clone(), spec).map_err(misfit)
    }

    #[cfg(feature = "http")]
    fn download(
        self,
        kind: &str,
        secrets: Secrets,
        around: &Surroundings<'_>,
    ) -> Result<crate::HttpDownload, SpecError> {
        use crate::{Bandwidth, DownloadSpec, HttpDownload};
        let url = self.url.ok_or_else(|| wrong("url", "is missing"))?;
        let usual = DownloadSpec::get(url);
        let spec = DownloadSpec {
            headers: self.headers.unwrap_or_default(),
            name: self.name,
            sha256: self.sha256,
            max_bytes: self.max_bytes.map_or(usual.max_bytes, |bytes| bytes.min(usual.max_bytes)),
            redirects: self.redirects.unwrap_or(usual.redirects),
            idle_timeout: self.idle_timeout_ms.map_or(usual.idle_timeout, std::time::Duration::from_millis),
            secrets,
            ..usual
        };
        let bandwidth = Bandwidth::new(self.bytes_per_second.unwrap_or(0));
        around.http.name_limit(kind, &bandwidth);
        HttpDownload::configured(around.http.clone(), spec, bandwidth).map_err(misfit)
    }
}

impl ExecutorName {
    /// The name in a configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            ExecutorName::Process => "process",
            ExecutorName::Request => "http.request",
            ExecutorName::Download => "http.download",
        }
    }
}

fn wrong(member: &'static str, problem: impl Into<String>) -> SpecError {
    SpecError { member, problem: problem.into() }
}

fn misfit((member, problem): (&'static str, String)) -> SpecError {
    SpecError { member, problem }
}

/// An executor with what its jobs have unless they bring their own.
struct Declared {
    inner: Arc<dyn Executor>,
    arguments: Object,
    usual: DispatchArgs,
}

impl Declared {
    fn with_defaults(&self, args: &Node) -> Result<Node, Rejection> {
        let mut members = fields::members(args)?.clone();
        for (name, value) in self.arguments.iter() {
            if members.get(name.as_str()).is_none() {
                members.insert(name.clone(), value.clone());
            }
        }
        Ok(members.into())
    }
}

#[async_trait]
impl Executor for Declared {
    fn prepare(&self, job: &mut DispatchArgs) -> Result<(), Rejection> {
        let args = self.with_defaults(job.args.as_ref().unwrap_or(&Node::object()))?;
        self.inner.check(&args)?;
        job.args = Some(args);
        self.complete(job);
        Ok(())
    }

    fn complete(&self, job: &mut DispatchArgs) {
        job.queue = job.queue.take().or_else(|| self.usual.queue.clone());
        job.timeout_ms = job.timeout_ms.or(self.usual.timeout_ms);
        job.max_attempts = job.max_attempts.or(self.usual.max_attempts);
        job.retry = job.retry.take().or_else(|| self.usual.retry.clone());
    }

    fn check(&self, args: &Node) -> Result<(), Rejection> {
        self.inner.check(&self.with_defaults(args)?)
    }

    async fn execute(&self, attempt: AttemptContext) -> Outcome {
        // A job of an earlier configuration has not met these defaults.
        match self.with_defaults(&attempt.args) {
            Ok(args) => self.inner.execute(AttemptContext { args, ..attempt }).await,
            Err(error) => Outcome::fatal("invalid_args", error.message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn build(spec: serde_json::Value) -> Result<(KindInfo, Arc<dyn Executor>), String> {
        let spec: KindSpec = serde_json::from_value(spec).map_err(|error| error.to_string())?;
        let variable = |name: &str| (name == "TOKEN").then(|| "hunter2".to_owned());
        let around = Surroundings {
            variable: &variable,
            #[cfg(feature = "http")]
            http: crate::HttpClient::new(),
        };
        spec.build("my.kind", &around).map_err(|error| error.to_string())
    }

    #[test]
    fn a_job_gets_what_it_does_not_bring() {
        let (info, executor) = build(json!({
            "executor": "process", "argv": ["tool", "{args.size}", "{args.name}"], "title": "My kind",
            "defaults": {"size": 7}, "queue": "slow", "timeoutMs": 1000, "maxAttempts": 3
        }))
        .unwrap();
        assert_eq!((info.kind.as_str(), info.title.as_str()), ("my.kind", "My kind"));
        let mut job =
            DispatchArgs { args: Some(Node::from(&json!({"name": "a"}))), ..DispatchArgs::default() };
        executor.prepare(&mut job).unwrap();
        assert_eq!(job.args, Some(Node::from(&json!({"name": "a", "size": 7}))));
        assert_eq!(
            (job.queue.as_deref(), job.timeout_ms, job.max_attempts),
            (Some("slow"), Some(1000), Some(3))
        );
        let args = Some(Node::from(&json!({"name": "a", "size": 1})));
        let mut job = DispatchArgs { args: args.clone(), timeout_ms: Some(5), ..DispatchArgs::default() };
        executor.prepare(&mut job).unwrap();
        assert_eq!((job.args, job.timeout_ms), (args, Some(5)), "its own go first");
        let refused = executor.prepare(&mut DispatchArgs::default()).unwrap_err();
        assert!(refused.message.starts_with("args.name: is missing"), "{}", refused.message);
    }

    #[test]
    fn wrong_declarations_name_the_member() {
        for (spec, start) in [
            (json!({"executor": "process"}), "argv: must be"),
            (
                json!({"executor": "process", "argv": ["x"], "url": "http://h"}),
                "url: belongs to the executor http.request and",
            ),
            (
                json!({"executor": "process", "argv": ["x"], "secrets": {"a": "NOT_SET"}}),
                "secrets: a: the variable NOT_SET",
            ),
            (json!({"executor": "process", "argv": ["x", "{arg.y}"]}), "{arg.y} names nothing"),
            (json!({"executor": "process", "argv": ["x"], "artifacts": ["../x"]}), "the pattern \"../x\""),
            (json!({"executor": "process", "argv": ["x"], "progress": {"regex": "("}}), "regex parse error"),
            (json!({"executor": "process", "argv": ["x"], "defaults": [1]}), "defaults: must be a table"),
            (json!({"executor": "process", "argv": ["x"], "timeoutMs": 0}), "timeoutMs: 0"),
            (json!({"executor": "shell"}), "unknown variant `shell`"),
            (json!({"executor": "process", "argz": []}), "unknown field `argz`, expected one of"),
        ] {
            let problem = build(spec).err().expect("it is refused");
            assert!(problem.starts_with(start), "{problem}");
        }
        let fine = json!({"executor": "process", "argv": ["x"], "env": {"K": "{secrets.a}"}, "secrets": {"a": "TOKEN"}});
        assert!(build(fine).is_ok());
    }

    #[cfg(feature = "http")]
    #[test]
    fn requests_and_downloads_are_declared_alike() {
        for (spec, start) in [
            (json!({"executor": "http.request"}), "url: is missing"),
            (
                json!({"executor": "http.request", "url": "http://h", "body": "a", "json": 1}),
                "json: a request has",
            ),
            (
                json!({"executor": "http.request", "url": "http://h", "json": {"a": "{x}"}}),
                "json: {x} names nothing",
            ),
            (json!({"executor": "http.download", "url": "http://{args.h}/"}), "url: the host must"),
            (json!({"executor": "http.download", "url": "http://h", "method": "PUT"}), "method: belongs to"),
        ] {
            let problem = build(spec).err().expect("it is refused");
            assert!(problem.starts_with(start), "{problem}");
        }
        assert!(
            build(json!({"executor": "http.request", "url": "http://h/{args.x}", "json": ["{args.x}"]}))
                .is_ok()
        );
        assert!(
            build(json!({"executor": "http.download", "url": "{args.url}", "bytesPerSecond": 1000})).is_ok()
        );
    }
}
