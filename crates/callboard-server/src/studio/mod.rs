//! Studio, out of the binary: precompressed files, and the index with the path prefix written into it.

mod files {
    include!(concat!(env!("OUT_DIR"), "/studio_files.rs"));
}

use crate::http::{App, problem};
use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use callboard_protocol::error::{ErrorCode, Rejection};

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><title>Callboard</title><p>This binary was built without \
Studio. Build it with <code>cargo xtask run</code>. The API works.</p></html>";

/// Answers every path that is no route: a file of Studio, or its index for the paths of its pages.
pub(crate) async fn serve(State(app): State<App>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if !matches!(method, Method::GET | Method::HEAD) {
        return not_found(&uri);
    }
    let path = uri.path().trim_start_matches('/');
    match find(path).filter(|_| path != "index.html") {
        Some(bytes) => file(path, bytes, &headers),
        // A missing asset is an error, not a page.
        None if path.starts_with("assets/") || path.starts_with("api/") => not_found(&uri),
        None => index(&app.base),
    }
}

fn index(base: &str) -> Response {
    let html = find("index.html").and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or(NOT_BUILT);
    let html = html.replacen("<base href=\"/\"", &format!("<base href=\"{base}\""), 1);
    let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
    (headers, html).into_response()
}

fn file(path: &str, bytes: &'static [u8], headers: &HeaderMap) -> Response {
    let accepted =
        headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let encoded = [("br", "br"), ("gzip", "gz")].into_iter().find_map(|(name, ending)| {
        let wanted = accepted
            .split(',')
            .any(|offer| offer.split(';').next().is_some_and(|offer| offer.trim() == name));
        Some((name, find(&format!("{path}.{ending}"))?)).filter(|_| wanted)
    });
    let mut response = encoded.map_or(bytes, |(_, bytes)| bytes).into_response();
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(path)));
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some((name, _)) = encoded {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    let cache = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    response
}

fn find(path: &str) -> Option<&'static [u8]> {
    let index = files::FILES.binary_search_by(|(name, _)| (*name).cmp(path)).ok()?;
    Some(files::FILES[index].1)
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn not_found(uri: &Uri) -> Response {
    let path: String = uri.path().chars().take(200).collect();
    let rejection = Rejection::new(ErrorCode::NotFound, format!("there is nothing at {path:?}"));
    (StatusCode::NOT_FOUND, problem(&rejection)).into_response()
}
