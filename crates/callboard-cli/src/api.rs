//! The HTTP routes that commands use, and how a job is named on a command line.

mod past;

pub(crate) use past::{Diff, PastChange};

use crate::{
    failure::{Failure, exit},
    place::Place,
    text::{output::Screen, progress::short_id},
};
use callboard_client::{Client, ClientError, Code, Http, JobPage, percent_encoded};
use callboard_protocol::{
    JobId, Node, caps::ID_BYTES, command::Accepted, error::ErrorCode, from_node, job::Job, log::LogEntry,
};
use serde::{Deserialize, Serialize};

/// Ids that are looked for to say which a text could mean.
const ALIKE: usize = 6;

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

    /// Where Studio is, for a terminal that has links.
    pub(crate) fn studio(&self, screen: &Screen) -> Option<String> {
        self.place.studio(screen)
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
        self.get(&format!("/api/jobs/{}", percent_encoded(id))).await
    }

    /// One page of the jobs that a query means, newest first.
    pub(crate) async fn search(
        &self,
        query: &str,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<JobPage, Failure> {
        self.http.search(query, cursor, limit).await.map_err(|error| self.place.failure(error))
    }

    /// A mirror of the state, for what is waited for.
    pub(crate) async fn mirror(&self) -> Result<Client, Failure> {
        self.place.mirror().await
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
        let of = job.map_or("/api/logs".to_owned(), |id| format!("/api/jobs/{}/logs", percent_encoded(id)));
        let since = since.map_or(String::new(), |since| format!("&sinceSeq={since}"));
        let lines: Lines = self.get(&format!("{of}?limit={limit}{since}{filter}")).await?;
        Ok(lines.entries)
    }

    /// The job that a text names: its id, or the beginning of it if that is unique.
    pub(crate) async fn resolve(&self, text: &str) -> Result<JobId, Failure> {
        if text.is_empty() {
            return Err(Failure::usage("an id must not be empty"));
        }
        if text.len() > ID_BYTES {
            let message = format!("no job has an id of {} bytes; the longest has {ID_BYTES}", text.len());
            return Err(Failure::new(exit::NOT_FOUND, "not_found", message).hint("callboard ps --all"));
        }
        match self.http.get_json::<Node>(&format!("/api/jobs/{}", percent_encoded(text))).await {
            Ok(_) => return Ok(JobId::new(text)),
            Err(error) if is_no_such_job(&error) => {}
            Err(error) => return Err(self.place.failure(error)),
        }
        let mut ids = Vec::new();
        let mut query = beginning(text).map(|query| (query, None));
        while let Some((wanted, cursor)) = query.take().filter(|_| ids.len() < ALIKE) {
            let page = self.search(&wanted, cursor.as_deref(), ALIKE).await?;
            ids.extend(page.jobs.iter().filter_map(|job| job.child("id")?.as_str()).map(JobId::new));
            query = page.next_cursor.map(|cursor| (wanted, Some(cursor)));
        }
        pick(text, ids)
    }
}

/// The query for ids that begin with a text; `None` when no id does.
fn beginning(text: &str) -> Option<String> {
    let may_stand = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
    text.bytes().all(may_stand).then(|| format!("id:{text}*"))
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
            let count = if count < ALIKE { count.to_string() } else { format!("{ALIKE} or more") };
            let shown: Vec<&str> = matches.iter().take(5).map(|id| &**id).collect();
            let more = if matches.len() > shown.len() { "\n…" } else { "" };
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
        assert_eq!((failure.exit, failure.message.as_str()), (2, "6 or more jobs match \"6\""));
        assert_eq!(failure.hint.as_deref(), Some("6a\n6b\n6c\n6d\n6e\n…"));
    }

    #[test]
    fn a_beginning_of_an_id_is_a_query() {
        for text in ["019", "67n4k", "g1:each:1", "s:2024-02-28T12:01:00.000Z", "a.b_c-"] {
            let query = beginning(text).expect("it can begin an id");
            assert!(callboard::Query::parse(&query).is_ok(), "{query}");
        }
        for text in ["a b", "a\"b", "a,b", "a*", "/x/", "ü"] {
            assert_eq!(beginning(text), None, "{text}");
        }
    }
}
