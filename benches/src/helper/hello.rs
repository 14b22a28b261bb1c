//! The least that an HTTP server can do: hyper and a greeting.

use super::serve;
use crate::Done;
use bytes::Bytes;
use http_body_util::Full;
use hyper::{Response, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use std::{convert::Infallible, net::Ipv4Addr};
use tokio::{net::TcpListener, runtime::Runtime};

pub(super) fn run(runtime: &Runtime, port: u16) -> Done {
    let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, port)))?;
    runtime.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let greet = service_fn(|_| async {
                Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"hello"))))
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), greet));
        }
    });
    serve(|question| Err(format!("a greeter is not asked {question:?}").into()))
}
