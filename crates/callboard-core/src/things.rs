//! Devices and streams: things outside that the board watches by when they were last seen (S3.3).

use crate::{
    domains,
    state::{in_domain, object},
    tx::{Tx, fault},
};
use callboard_protocol::{
    Key, Node, Object, Time, caps,
    command::Things,
    domain::{SeenArgs, ThingArgs, check_status},
    error::{ErrorCode, Rejection},
    from_node, to_node,
};
use serde::{Deserialize, Serialize};

/// The status of what was not seen in time.
pub const LOST: &str = "lost";
/// Statuses with which a required thing keeps the board from being ready.
const AWAY: [&str; 3] = [LOST, "offline", "error"];

/// A record in `/devices` or `/streams`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Thing {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none", default)]
    kind: Option<String>,
    status: String,
    /// The status before it was lost.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    before: Option<String>,
    last_seen: Time,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    url: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    required: bool,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    stale_after_ms: Option<u64>,
    #[serde(skip_serializing_if = "Node::is_null", default)]
    data: Node,
}

impl Thing {
    pub(crate) fn read(record: &Node) -> Option<Thing> {
        from_node(record).ok()
    }

    /// When it is lost unless it is seen before.
    pub(crate) fn lost_at(&self) -> Option<Time> {
        let time = self.stale_after_ms.filter(|_| self.status != LOST)?;
        Some(self.last_seen.plus_ms(time))
    }
}

/// The required things that are not there, as `devices/<id>` or `streams/<id>`; a name in `required` that no record
/// has counts as missing. The board is ready when there are none.
pub fn missing(document: &Node, required: &[String]) -> Vec<String> {
    let mut missing: Vec<String> = Vec::new();
    for domain in ["devices", "streams"] {
        let things = document.child(domain).and_then(Node::as_object);
        for (id, record) in things.into_iter().flat_map(Object::iter) {
            let status = record.child("status").and_then(Node::as_str).unwrap_or_default();
            let named = required.iter().any(|name| name == &format!("{domain}/{id}"));
            if AWAY.contains(&status) && (named || record.child("required") == Some(&Node::Bool(true))) {
                missing.push(format!("{domain}/{id}"));
            }
        }
    }
    let is_unknown = |name: &&String| document.at(&format!("/{name}")).is_none();
    missing.extend(required.iter().filter(is_unknown).cloned());
    missing
}

pub(crate) fn put(tx: &mut Tx<'_>, things: Things, args: ThingArgs) -> Result<Node, Rejection> {
    args.check()?;
    let (domain, id) = (things.domain(), args.id);
    let old = read(tx, domain, &id);
    let known = tx.document().child(domain).and_then(Node::as_object).map_or(0, Object::len);
    if old.is_none() && known >= caps::THINGS {
        let message = format!("there are {known} {domain} already; the limit is {}", caps::THINGS);
        return Err(Rejection::new(ErrorCode::Overloaded, message));
    }
    let mut thing = Thing {
        kind: args.kind,
        status: args.status,
        before: None,
        last_seen: tx.context.now,
        url: args.url,
        required: args.required,
        stale_after_ms: args.stale_after_ms,
        data: args.data,
    };
    if let Some(old) = &old {
        keep_time(&mut thing, old);
    }
    write(tx, domain, &id, &thing, old.as_ref())
}

pub(crate) fn see(tx: &mut Tx<'_>, things: Things, args: SeenArgs) -> Result<Node, Rejection> {
    let (domain, id) = (things.domain(), args.id);
    let old = read(tx, domain, &id).ok_or_else(|| none(domain, &id))?;
    if let Some(status) = &args.status {
        check_status(status)?;
    }
    let known = old.before.clone().unwrap_or_else(|| old.status.clone());
    let mut thing = Thing {
        status: args.status.unwrap_or(known),
        before: None,
        last_seen: tx.context.now,
        ..old.clone()
    };
    keep_time(&mut thing, &old);
    write(tx, domain, &id, &thing, Some(&old))
}

pub(crate) fn delete(tx: &mut Tx<'_>, things: Things, id: &str) -> Result<Node, Rejection> {
    let domain = things.domain();
    if read(tx, domain, id).is_none() {
        return Err(none(domain, id));
    }
    tx.remove(in_domain(domain, Key::new(id)));
    tx.things.push((domain, Key::new(id)));
    tx.board_event(&format!("{domain}.deleted"), object([("id", id.into())]));
    Ok(object([("id", id.into())]))
}

/// It was not seen in time.
pub(crate) fn lose(tx: &mut Tx<'_>, domain: &'static str, id: &str) -> Result<Node, Rejection> {
    let Some(old) = read(tx, domain, id) else { return Ok(Node::Null) };
    let thing = Thing { status: LOST.into(), before: Some(old.status.clone()), ..old.clone() };
    write(tx, domain, id, &thing, Some(&old))
}

/// Being seen again and again is no news: the time is written down once in a while.
fn keep_time(thing: &mut Thing, old: &Thing) {
    let is_soon = thing.last_seen.since_ms(old.last_seen) < caps::SEEN_MS;
    if is_soon && old.status != LOST {
        thing.last_seen = old.last_seen;
    }
}

fn write(
    tx: &mut Tx<'_>,
    domain: &'static str,
    id: &str,
    thing: &Thing,
    old: Option<&Thing>,
) -> Result<Node, Rejection> {
    let record = to_node(thing).map_err(|error| fault(error.to_string()))?;
    domains::put(tx, in_domain(domain, Key::new(id)), record)?;
    tx.things.push((domain, Key::new(id)));
    if old.is_none_or(|old| old.status != thing.status) {
        let data = object([("id", id.into()), ("status", thing.status.as_str().into())]);
        tx.board_event(&format!("{domain}.changed"), data);
    }
    Ok(object([("id", id.into())]))
}

fn read(tx: &Tx<'_>, domain: &str, id: &str) -> Option<Thing> {
    Thing::read(tx.document().child(domain)?.child(id)?)
}

fn none(domain: &str, id: &str) -> Rejection {
    let id: String = id.chars().take(80).collect();
    Rejection::new(ErrorCode::NotFound, format!("there is nothing named {id:?} among the {domain}"))
}
