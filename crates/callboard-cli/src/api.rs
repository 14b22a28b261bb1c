//! The HTTP routes that commands use, and how a job is named on a command line.

mod past;

pub(crate) use past::{Diff, PastChange};

use crate::{
    failure::{Failure, exit},
    place::Place,
    text::progress::short_id,
};
use callboard_client::{ClientError, Code, Http};
use callboard_protocol::{
    JobId, Node, command::Accepted, error::ErrorCode, from_node, job::Job, log::LogEntry,
};
use serde::{Deserialize, Serialize};

/// Rows of one page.
const PAGE: usize = callboard_protocol::caps::PAGE_ROWS;
/// Pages that are looked through for a short id, newest first: 10 000 jobs.
const PAGES_SEARCHED: usize = 20;

/// A page of jobs, newest first.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobPage {
    pub(crate) jobs: Vec<Node>,
    pub(crate) next_cursor: Option<String>,
}

/// Lines of a log, oldest first.
#[derive(Deserialize)]
pub(crate) struct Lines {
    pub(crate) entries: Vec<LogEntry>,
}

/// A server's answers.
#[derive(Clone)]
pub(crate) struct Api {
    place: Place,
    http: Http,
}

impl Api {
    pub(crate) fn new(place: Place) -> Self {
        let http = place.http();
        Api { place, http }
    }

    pub(crate) async fn get<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.http.get_json(path).await.map_err(|error| self.place.failure(error))
    }

    pub(crate) async fn post<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
        key: Option<&str>,
    ) -> Result<T, Failure> {
        self.http.post_json(path, body, key).await.map_err(|error| self.place.failure(error))
    }

    /// Sends a command under a key of its own, unless one is given.
    pub(crate) async fn command(
        &self,
        name: &str,
        args: &impl Serialize,
        key: Option<&str>,
    ) -> Result<Accepted, Failure> {
        let own = uuid::Uuid::now_v7().to_string();
        self.post(&format!("/api/commands/{name}"), args, Some(key.unwrap_or(&own))).await
    }

    pub(crate) async fn job(&self, id: &JobId) -> Result<Node, Failure> {
        self.get(&format!("/api/jobs/{}", encode(id))).await
    }

    /// One page of jobs; `query` is the rest of the query string.
    pub(crate) async fn jobs(&self, query: &str, cursor: Option<&str>) -> Result<JobPage, Failure> {
        let cursor = cursor.map_or(String::new(), |cursor| format!("&cursor={}", encode(cursor)));
        self.get(&format!("/api/jobs?{query}{cursor}")).await
    }

    /// Lines of a job's log, or of the board's: after `since`, or the newest. `filter` is more of the query string,
    /// which the board's log understands.
    pub(crate) async fn lines(
        &self,
        job: Option<&JobId>,
        since: Option<u64>,
        limit: usize,
        filter: &str,
    ) -> Result<Vec<LogEntry>, Failure> {
        let of = job.map_or("/api/logs".to_owned(), |id| format!("/api/jobs/{}/logs", encode(id)));
        let since = since.map_or(String::new(), |since| format!("&sinceSeq={since}"));
        let lines: Lines = self.get(&format!("{of}?limit={limit}{since}{filter}")).await?;
        Ok(lines.entries)
    }

    /// The job that a text names: its id, or the beginning of it if that is unique.
    pub(crate) async fn resolve(&self, text: &str) -> Result<JobId, Failure> {
        if text.is_empty() {
            return Err(Failure::usage("an id must not be empty"));
        }
        match self.http.get_json::<Node>(&format!("/api/jobs/{}", encode(text))).await {
            Ok(_) => return Ok(JobId::new(text)),
            Err(error) if is_no_such_job(&error) => {}
            Err(error) => return Err(self.place.failure(error)),
        }
        let mut ids = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..PAGES_SEARCHED {
            let page = self.jobs(&format!("limit={PAGE}"), cursor.as_deref()).await?;
            let named = page.jobs.iter().filter_map(|job| job.child("id")?.as_str());
            ids.extend(named.filter(|id| id.starts_with(text)).map(JobId::new));
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        pick(text, ids)
    }
}

/// What cannot be an id, or is none: then it may be the beginning of one.
fn is_no_such_job(error: &ClientError) -> bool {
    matches!(error.code(), Code::Server(ErrorCode::NotFound | ErrorCode::InvalidArgs))
}

fn pick(text: &str, mut matches: Vec<JobId>) -> Result<JobId, Failure> {
    match matches.len() {
        0 => Err(Failure::new(exit::NOT_FOUND, "not_found", format!("no job matches {text:?}"))
            .hint("callboard ps --all")),
        1 => Ok(matches.remove(0)),
        count => {
            let shown: Vec<&str> = matches.iter().take(5).map(|id| &**id).collect();
            let more = if count > shown.len() { "\n…" } else { "" };
            Err(Failure::new(exit::USAGE, "ambiguous", format!("{count} jobs match {text:?}"))
                .hint(format!("{}{more}", shown.join("\n"))))
        }
    }
}

/// A record as the type that it is.
pub(crate) fn typed(job: &Node) -> Result<Job, Failure> {
    from_node(job).map_err(|error| {
        let id = job.child("id").and_then(Node::as_str).unwrap_or("a job");
        let message = format!("the record of {} cannot be read: {error}", short_id(&JobId::new(id)));
        Failure::new(exit::NOT_CONNECTED, "protocol", message)
            .hint("are this program and the server of one version?")
    })
}

/// A text for a path or query: everything but letters, digits and `-._~` as `%XX`.
pub(crate) fn encode(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let encoded = text.bytes().map(|byte| match plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    });
    encoded.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(ids: &[&str]) -> Vec<JobId> {
        ids.iter().map(|id| JobId::new(*id)).collect()
    }

    #[test]
    fn a_prefix_must_be_unique() {
        assert_eq!(pick("67n", ids(&["67n4k"])), Ok(JobId::new("67n4k")));
        let failure = pick("67x", ids(&[])).unwrap_err();
        assert_eq!((failure.exit, failure.message.as_str()), (3, "no job matches \"67x\""));
        assert_eq!(failure.hint.as_deref(), Some("callboard ps --all"));
        let failure = pick("6", ids(&["6a", "6b", "6c", "6d", "6e", "6f"])).unwrap_err();
        assert_eq!((failure.exit, failure.message.as_str()), (2, "6 jobs match \"6\""));
        assert_eq!(failure.hint.as_deref(), Some("6a\n6b\n6c\n6d\n6e\n…"));
    }

    #[test]
    fn texts_cannot_leave_their_place_in_a_url() {
        assert_eq!(encode("a-Z_0.~"), "a-Z_0.~");
        assert_eq!(encode("../x?y#z ü"), "..%2Fx%3Fy%23z%20%C3%BC");
    }
}
