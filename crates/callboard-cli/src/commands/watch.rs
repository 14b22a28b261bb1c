//! `callboard watch [PATH]`: the state, or a part of it, each time it changes.

mod difference;

use super::state::{pointer, pretty};
use crate::{
    failure::{Failure, Outcome, exit},
    follow::Interrupts,
    place::Place,
    text::{
        form::Output,
        op_line,
        output::{note, print},
    },
};
use callboard_client::{Phase, View};
use callboard_protocol::{Node, Op, Pointer};
use clap::Args;
use difference::difference;
use serde_json::json;

/// The arguments of `callboard watch`.
#[derive(Args)]
pub(crate) struct WatchArgs {
    /// A part of it, as a JSON pointer: /summary, /jobs/ID/progress
    #[arg(value_parser = pointer, default_value = "", hide_default_value = true)]
    path: String,
    /// What changed, instead of the value; so it is for the whole state unless --values is given
    #[arg(long)]
    patch: bool,
    /// The value each time
    #[arg(long, conflicts_with = "patch")]
    values: bool,
    /// End after so many, the first value included
    #[arg(long, short = 'n', value_name = "N")]
    count: Option<u64>,
}

/// What is shown of the state, and what was shown last.
struct Watched<'a> {
    path: &'a str,
    as_patch: bool,
    out: &'a Output,
    last: Option<(u64, Option<Node>)>,
}

pub(crate) async fn watch(place: &Place, args: WatchArgs, out: &Output) -> Outcome {
    let mut interrupts = Interrupts::listen()?;
    let client = place.mirror().await?;
    let mut views = client.follow();
    let mut telemetry = client.follow_telemetry();
    let as_patch = args.patch || args.path.is_empty() && !args.values;
    let mut watched = Watched { path: &args.path, as_patch, out, last: None };
    let mut shown = 0;
    let mut online = true;
    loop {
        let view = views.get();
        if view.live && watched.show(&view)? {
            shown += 1;
        }
        if args.count.is_some_and(|count| shown >= count) {
            client.close().await;
            return Ok(exit::OK);
        }
        tokio::select! {
            changed = views.changed() => if !changed {
                return Err(Failure::new(exit::NOT_CONNECTED, "closed", "the connection is closed"));
            },
            true = telemetry.changed() => online = connection(&telemetry.get().phase, online),
            () = interrupts.next() => return Ok(exit::CANCELLED),
        }
    }
}

fn connection(phase: &Phase, was_online: bool) -> bool {
    match phase {
        Phase::Open if !was_online => note("connected again"),
        Phase::Waiting { .. } if was_online => note("the connection to the server was lost; trying again"),
        Phase::Open | Phase::Waiting { .. } => {}
        _ => return was_online,
    }
    *phase == Phase::Open
}

impl Watched<'_> {
    /// Shows what is there now if it is not what was there; whether it did.
    fn show(&mut self, view: &View) -> Result<bool, Failure> {
        let version = view.position.as_ref().map_or(0, |position| position.version);
        let now = view.state.at(self.path).cloned();
        let before = self.last.replace((version, now.clone()));
        if before.as_ref().is_some_and(|(_, before)| *before == now) {
            return Ok(false);
        }
        match (self.as_patch, before) {
            (true, before) => self.patch(before, version, now.as_ref())?,
            (false, _) => self.value(version, now.as_ref())?,
        }
        Ok(true)
    }

    fn value(&self, version: u64, value: Option<&Node>) -> Result<(), Failure> {
        let mut whole = callboard_protocol::Object::default();
        let key = callboard_protocol::Key::constant;
        whole.insert(key("v"), Node::from(1u32));
        whole.insert(key("version"), Node::from(version));
        whole.insert(key("value"), value.cloned().unwrap_or_default());
        match self.out.record(&whole.into())? {
            true => Ok(()),
            false => print(&value.map_or_else(|| Ok("nothing is there".to_owned()), pretty)?),
        }
    }

    /// What changed since `before`; at first all of it, for programs. People know what they asked for.
    fn patch(
        &self,
        before: Option<(u64, Option<Node>)>,
        version: u64,
        now: Option<&Node>,
    ) -> Result<(), Failure> {
        let root = Pointer::parse(self.path).unwrap_or_default();
        let (from, old) = match before {
            Some((from, old)) => (Some(from), old),
            None => (None, None),
        };
        let ops = difference(&root, old.as_ref(), now);
        let patch = serde_json::to_value(&ops).unwrap_or_default();
        let whole = json!({ "v": 1, "fromVersion": from, "toVersion": version, "patch": patch });
        if self.out.record(&Node::from(&whole))? {
            return Ok(());
        }
        if from.is_none() {
            let path = if self.path.is_empty() { "/" } else { self.path };
            note(&format!("watching {path} from version {version}"));
            return Ok(());
        }
        ops.iter().try_for_each(|op| print(&self.line(&root, op, old.as_ref())))
    }

    fn line(&self, root: &Pointer, op: &Op, old: Option<&Node>) -> String {
        let below = op.path().to_string();
        let below = &below[root.to_string().len()..];
        op_line::line(op, old.and_then(|old| old.at(below)), &self.out.screen)
    }
}
