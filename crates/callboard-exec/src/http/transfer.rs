//! A download over as many connections as it takes.
//!
//! A connection that breaks, stalls or ends early is followed by another one that asks for the rest. The rest is only
//! added when the server says that it is of the same file; otherwise all is loaded anew (S1.24).

use super::{
    bandwidth::Bandwidth,
    call::{Call, silent},
    client::{HttpClient, causes},
    partial::{Partial, validator_of},
    status,
};
use crate::{Outcome, Reporter};
use callboard_protocol::{
    job::{JobError, Progress},
    log::Level,
};
use reqwest::{
    Response, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderMap, HeaderValue, IF_RANGE, RANGE},
};
use std::time::Duration;

/// Everything a transfer needs.
pub(super) struct Transfer<'a> {
    pub(super) client: &'a HttpClient,
    pub(super) call: Call,
    pub(super) reporter: &'a Reporter,
    pub(super) limits: [&'a Bandwidth; 3],
    pub(super) max_bytes: u64,
    pub(super) partial: Partial,
}

/// A complete file.
pub(super) struct Arrived {
    pub(super) partial: Partial,
    pub(super) content_type: String,
}

/// How one connection ended.
enum Stretch {
    Complete {
        content_type: String,
    },
    /// Another connection may bring the rest.
    Broken(String),
}

/// Connections in a row that bring nothing; then the attempt fails, and the job's own retries go on.
const FRUITLESS: u32 = 4;
/// Between two of them, growing.
const PAUSE: Duration = Duration::from_millis(200);

impl<'a> Transfer<'a> {
    /// Loads the whole file. On an error what has arrived is given back too.
    pub(super) async fn run(mut self) -> Result<Arrived, (Outcome, Partial)> {
        let mut fruitless = 0;
        loop {
            let before = self.partial.size();
            match self.stretch().await {
                Ok(Stretch::Complete { content_type }) => {
                    return Ok(Arrived { partial: self.partial, content_type });
                }
                Ok(Stretch::Broken(why)) => {
                    fruitless = if self.partial.size() > before { 0 } else { fruitless + 1 };
                    if fruitless >= FRUITLESS {
                        let message =
                            format!("gave up after {FRUITLESS} connections that brought nothing: {why}");
                        return Err((Outcome::retryable("download_broken", message), self.partial));
                    }
                    let message = format!("{why}; going on after {} bytes", self.partial.size());
                    self.reporter.log("job", Level::Warn, &message);
                    tokio::time::sleep(PAUSE * 2_u32.pow(fruitless)).await;
                }
                Err(outcome) => return Err((outcome, self.partial)),
            }
        }
    }

    /// One connection.
    async fn stretch(&mut self) -> Result<Stretch, Outcome> {
        if self.partial.size() > 0 && self.partial.validator().is_none() {
            // Nothing tells whether the rest would be of the same file.
            self.partial.restart().await.map_err(io)?;
        }
        let answer = match self.ask().send(self.client).await {
            Ok(answer) => answer,
            Err(Outcome::Errored { error, retryable: true, .. }) => {
                return Ok(Stretch::Broken(error.message));
            }
            Err(outcome) => return Err(outcome),
        };
        match answer.status() {
            StatusCode::PARTIAL_CONTENT if self.partial.size() > 0 => self.go_on(answer).await,
            StatusCode::OK => self.begin(answer).await,
            // What is there is not a beginning of what the server has now.
            StatusCode::RANGE_NOT_SATISFIABLE if self.partial.size() > 0 => {
                self.partial.restart().await.map_err(io)?;
                Ok(Stretch::Broken("the server has no bytes after those that are here".into()))
            }
            other => Err(status::refusal(other, answer.headers(), "")),
        }
    }

    fn ask(&self) -> Call {
        let mut call = self.call.clone();
        if let Some(validator) = self.partial.validator().filter(|_| self.partial.size() > 0)
            && let Ok(validator) = HeaderValue::from_str(validator)
        {
            let range = HeaderValue::from_str(&format!("bytes={}-", self.partial.size()));
            call.headers.insert(RANGE, range.expect("digits are a header's value"));
            call.headers.insert(IF_RANGE, validator);
        }
        call
    }

