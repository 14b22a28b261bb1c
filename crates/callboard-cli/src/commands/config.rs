//! `callboard config`: every setting, its value, and where it is from.

use crate::{
    api::Api,
    data,
    failure::{Failure, Outcome, exit},
    globals::Globals,
    place::Place,
    preferences::{self, ABOUT, ACCESSIBLE, Preferences},
    settings::{SettingsArgs, split},
    text::{
        form::Output,
        table::{Cell, Column},
    },
};
use callboard_protocol::{
    Key, Node, Object,
    config::{SETTINGS, Scope, Setting, Settings},
};
use clap::Args;
use serde_json::json;
use std::path::Path;

/// The flags of `callboard config`.
#[derive(Args)]
pub(crate) struct ConfigArgs {
    /// Change settings of the running server: NAME=VALUE, or NAME= to go back to what it started with; accessible=true is
    /// for this command line
    #[arg(value_name = "NAME=VALUE")]
    changes: Vec<String>,
    /// Show the running server's settings instead of what `serve` would start with here
    #[arg(long)]
    running: bool,
    #[command(flatten)]
    settings: SettingsArgs,
}

/// A setting, its value and its source, as they are shown.
struct Row {
    name: &'static str,
    value: Node,
    source: String,
    variable: String,
    live: bool,
    about: &'static str,
}

impl Row {
    fn new(setting: &'static Setting, value: Node, source: String) -> Row {
        let live = setting.scope == Scope::Live;
        Row { name: setting.name, value, source, variable: setting.variable(), live, about: setting.about }
    }

    /// What is this command line's own, and no server's.
    fn own(folder: Option<&Path>) -> Row {
        let accessible = Preferences::load(folder).accessible;
        let source = if accessible { "cli-preferences.json" } else { "default" };
        Row {
            name: ACCESSIBLE,
            value: accessible.into(),
            source: source.into(),
            variable: "ACCESSIBLE".into(),
            live: true,
            about: ABOUT,
        }
    }
}

pub(crate) fn config(globals: &Globals, args: &ConfigArgs, out: &Output) -> Outcome {
    let folder = preferences::folder(globals.data.clone());
    let (own, changes): (Vec<&String>, Vec<&String>) =
        args.changes.iter().partition(|pair| pair.split('=').next().map(str::trim) == Some(ACCESSIBLE));
    for pair in &own {
        let accessible = preferences::flag(split(pair)?.1)?;
        let folder = data::folder(globals.data.clone()).map_err(Failure::usage)?;
        Preferences { accessible }.keep(&folder)?;
    }
    if !args.running && changes.is_empty() {
        let data = data::folder(globals.data.clone()).map_err(Failure::usage)?;
        let (settings, _) = args.settings.load(&data)?;
        let mut rows = started(&settings);
        rows.push(Row::own(folder.as_deref()));
        return show(&rows, out);
    }
    let api = Api::new(Place::find(globals)?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        Failure::new(exit::JOB_FAILED, "start_failed", format!("failed to start: {error}"))
    })?;
    runtime.block_on(async {
        if !changes.is_empty() {
            let values = changes.iter().map(|pair| change(pair)).collect::<Result<Object, _>>()?;
            let body: Object = [(Key::new("values"), Node::from(values))].into_iter().collect();
            api.command("config.set", &Node::from(body), None).await?;
        }
        show(&running(&api).await?, out)
    })
}

fn change(pair: &str) -> Result<(Key, Node), Failure> {
    let (name, text) = split(pair)?;
    let Some(setting) = Setting::find(name) else {
        return Err(Failure::usage(format!("there is no setting {name:?}; callboard config lists them")));
    };
    let value = match text {
        "" => Node::Null,
        text => setting.parse(text).map_err(|why| Failure::usage(format!("{name}: {why}")))?,
    };
    Ok((Key::new(name), value))
}

fn started(settings: &Settings) -> Vec<Row> {
    let row = |setting| Row::new(setting, settings.value(setting), settings.source(setting).to_string());
    SETTINGS.iter().map(row).collect()
}

/// What the state of a server says; the settings that only it knows are not in there.
async fn running(api: &Api) -> Result<Vec<Row>, Failure> {
    let state: Node = api.get("/api/state?path=").await?;
    let data = state.child("data").cloned().unwrap_or_default();
    let live = SETTINGS.iter().filter(|setting| setting.scope == Scope::Live);
    let row = |setting: &'static Setting| {
        let (section, member) = setting.place();
        let value = data.child("serverConfig")?.child(section)?.child(member)?.clone();
        let source = data.at("/config/sources").and_then(|sources| sources.child(setting.name)?.as_str());
        Some(Row::new(setting, value, source.unwrap_or("default").to_owned()))
    };
    Ok(live.filter_map(row).collect())
}

fn show(rows: &[Row], out: &Output) -> Outcome {
    let settings: Vec<_> = rows
        .iter()
        .map(|row| {
            Node::from(&json!({
                "name": row.name,
                "value": row.value,
                "source": row.source,
                "variable": row.variable,
                "live": row.live,
            }))
        })
        .collect();
    if out.records("settings", &settings)? {
        return Ok(exit::OK);
    }
    let columns = ["SETTING", "VALUE", "SOURCE", ""].map(|name| Column { name, right: false });
    let cells = |row: &Row| {
        vec![row.name.into(), row.value.to_string().into(), row.source.clone().into(), row.about.into()]
    };
    let rows: Vec<Vec<Cell>> = rows.iter().map(cells).collect();
    out.table(&columns.each_ref(), &rows)?;
    Ok(exit::OK)
}
