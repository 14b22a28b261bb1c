//! The connections that all requests of a server share.

use super::bandwidth::Bandwidth;
use reqwest::{Client, redirect::Policy};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::OnceCell;

/// Connections to other servers. Clones share them; nothing is opened, and no certificate read, before the first use.
#[derive(Clone, Debug, Default)]
pub struct HttpClient {
    client: Arc<OnceCell<Client>>,
    bandwidth: Bandwidth,
    /// The limits of kinds, each with what it is when nobody says otherwise.
    kinds: Arc<Mutex<BTreeMap<String, (Bandwidth, u64)>>>,
}

/// How long a server may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(15);

impl HttpClient {
    /// A client without connections.
    pub fn new() -> Self {
        HttpClient::default()
    }

    /// The limit of all downloads with this client together; it can be changed while they run.
    pub fn bandwidth(&self) -> &Bandwidth {
        &self.bandwidth
    }

    /// Says which limit is that of a kind, so that [`HttpClient::limit_kinds`] finds it. What it is now holds for the kind
    /// whenever nobody says otherwise.
    pub fn name_limit(&self, kind: &str, bandwidth: &Bandwidth) {
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        kinds.insert(kind.to_owned(), (bandwidth.clone(), bandwidth.get()));
    }

    /// Changes the limits of kinds, in bytes per second, for what is under way as well; a kind that is not named goes back
    /// to its own. Returns the names that no kind of downloads has.
    pub fn limit_kinds(&self, wanted: &BTreeMap<String, u64>) -> Vec<String> {
        let kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        for (kind, (bandwidth, own)) in kinds.iter() {
            let rate = wanted.get(kind).copied().unwrap_or(*own);
            if bandwidth.get() != rate {
                bandwidth.set(rate);
            }
        }
        wanted.keys().filter(|name| !kinds.contains_key(*name)).cloned().collect()
    }

    pub(super) async fn get(&self) -> Result<&Client, String> {
        self.client.get_or_try_init(|| async { build() }).await
    }
}

/// Redirects are followed by `call`, which knows what must not be told to another host.
fn build() -> Result<Client, String> {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Whoever comes first wins; both are right.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
    let builder = Client::builder()
        .user_agent(concat!("callboard/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .connect_timeout(CONNECT);
    builder.build().map_err(|error| format!("HTTP requests cannot be made here: {}", causes(&error)))
}

/// An error with all that it says about its cause; the address is left out, for there may be a secret in it.
pub(super) fn causes(error: &dyn std::error::Error) -> String {
    let (mut text, mut next) = (error.to_string(), error.source());
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        next = cause.source();
    }
    text
}
