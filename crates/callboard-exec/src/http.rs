//! Requests and downloads over HTTP.
//!
//! Reading order: [`HttpRequest`] and [`HttpDownload`] (the executors), `call` (one request with its redirects),
//! `transfer` (a download over as many connections as it takes), `partial` (what of it outlives an attempt).

mod bandwidth;
mod call;
mod client;
mod download;
mod partial;
mod request;
mod spec;
mod status;
mod transfer;

pub use bandwidth::Bandwidth;
pub use client::HttpClient;
pub use download::HttpDownload;
pub use request::HttpRequest;
pub use spec::{BodySpec, DownloadSpec, JsonTemplate, RequestSpec};
