//! The kinds that a server runs: those that come with it, and those that its configuration declares.

mod declared;

use crate::{config_file::ConfigFile, failure::Failure};
use callboard_demo::DemoError;
use callboard_exec::{
    Bandwidth, CheckFn, Echo, HttpClient, HttpDownload, HttpRequest, KindError, KindInfo, ProcessExecutor,
    Registry, Sleep,
};
use callboard_protocol::{
    Node,
    error::{ErrorCode, Rejection},
};
use serde_json::json;
use std::{io, sync::Arc};

/// The kinds could not be set up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KindsError {
    /// This program's own path or the present folder.
    #[error("failed to set up the kinds: {0}")]
    Io(#[from] io::Error),
    /// Two kinds have one name.
    #[error(transparent)]
    Kind(#[from] KindError),
}

/// All kinds of a server with this configuration.
pub(crate) fn registry(config: Option<&ConfigFile>, http: &HttpClient) -> Result<Registry, Failure> {
    let mut registry = built_in(http)
        .map_err(|error| Failure::new(crate::failure::exit::JOB_FAILED, "start_failed", error.to_string()))?;
    config.map_or(Ok(()), |file| declared::register(&mut registry, file, http))?;
    Ok(registry)
}

/// The first jobs, any command, any request, and two for trying out.
fn built_in(http: &HttpClient) -> Result<Registry, KindsError> {
    let own = std::env::current_exe()?.to_string_lossy().into_owned();
    let demo = |name: &str, check: fn(&[u8]) -> Result<(), DemoError>| {
        let argv = vec![own.clone(), "demo".into(), name.into()];
        let check: CheckFn = Arc::new(move |args: &Node| {
            check(args.to_string().as_bytes())
                .map_err(|error| Rejection::new(ErrorCode::InvalidArgs, error.to_string()))
        });
        Arc::new(ProcessExecutor::fixed(argv, Some(check)))
    };
    let here = std::env::current_dir()?;
    let mut registry = Registry::new();
    registry.register(
        KindInfo {
            kind: "image.generate".into(),
            title: "Generate an image".into(),
            description: "Paints a picture from words, step by step, with previews.".into(),
            example: Node::from(&json!({
                "prompt": "aurora over a quiet ocean", "seed": 7, "steps": 24, "width": 768, "height": 512
            })),
            first_run: true,
        },
        demo("paint", |args| callboard_demo::paint::check(args)),
    )?;
    registry.register(
        KindInfo {
            kind: "checksum".into(),
            title: "Checksum a folder".into(),
            description: "Digests every file below a folder, with progress by bytes.".into(),
            example: Node::from(&json!({ "path": here.to_string_lossy() })),
            first_run: true,
        },
        demo("checksum", |args| callboard_demo::checksum::check(args)),
    )?;
    registry.register(ProcessExecutor::run_info(), Arc::new(ProcessExecutor::run_any()))?;
    registry.register(HttpRequest::info(), Arc::new(HttpRequest::any(http.clone())))?;
    let (info, limit) = (HttpDownload::info(), Bandwidth::unlimited());
    http.name_limit(&info.kind, &limit);
    registry.register(info, Arc::new(HttpDownload::any(http.clone(), limit)))?;
    registry.register(Sleep::info(), Arc::new(Sleep))?;
    registry.register(Echo::info(), Arc::new(Echo))?;
    Ok(registry)
}
