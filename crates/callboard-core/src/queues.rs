//! `queues.configure`, `queues.pause`, `queues.resume`.

use crate::{
    state::{in_domain, object},
    summary,
    tx::{Tx, fault},
};
use callboard_protocol::{
    Key, Node, Object,
    error::{ErrorCode, Rejection},
    from_node,
    queue::{BOARD, Queue, QueueSettings, check_queue},
    to_node,
};

const QUEUES: &str = "queues";

pub(crate) fn configure(tx: &mut Tx<'_>, settings: QueueSettings) -> Result<Node, Rejection> {
    settings.check()?;
    let name = settings.queue;
    let old = read(tx, &name)?.unwrap_or_default();
    let queue = Queue {
        paused: old.paused,
        concurrency: settings.concurrency,
        key_concurrency: settings.key_concurrency,
        kinds: settings.kinds,
        rate: settings.rate,
        key_rate: settings.key_rate,
    };
    write(tx, &name, &queue)?;
    tx.board_event("queue.configured", object([("queue", name.as_str().into())]));
    Ok(object([("queue", name.into())]))
}

/// Pauses a queue, or lets it go on.
pub(crate) fn pause(tx: &mut Tx<'_>, name: &str, paused: bool) -> Result<Node, Rejection> {
    check_queue(name)?;
    let queue = match read(tx, name)? {
        Some(queue) => queue,
        None if name == BOARD => Queue::default(),
        None => {
            let known = tx.document().child(QUEUES).and_then(Node::as_object);
            let known: Vec<String> =
                known.into_iter().flat_map(Object::keys).take(20).map(ToString::to_string).collect();
            let message = format!(
                "there is no queue {name:?} yet; there are {}. queues.configure makes one",
                if known.is_empty() { "none".into() } else { known.join(", ") }
            );
            return Err(Rejection::new(ErrorCode::NotFound, message));
        }
    };
    if queue.paused != paused {
        write(tx, name, &Queue { paused, ..queue })?;
        let topic = if paused { "queue.paused" } else { "queue.resumed" };
        tx.board_event(topic, object([("queue", name.into())]));
    }
    Ok(object([("queue", name.into())]))
}

fn read(tx: &Tx<'_>, name: &str) -> Result<Option<Queue>, Rejection> {
    let Some(record) = tx.document().child(QUEUES).and_then(|queues| queues.child(name)) else {
        return Ok(None);
    };
    from_node(record).map(Some).map_err(|error| fault(format!("queue {name} cannot be read: {error}")))
}

fn write(tx: &mut Tx<'_>, name: &str, queue: &Queue) -> Result<(), Rejection> {
    if name != BOARD {
        summary::ensure_queue(tx, name)?;
    }
    let record = to_node(queue).map_err(|error| fault(error.to_string()))?;
    if tx.document().child(QUEUES).is_some_and(|queues| queues.child(name) == Some(&record)) {
        return Ok(());
    }
    tx.set(in_domain(QUEUES, Key::new(name)), record)?;
    tx.queues.push(Key::new(name));
    Ok(())
}
