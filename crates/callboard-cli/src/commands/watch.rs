//! `callboard watch [PATH]`: the state, or a part of it, each time it changes. A person sees the progress of jobs that run
//! as bars beneath (design: ui 5.3).

mod difference;
mod running;

use super::{
    bars::Bars,
    state::{pointer, pretty},
};
use crate::{
    failure::{Failure, Outcome, exit},
    follow::{Connection, Interrupts},
    place::Place,
    text::{
        form::Output,
        op_line,
        output::{note, print},
    },
};
use callboard_client::View;
use callboard_protocol::{Node, Op, Pointer};
use clap::Args;
use difference::difference;
use running::{is_drawn, running};
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
    root: Pointer,
    as_patch: bool,
    out: &'a Output,
    last: Option<(u64, Option<Node>)>,
    bars: Bars,
    /// Something was written, and the bars had to go for it.
    wrote: bool,
}

pub(crate) async fn watch(place: &Place, args: WatchArgs, out: &Output) -> Outcome {
    let mut interrupts = Interrupts::listen()?;
    let client = place.mirror().await?;
    let mut views = client.follow();
    let mut telemetry = client.follow_telemetry();
    let as_patch = args.patch || args.path.is_empty() && !args.values;
    let bars = Bars::new(out, place.studio(&out.screen));
    let root = Pointer::parse(&args.path).unwrap_or_default();
    let mut watched = Watched { path: &args.path, root, as_patch, out, last: None, bars, wrote: false };
    let mut shown = 0;
    let mut connection = Connection::open();
    loop {
        let view = views.get();
        if view.live && watched.show(&view)? {
            shown += 1;
        }
        if args.count.is_some_and(|count| shown >= count) {
            watched.bars.clear();
            client.close().await;
            return Ok(exit::OK);
        }
        if std::mem::take(&mut watched.wrote) {
            watched.draw(&view);
        }
        tokio::select! {
            changed = views.changed() => if !changed {
                watched.bars.clear();
                return Err(Failure::new(exit::NOT_CONNECTED, "closed", "the connection is closed"));
            },
            true = telemetry.changed() => watched.tell(connection.news(&telemetry.get().phase)),
            () = interrupts.next() => {
                watched.bars.clear();
                return Ok(exit::CANCELLED);
            }
            () = watched.bars.next() => watched.draw(&view),
        }
    }
}

impl Watched<'_> {
    /// Tells something that is no data.
    fn tell(&mut self, words: Option<&str>) {
        if let Some(words) = words {
            self.make_room();
            note(words);
        }
    }

    /// Draws the bars of what runs; without a connection nobody knows.
    fn draw(&mut self, view: &View) {
        if self.bars.are_shown() {
            let jobs = if view.live { running(&view.state, &self.root) } else { Vec::new() };
            self.bars.draw(&jobs, None, self.out);
        }
    }

    fn make_room(&mut self) {
        self.bars.clear();
        self.wrote = true;
    }

    fn say(&mut self, text: &str) -> Result<(), Failure> {
        self.make_room();
        print(text)
    }

    /// Shows what is there now if it is not what was there; whether it did.
    fn show(&mut self, view: &View) -> Result<bool, Failure> {
        let version = view.position.as_ref().map_or(0, |position| position.version);
        let now = view.state.at(self.path).cloned();
        let before = self.last.replace((version, now.clone()));
        if before.as_ref().is_some_and(|(_, before)| *before == now) {
            return Ok(false);
        }
        match (self.as_patch, before) {
            (true, before) => self.patch(before, (version, now.as_ref()), &view.state)?,
            // The bar says it.
            (false, _) if self.bars.are_shown() && is_drawn(&view.state, &self.root) => {}
            (false, _) => self.value(version, now.as_ref())?,
        }
        Ok(true)
    }

    fn value(&mut self, version: u64, value: Option<&Node>) -> Result<(), Failure> {
        let mut whole = callboard_protocol::Object::default();
        let key = callboard_protocol::Key::constant;
        whole.insert(key("v"), Node::from(1u32));
        whole.insert(key("version"), Node::from(version));
        whole.insert(key("value"), value.cloned().unwrap_or_default());
        match self.out.record(&whole.into())? {
            true => Ok(()),
            false => self.say(&value.map_or_else(|| Ok("nothing is there".to_owned()), pretty)?),
        }
    }

    /// What changed since `before`; at first all of it, for programs. People know what they asked for.
    fn patch(
        &mut self,
        before: Option<(u64, Option<Node>)>,
        (version, now): (u64, Option<&Node>),
        state: &Node,
    ) -> Result<(), Failure> {
        let (from, old) = match before {
            Some((from, old)) => (Some(from), old),
            None => (None, None),
        };
        let ops = difference(&self.root, old.as_ref(), now);
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
        let is_drawn = |op: &&Op| self.bars.are_shown() && is_drawn(state, op.path());
        let lines: Vec<String> =
            ops.iter().filter(|op| !is_drawn(op)).map(|op| self.line(op, old.as_ref())).collect();
        lines.iter().try_for_each(|line| self.say(line))
    }

    fn line(&self, op: &Op, old: Option<&Node>) -> String {
        let below = op.path().to_string();
        let below = &below[self.root.to_string().len()..];
        op_line::line(op, old.and_then(|old| old.at(below)), &self.out.screen)
    }
}
