//! The first frames of a connection: who is this, and what does it want?

use super::{
    session::{Goodbye, Setup},
    view::MAIN,
};
use crate::{access::Caller, http::App};
use callboard_protocol::{
    caps,
    error::{ErrorCode, Rejection},
    frame::{ClientFrame, LogRequest, PROTOCOL, SubRequest, close},
};
use callboard_ws::{Message, Reader};
use tokio::io::AsyncRead;

/// What a client said when it came in.
#[derive(Default)]
pub(super) struct Wishes {
    pub(super) instance: String,
    pub(super) subs: Vec<SubRequest>,
    pub(super) logs: LogRequest,
    /// Whether it puts a snapshot together from parts.
    pub(super) parts: bool,
    /// Whether it compares checksums.
    pub(super) checks: bool,
}

impl Wishes {
    /// What somebody wants who says nothing about it: everything (S3.9).
    fn of_nobody() -> Self {
        Wishes { instance: random_instance(), subs: vec![everything()], ..Wishes::default() }
    }
}

fn everything() -> SubRequest {
    SubRequest { sub: MAIN.into(), paths: vec![String::new()], max_rate_ms: None, resume: None }
}

/// Waits for the first frames: who is this, and what does it want?
pub(super) async fn enter<R: AsyncRead + Unpin>(
    app: &App,
    setup: &Setup,
    reader: &mut Reader<R>,
) -> Result<(Caller, Wishes), Goodbye> {
    if !setup.speaks_subprotocol
        && let Some(caller) = &setup.caller
    {
        return Ok((caller.clone(), Wishes::of_nobody()));
    }
    loop {
        let text = match reader.next().await {
            Ok(Some(Message::Text(text))) => text,
            Ok(Some(Message::Close(_)) | None) => return Err(Goodbye(None)),
            Ok(Some(_)) => continue,
            Err(error) => {
                return Err(Goodbye(error.close_code().map(|code| (code, error.to_string()))));
            }
        };
        let (token, wishes) = match read(&text) {
            Ok(Some(ClientFrame::Hello { protocol, .. })) if protocol != PROTOCOL => {
                let reason = format!("this server speaks protocol {PROTOCOL}, not {protocol}");
                return Err(Goodbye::say(close::PROTOCOL_UNSUPPORTED, &reason));
            }
            Ok(Some(ClientFrame::Hello { client, auth, subs, logs, caps, connection_count, .. })) => {
                let (name, version, count) = (&client.name, &client.version, connection_count.unwrap_or(0));
                tracing::debug!(from = %setup.from, name, version, count, "a client says hello");
                let subs = subs.unwrap_or_else(|| vec![everything()]);
                let caps = caps.unwrap_or_default();
                let can = |cap: &str| caps.iter().any(|other| other == cap);
                let instance = client.instance.chars().take(caps::ID_BYTES).collect();
                let (logs, parts, checks) = (logs.unwrap_or_default(), can("parts"), can("check"));
                let wishes = Wishes { instance, subs, logs, parts, checks };
                (auth.map(|auth| auth.token), wishes)
            }
            Ok(Some(ClientFrame::Auth { token })) if !setup.speaks_subprotocol => {
                (Some(token), Wishes::of_nobody())
            }
            Ok(Some(ClientFrame::Ping { .. }) | None) => continue,
            Ok(Some(_)) | Err(_) => {
                return Err(Goodbye::say(close::BAD_MESSAGE, "the first message must be hello"));
            }
        };
        return match (&setup.caller, token) {
            (Some(caller), _) => Ok((caller.clone(), wishes)),
            (None, token) => match app.gate.check_token(token.as_deref(), setup.from) {
                Ok(caller) => Ok((caller, wishes)),
                Err(rejection) => Err(Goodbye::say(close::UNAUTHORIZED, &rejection.message)),
            },
        };
    }
}

/// A message, `None` for a type that is not known (ignored, S3.11), or what is wrong with it.
pub(super) fn read(text: &str) -> Result<Option<ClientFrame>, Rejection> {
    #[derive(serde::Deserialize)]
    struct Typed {
        r#type: String,
    }
    const KNOWN: [&str; 10] = [
        "hello",
        "auth",
        "ping",
        "pong",
        "state.resync",
        "subscribe",
        "unsubscribe",
        "logs.replay",
        "logs.subscribe",
        "cmd",
    ];
    let bad =
        |error: serde_json::Error| Rejection::new(ErrorCode::BadMessage, format!("not a message: {error}"));
    let typed: Typed = serde_json::from_str(text).map_err(bad)?;
    if !KNOWN.contains(&typed.r#type.as_str()) {
        return Ok(None);
    }
    serde_json::from_str(text).map(Some).map_err(bad)
}

fn random_instance() -> String {
    format!("{:016x}", fastrand::u64(..))
}
