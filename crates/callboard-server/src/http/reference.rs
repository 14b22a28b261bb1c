//! The description of the routes, out of the binary: made by `cargo xtask codegen`, good without a network.

use axum::{
    http::header,
    response::{IntoResponse, Response},
};

const OPENAPI: &str = include_str!("../../../../spec/openapi.json");
const PAGE: &str = include_str!("../../../../spec/openapi.html");
const STYLE: &str = "\
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1rem; }
section { border-top: 1px solid #8885; padding: 0.5rem 0; }
h2 { font-size: 1rem; margin: 0.5rem 0; }
td, th { text-align: left; padding: 0.1rem 1rem 0.1rem 0; font-weight: normal; }
pre { overflow: auto; padding: 0.5rem; background: #8882; }
";

pub(super) async fn openapi() -> Response {
    answer("application/json", OPENAPI)
}

pub(super) async fn page() -> Response {
    answer("text/html; charset=utf-8", PAGE)
}

pub(super) async fn style() -> Response {
    answer("text/css; charset=utf-8", STYLE)
}

fn answer(kind: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], text).into_response()
}
