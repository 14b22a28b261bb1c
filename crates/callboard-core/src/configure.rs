//! What clients adopt (S3.14): written at the start, changed by command, each value with its source.

use crate::{
    state::{in_domain, object},
    tx::Tx,
};
use callboard_protocol::{
    Event, Key, Node, Pointer,
    command::ConfigArgs,
    config::{SETTINGS, Scope, Setting, Settings, Source, check_pair},
    error::{ErrorCode, Rejection},
};
use std::collections::BTreeMap;

/// A value, and the text of its source when that is not the default.
type Said = (Node, Option<String>);

/// What the server started with. What a command has set stays (ours: default, file, environment, flag, command).
pub(crate) fn start(tx: &mut Tx<'_>, start: &Settings) -> Result<Node, Rejection> {
    let by_command = Source::Command.to_string();
    for setting in live() {
        if source(tx, setting) != Some(by_command.as_str()) {
            put(tx, setting, started(start, setting))?;
        }
    }
    // What a command had set may not fit what this start says: then the start wins, which is known to fit.
    if check_pair(|setting| current(tx, setting)).is_err() {
        live().try_for_each(|setting| put(tx, setting, started(start, setting)))?;
    }
    Ok(Node::Null)
}

/// `config.set`: all of it or nothing.
pub(crate) fn set(tx: &mut Tx<'_>, args: &ConfigArgs, start: &Settings) -> Result<Node, Rejection> {
    let mut wanted: BTreeMap<&str, (&Setting, Said)> = BTreeMap::new();
    for (name, value) in &args.values {
        let setting = changeable(name)?;
        let said = match value {
            Node::Null => started(start, setting),
            value => {
                let value = setting.check(value).map_err(|why| invalid(name, &why))?;
                (value, Some(Source::Command.to_string()))
            }
        };
        wanted.insert(setting.name, (setting, said));
    }
    let value = |setting: &Setting| match wanted.get(setting.name) {
        Some((_, (value, _))) => value.clone(),
        None => current(tx, setting),
    };
    check_pair(value).map_err(|(setting, why)| invalid(setting.name, &why))?;
    let names: Vec<Node> = wanted.keys().map(|name| Node::from(*name)).collect();
    for (setting, said) in wanted.into_values() {
        put(tx, setting, said)?;
    }
    tx.events.push(Event {
        topic: "config.changed".into(),
        job_id: None,
        data: object([("names", names.into())]),
    });
    Ok(tx.at("/serverConfig").cloned().unwrap_or_default())
}

fn live() -> impl Iterator<Item = &'static Setting> {
    SETTINGS.iter().filter(|setting| setting.scope == Scope::Live)
}

fn changeable(name: &str) -> Result<&'static Setting, Rejection> {
    match Setting::find(name) {
        Some(setting) if setting.scope == Scope::Live => Ok(setting),
        Some(_) => {
            let why = "it is read when the server starts: set it in callboard.toml, in the environment or \
                       with --set";
            Err(invalid(name, why))
        }
        None => {
            let known: Vec<_> = live().map(|setting| setting.name).collect();
            let name: String = name.chars().take(80).collect();
            Err(invalid(&name, &format!("there is no such setting; there are {}", known.join(", "))))
        }
    }
}

fn started(start: &Settings, setting: &Setting) -> Said {
    let source = Some(start.source(setting)).filter(|source| *source != Source::Default);
    (start.value(setting), source.map(|source| source.to_string()))
}

fn current(tx: &Tx<'_>, setting: &Setting) -> Node {
    let (section, member) = setting.place();
    let present = tx.at("/serverConfig").and_then(|config| config.child(section)?.child(member));
    present.cloned().unwrap_or_else(|| setting.default_value())
}

fn source<'a>(tx: &'a Tx<'_>, setting: &Setting) -> Option<&'a str> {
    tx.at("/config/sources")?.child(setting.name)?.as_str()
}

fn put(tx: &mut Tx<'_>, setting: &Setting, (value, source): Said) -> Result<(), Rejection> {
    let (section, member) = setting.place();
    let keys = ["serverConfig", section, member].map(Key::constant);
    if tx.at("/serverConfig").is_some_and(|config| config.child(section).is_none()) {
        // An older journal does not know the section.
        tx.set(in_domain("serverConfig", Key::constant(section)), Node::object())?;
    }
    tx.set(Pointer::new(keys), value)?;
    let path = Pointer::new(["config", "sources", setting.name].map(Key::constant));
    match source {
        Some(source) => {
            if tx.at("/config/sources").is_none() {
                tx.set(in_domain("config", Key::constant("sources")), Node::object())?;
            }
            tx.set(path, source.into())?;
        }
        None => {
            tx.remove(path);
        }
    }
    Ok(())
}

fn invalid(name: &str, why: &str) -> Rejection {
    Rejection::new(ErrorCode::InvalidArgs, format!("{name}: {why}"))
}
