//! Jobs by a query, live and stored.

use crate::{ClientError, Http, percent_encoded};
use callboard_protocol::Node;
use serde::Deserialize;

/// One page of a search, newest first.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobPage {
    /// The records of the jobs; [`callboard_protocol::from_node`] makes a `Job` of one.
    pub jobs: Vec<Node>,
    /// What the next page is asked for with; `None` at the end.
    pub next_cursor: Option<String>,
    /// The server had looked at enough before the page was full; `next_cursor` goes on there.
    #[serde(default)]
    pub cut: bool,
}

impl Http {
    /// One page of the jobs that a query means (`docs/reference/query.md`): at most `limit` of them, 1 to
    /// [`callboard_protocol::caps::PAGE_ROWS`], after the cursor of the page before.
    ///
    /// # Errors
    /// `invalid_args` for a text that is no query: [`ClientError::facts`] has the `column` and `length` of what is
    /// wrong. Otherwise as [`Http::get_json`].
    pub async fn search(
        &self,
        query: &str,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<JobPage, ClientError> {
        let cursor = cursor.map_or(String::new(), |cursor| format!("&cursor={}", percent_encoded(cursor)));
        self.get_json(&format!("/api/jobs?q={}&limit={limit}{cursor}", percent_encoded(query))).await
    }
}
