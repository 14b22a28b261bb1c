//! `callboard doctor`: what keeps Callboard from working here.

use crate::{
    api::Api,
    data,
    failure::{Failure, Outcome, exit},
    globals::Globals,
    place::Place,
    settings::SettingsArgs,
    text::{form::Output, output::print},
};
use anstyle::{AnsiColor, Style};
use callboard_protocol::{Node, frame::PROTOCOL};
use serde_json::json;

/// What was looked at, and what was found.
type Check = (&'static str, Result<String, Failure>);

/// The first thing that is wrong decides the exit code.
pub(crate) async fn doctor(globals: &Globals, out: &Output) -> Outcome {
    let mut checks = vec![("settings", settings(globals))];
    match Place::find(globals) {
        Ok(place) => server(&place, &mut checks).await,
        Err(failure) => checks.push(("server", Err(failure))),
    }
    let terminal = match (out.screen.out_is_terminal, out.screen.unicode) {
        (false, _) => "no terminal: no colours, nothing is cut",
        (true, true) => "UTF-8",
        (true, false) => "ASCII signs: the locale is not UTF-8, or --ascii was given",
    };
    checks.push(("terminal", Ok(terminal.into())));
    let records: Vec<Node> = checks.iter().map(record).collect();
    if !out.records("checks", &records)? {
        checks.iter().try_for_each(|check| show(check, out))?;
    }
    let wrong = checks.iter().find_map(|(_, found)| found.as_ref().err());
    Ok(wrong.map_or(exit::OK, |failure| failure.exit))
}

fn settings(globals: &Globals) -> Result<String, Failure> {
    let folder = data::folder(globals.data.clone()).map_err(Failure::usage)?;
    let (_, file) = SettingsArgs::default().load(&folder)?;
    let file = if file.is_some() { "with a callboard.toml" } else { "without a callboard.toml" };
    Ok(format!("data in {}, {file}", folder.display()))
}

async fn server(place: &Place, checks: &mut Vec<Check>) {
    let api = Api::new(place.clone());
    let version: Result<Node, Failure> = api.get("/version").await;
    let is_there = version.is_ok();
    checks.push(("server", version.and_then(|version| same_version(place, &version))));
    if is_there {
        let role: Result<Node, Failure> = api.get("/api/whoami").await;
        checks.push(("token", role.map(|role| text(&role, "role"))));
        let ready: Result<Node, Failure> = api.get("/readyz").await;
        let ready = ready.map(|_| "takes jobs".to_owned());
        checks.push(("ready", ready.map_err(|failure| failure.hint("GET /readyz names what is missing"))));
        let live = match place.mirror().await {
            Ok(client) => {
                let version = client.position().map_or(0, |position| position.version);
                client.close().await;
                Ok(format!("the mirror is at version {version}"))
            }
            Err(failure) => Err(failure),
        };
        checks.push(("live", live));
    }
}

fn same_version(place: &Place, server: &Node) -> Result<String, Failure> {
    let (its, own) = (text(server, "version"), env!("CARGO_PKG_VERSION"));
    if server.child("protocol").and_then(Node::as_u64) != Some(u64::from(PROTOCOL)) {
        let message =
            format!("{} speaks another protocol: it is version {its}, this is {own}", place.endpoint);
        return Err(Failure::new(exit::NOT_CONNECTED, "protocol", message).hint("use one version of both"));
    }
    Ok(format!("{} runs version {its}", place.endpoint))
}

fn text(node: &Node, member: &str) -> String {
    node.child(member).and_then(Node::as_str).unwrap_or_default().to_owned()
}

fn record((name, found): &Check) -> Node {
    Node::from(&match found {
        Ok(message) => json!({ "name": name, "ok": true, "message": message }),
        Err(failure) => json!({
            "name": name, "ok": false, "code": failure.code, "message": failure.message, "hint": failure.hint,
        }),
    })
}

fn show((name, found): &Check, out: &Output) -> Result<(), Failure> {
    let (sign, ascii, colour, message) = match found {
        Ok(message) => ("✓", "[ok]", AnsiColor::Green, message),
        Err(failure) => ("✗", "[x]", AnsiColor::Red, &failure.message),
    };
    let style = Style::new().fg_color(Some(colour.into()));
    let sign = if out.screen.unicode { sign } else { ascii };
    print(&format!("{style}{sign}{style:#} {name:<9} {message}"))?;
    match found {
        Err(Failure { hint: Some(hint), .. }) => print(&format!("  hint: {hint}")),
        _ => Ok(()),
    }
}
