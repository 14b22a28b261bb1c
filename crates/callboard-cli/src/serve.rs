//! `callboard serve`: a board on a port until it is told to stop.

use crate::{
    data,
    failure::{Failure, Outcome, exit},
    globals::Globals,
    kinds,
    settings::SettingsArgs,
    text::output::print,
};
use callboard::{Board, BoardOptions, exec::HttpClient};
use callboard_server::{Running, ServeError, ServeOptions, serve};
use clap::Args;
use std::net::IpAddr;

/// The flags of `callboard serve`.
#[derive(Args)]
pub(crate) struct ServeArgs {
    /// Port to listen on; 0 takes a free one
    #[arg(long, default_value_t = 7420, env = "CALLBOARD_PORT")]
    port: u16,
    /// Address to listen on; only loopback is served
    #[arg(long, default_value = "127.0.0.1")]
    host: IpAddr,
    /// Path prefix, for example behind a proxy
    #[arg(long, default_value = "/")]
    base_path: String,
    /// Origin of pages that may use this server beside its own, for example <http://127.0.0.1:5173>
    #[arg(long, value_name = "ORIGIN")]
    allow_origin: Vec<String>,
    /// Attempts that run at once
    #[arg(long, default_value_t = callboard_protocol::caps::CONCURRENCY)]
    concurrency: usize,
    #[command(flatten)]
    settings: SettingsArgs,
}

pub(crate) fn main(globals: &Globals, args: ServeArgs) -> Outcome {
    log_to_stderr();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| not_started(format!("failed to start: {error}")))?;
    runtime.block_on(run(globals, args))
}

async fn run(globals: &Globals, args: ServeArgs) -> Outcome {
    let data = data::folder(globals.data.clone()).map_err(Failure::usage)?;
    let (settings, config) = args.settings.load(&data)?;
    create_private(&data)
        .map_err(|error| not_started(format!("failed to create {}: {error}", data.display())))?;
    let http = HttpClient::new();
    let registry = kinds::registry(config.as_ref(), &http)?;
    let limits = callboard::Limits { concurrency: args.concurrency.max(1), ..callboard::Limits::default() };
    let data_folder = Some(data.clone());
    let options = BoardOptions { data: data_folder, registry, limits, settings, ..BoardOptions::default() };
    let board = Board::open(options).await.map_err(|error| not_opened(&error))?;
    board.limit_downloads(&http);
    let options = ServeOptions {
        data: data.clone(),
        host: args.host,
        port: args.port,
        base_path: args.base_path,
        origins: args.allow_origin,
    };
    let mut running = match serve(board.clone(), options).await {
        Ok(running) => running,
        Err(error) => {
            board.shutdown().await;
            return Err(not_served(&error));
        }
    };
    announce(&running, &data, globals.json.is_some())?;
    let lost = tokio::select! {
        () = asked_to_stop() => false,
        () = board.stopped() => true,
    };
    tracing::info!("stopping; running jobs are interrupted and go on after the next start");
    board.shutdown().await;
    running.shutdown().await;
    if lost {
        let message = "the journal was lost; the log above says why";
        return Err(Failure::new(exit::JOB_FAILED, "journal_lost", message));
    }
    Ok(exit::OK)
}

fn not_started(message: String) -> Failure {
    Failure::new(exit::JOB_FAILED, "start_failed", message)
}

fn not_opened(error: &callboard::OpenError) -> Failure {
    use callboard_journal::OpenError as Journal;
    let message = error.to_string();
    match error {
        callboard::OpenError::Journal(Journal::Locked { .. }) => {
            Failure::new(exit::CONFLICT, "data_in_use", message)
                .hint("a server runs there already; stop it, or use another folder with --data")
        }
        callboard::OpenError::Journal(Journal::Newer { .. }) => {
            Failure::new(exit::CONFLICT, "newer_schema", message)
        }
        callboard::OpenError::Setting(_) => Failure::usage(message),
        _ => not_started(message),
    }
}

fn not_served(error: &ServeError) -> Failure {
    let message = error.to_string();
    match error {
        ServeError::NotLoopback(_) | ServeError::BadBasePath(_) | ServeError::BadOrigin(_) => {
            Failure::usage(message)
        }
        ServeError::Listen { source, .. } if source.kind() == std::io::ErrorKind::AddrInUse => {
            Failure::new(exit::CONFLICT, "port_in_use", message)
                .hint("callboard serve --port 0 takes a free port")
        }
        _ => not_started(message),
    }
}

fn announce(running: &Running, data: &std::path::Path, json: bool) -> Result<(), Failure> {
    if json {
        let line = serde_json::json!({
            "v": 1,
            "url": running.url,
            "launchUrl": running.launch_url,
            "token": running.token,
            "data": data,
            "pid": std::process::id(),
        });
        return print(&line.to_string());
    }
    print(&format!("Callboard is running. Data: {}", data.display()))?;
    print("Open Studio (the link is good for one minute; `callboard open` makes a new one):")?;
    print(&format!("  {}", running.launch_url))
}

/// Waits for SIGINT or SIGTERM; a second one ends the process as usual.
async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        },
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}

fn create_private(folder: &std::path::Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn log_to_stderr() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("CALLBOARD_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,callboard=info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false).init();
}