    /// The whole file, from its beginning.
    async fn begin(&mut self, answer: Response) -> Result<Stretch, Outcome> {
        if self.partial.size() > 0 {
            self.reporter.log(
                "job",
                Level::Info,
                "the file has changed or cannot be sent in parts; loading it anew",
            );
        }
        self.partial.restart().await.map_err(io)?;
        self.partial.name(validator_of(answer.headers())).await.map_err(io)?;
        let total = number(answer.headers(), CONTENT_LENGTH.as_str());
        self.receive(answer, total).await
    }

    /// The rest of a file whose beginning is here.
    async fn go_on(&mut self, answer: Response) -> Result<Stretch, Outcome> {
        let range =
            answer.headers().get(CONTENT_RANGE).and_then(|value| value.to_str().ok()).and_then(parse_range);
        let is_same =
            validator_of(answer.headers()).as_deref().is_none_or(|now| Some(now) == self.partial.validator());
        match range {
            Some((start, total)) if start == self.partial.size() && is_same => {
                self.receive(answer, total).await
            }
            _ => {
                self.partial.restart().await.map_err(io)?;
                Ok(Stretch::Broken("the server sent a part of another file".into()))
            }
        }
    }

    async fn receive(&mut self, mut answer: Response, total: Option<u64>) -> Result<Stretch, Outcome> {
        if total.is_some_and(|total| total > self.max_bytes) {
            return Err(self.too_large());
        }
        let idle = self.call.idle_timeout;
        loop {
            self.show(total);
            let chunk = match tokio::time::timeout(idle, answer.chunk()).await {
                Err(_) => return Ok(Stretch::Broken(message_of(silent(idle)))),
                Ok(Err(error)) => return Ok(Stretch::Broken(causes(&error.without_url()))),
                Ok(Ok(None)) => break,
                Ok(Ok(Some(chunk))) => chunk,
            };
            if self.partial.size() + chunk.len() as u64 > self.max_bytes {
                return Err(self.too_large());
            }
            self.partial.append(&chunk).await.map_err(io)?;
            for limit in self.limits {
                limit.pass(chunk.len()).await;
            }
        }
        match total {
            Some(total) if self.partial.size() < total => Ok(Stretch::Broken(format!(
                "the connection ended after {} of {total} bytes",
                self.partial.size()
            ))),
            Some(total) if self.partial.size() > total => {
                self.partial.restart().await.map_err(io)?;
                Ok(Stretch::Broken(format!("the server sent more than the {total} bytes that it announced")))
            }
            _ => Ok(Stretch::Complete { content_type: content_type(answer.headers()) }),
        }
    }

    /// Bytes that have arrived, never a guess (W1.9).
    fn show(&self, total: Option<u64>) {
        let size = self.partial.size();
        let value = total.filter(|total| *total > 0).map_or(0.0, |total| size as f64 / total as f64);
        let message = match total {
            Some(total) => format!("{} of {}", bytes_text(size), bytes_text(total)),
            None => bytes_text(size),
        };
        self.reporter.progress(Progress { value, message: Some(message), ..Progress::default() });
    }

    fn too_large(&self) -> Outcome {
        Outcome::fatal("too_large", format!("the file is larger than {} bytes", self.max_bytes))
    }
}

fn io(error: std::io::Error) -> Outcome {
    Outcome::errored(JobError::new("artifact_failed", format!("failed to write what arrived: {error}")), true)
}

fn message_of(outcome: Outcome) -> String {
    match outcome {
        Outcome::Errored { error, .. } => error.message,
        _ => String::new(),
    }
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

fn content_type(headers: &HeaderMap) -> String {
    headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

/// `bytes 100-199/1000`: where the part begins, and the size of the whole when it is known.
fn parse_range(value: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = value.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (start, end) = range.split_once('-')?;
    let (start, end): (u64, u64) = (start.parse().ok()?, end.parse().ok()?);
    let total = if total == "*" { None } else { Some(total.parse().ok()?) };
    (start <= end && total.is_none_or(|total| end < total)).then_some((start, total))
}

fn bytes_text(bytes: u64) -> String {
    match bytes {
        0..1000 => format!("{bytes} B"),
        1000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.2} GB", bytes as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_with_suspicion() {
        assert_eq!(parse_range("bytes 100-199/1000"), Some((100, Some(1000))));
        assert_eq!(parse_range("bytes 0-0/*"), Some((0, None)));
        for wrong in
            ["bytes */1000", "bytes 5-4/10", "bytes 5-10/10", "items 1-2/3", "bytes 1-2", "bytes -1-2/3", ""]
        {
            assert_eq!(parse_range(wrong), None, "{wrong}");
        }
    }
}
