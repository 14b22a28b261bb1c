//! Which server is meant, and how to talk to it.

use crate::{
    data,
    failure::{Failure, exit},
    globals::Globals,
    text::output::Screen,
};
use callboard_client::{Client, ClientError, Code, Endpoint, Http, Options, Phase};
use callboard_protocol::{error::ErrorCode, frame::LogRequest};
use serde::Deserialize;
use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

/// A server that may or may not be there.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) endpoint: Endpoint,
    token: String,
    /// The data folder that named it; `None` when the user did.
    folder: Option<PathBuf>,
}

/// `DATA/cli.json`, written by a server while it runs.
#[derive(Deserialize)]
struct CliFile {
    url: String,
    token: String,
}

impl Place {
    /// Finds the server: `--url` and `--token`, or what the data folder says.
    pub(crate) fn find(globals: &Globals) -> Result<Place, Failure> {
        if let Some(url) = &globals.url {
            let token = globals.token.clone().ok_or_else(|| {
                Failure::usage("--url needs a token").hint("give --token or set CALLBOARD_TOKEN")
            })?;
            return Ok(Place { endpoint: Endpoint::parse(url)?, token, folder: None });
        }
        let folder = data::folder(globals.data.clone()).map_err(Failure::usage)?;
        let path = folder.join("cli.json");
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Err(no_server(&folder));
            }
            Err(error) => {
                let message = format!("failed to read {}: {error}", path.display());
                return Err(Failure::new(exit::NOT_CONNECTED, "not_connected", message));
            }
        };
        let file: CliFile = serde_json::from_str(&text).map_err(|error| {
            let message = format!("{} is damaged: {error}", path.display());
            Failure::new(exit::NOT_CONNECTED, "not_connected", message).hint("restart the server")
        })?;
        let token = globals.token.clone().unwrap_or(file.token);
        Ok(Place { endpoint: Endpoint::parse(&file.url)?, token, folder: Some(folder) })
    }

    /// The data folder that named it.
    pub(crate) fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// Where Studio is, for a terminal that has links.
    pub(crate) fn studio(&self, screen: &Screen) -> Option<String> {
        screen.signals.links.then(|| self.endpoint.to_string())
    }

    /// Plain requests.
    pub(crate) fn http(&self) -> Http {
        Http::new(self.endpoint.clone(), &self.token)
    }

    /// A connection with a mirror and all new log lines; ready when this returns.
    pub(crate) async fn connect(&self) -> Result<Client, Failure> {
        self.open(Some(LogRequest { snapshot: Some(0), ..LogRequest::default() })).await
    }

    /// A connection with a mirror and no lines; ready when this returns.
    pub(crate) async fn mirror(&self) -> Result<Client, Failure> {
        self.open(None).await
    }

    async fn open(&self, logs: Option<LogRequest>) -> Result<Client, Failure> {
        let mut options =
            Options { logs, deflate: false, ..Options::new(&self.endpoint.to_string(), &self.token)? };
        options.name = "callboard-cli".into();
        let client = Client::connect(options);
        let mut telemetry = client.follow_telemetry();
        loop {
            let now = telemetry.get();
            match (now.phase, now.last_error) {
                (Phase::Open, _) => return Ok(client),
                (Phase::Closed { error: Some(error) }, _) => return Err(self.failure(error)),
                // Once connected, the client comes back by itself; before, there is no server.
                (Phase::Waiting { .. }, Some(last)) if now.connections == 0 => {
                    return Err(self.failure(last.error));
                }
                _ => {}
            }
            if !telemetry.changed().await {
                return Err(self.failure(ClientError::new(Code::Closed, "the connection was closed")));
            }
        }
    }

    /// What a client's error means here.
    pub(crate) fn failure(&self, error: ClientError) -> Failure {
        match (error.code(), &self.folder) {
            (Code::Offline, Some(folder)) if !error.has_side_effects() => no_server(folder),
            (Code::Offline, None) if !error.has_side_effects() => {
                Failure::new(exit::NOT_CONNECTED, "not_connected", error.message())
                    .hint("is the server running, and is the address right?")
            }
            (Code::Server(ErrorCode::Unauthorized), _) => {
                Failure::from(error).hint("check --token and CALLBOARD_TOKEN")
            }
            _ => Failure::from(error),
        }
    }
}

fn no_server(folder: &std::path::Path) -> Failure {
    let message = format!("no server is running for {}", folder.display());
    Failure::new(exit::NOT_CONNECTED, "not_connected", message).hint("callboard serve")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::globals::ColorWhen;

    fn globals(data: &std::path::Path) -> Globals {
        let data = Some(data.to_path_buf());
        Globals {
            data,
            url: None,
            token: None,
            json: None,
            format: None,
            color: ColorWhen::Auto,
            ascii: false,
        }
    }

    #[test]
    fn the_data_folder_names_the_server() {
        let folder = tempfile::tempdir().unwrap();
        let failure = Place::find(&globals(folder.path())).unwrap_err();
        assert_eq!((failure.exit, failure.hint.as_deref()), (5, Some("callboard serve")));
        assert!(failure.message.starts_with("no server is running for "), "{}", failure.message);

        let path = folder.path().join("cli.json");
        std::fs::write(&path, r#"{"url":"http://127.0.0.1:9/x/","token":"t","pid":1}"#).unwrap();
        let place = Place::find(&globals(folder.path())).unwrap();
        assert_eq!(
            (place.endpoint.to_string().as_str(), place.token.as_str()),
            ("http://127.0.0.1:9/x/", "t")
        );
        let given = Globals { token: Some("mine".into()), ..globals(folder.path()) };
        assert_eq!(Place::find(&given).unwrap().token, "mine");

        std::fs::write(&path, "{").unwrap();
        assert_eq!(Place::find(&globals(folder.path())).unwrap_err().exit, 5);
    }

    #[test]
    fn an_address_needs_a_token() {
        let folder = tempfile::tempdir().unwrap();
        let url = Some("http://127.0.0.1:9".into());
        let given = Globals { url, ..globals(folder.path()) };
        assert_eq!(Place::find(&given).unwrap_err().exit, 2);
        let given = Globals { token: Some("t".into()), ..given };
        assert_eq!(Place::find(&given).unwrap().endpoint.port(), 9);
        let given = Globals { url: Some("https://board".into()), ..given };
        assert_eq!(Place::find(&given).unwrap_err().exit, 2);
    }
}
