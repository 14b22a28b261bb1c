//! What a reducer sees of an event and may do about it.

use super::{
    WeakDispatcher,
    breaker::{Breaker, Verdict},
};
use crate::{
    Board,
    event_job::{Dispatch, Dispatcher, EventJob, Tracker},
    events::{Cause, DataSource, DomainEvent, Signal},
    typed::{Job, start_as},
};
use callboard_protocol::Actor;
use std::sync::Arc;
use tokio::{sync::watch, time::Instant};

type Command = Box<dyn FnOnce(&Dispatcher, &Actor, Cause, &Tracker) + Send>;

/// An event, as the reducer of an [`Orchestrator`](super::Orchestrator) sees it, and what is to be done about it.
pub struct Reaction<'a> {
    signal: &'a Signal,
    is_active: bool,
    commands: Vec<Command>,
}

impl<'a> Reaction<'a> {
    /// The event, when it is of this type.
    pub fn event<E: DomainEvent>(&self) -> Option<&'a E> {
        self.signal.get()
    }

    /// The event with its circumstances.
    pub fn signal(&self) -> &'a Signal {
        self.signal
    }

    /// Whether a job of this orchestrator caused it (S2.17).
    pub fn is_active(&self) -> bool {
        self.is_active
    }

    /// Starts a job when the state was shown, in the event's chain of causes. While the breaker is open it is refused
    /// (X8).
    pub fn dispatch<J: EventJob>(&mut self, job: impl Into<Dispatch<J>>) {
        let job = job.into();
        self.commands.push(Box::new(move |dispatcher, name, cause, tracker| {
            drop(dispatcher.dispatch(job.origin(name.clone()).caused_by(cause).tracked(tracker.clone())));
        }));
    }
}

impl Reaction<'_> {
    /// Starts a durable job in the same way. A rejection is logged.
    pub fn start<J: Job>(&mut self, board: &Board, job: J) {
        let board = board.clone();
        self.commands.push(Box::new(move |_, name, cause, _| {
            let origin = name.clone();
            tokio::spawn(async move {
                if let Err(rejection) = start_as(&board, job, (origin, Some(cause))).await {
                    tracing::warn!(kind = J::KIND, %rejection, "a reaction was not accepted");
                }
            });
        }));
    }
}

/// The part of an orchestrator that the bus calls.
pub(super) struct Reactor<S, F> {
    pub(super) name: Actor,
    pub(super) dispatcher: WeakDispatcher,
    pub(super) tracker: Tracker,
    pub(super) breaker: Breaker,
    pub(super) state: watch::Sender<S>,
    pub(super) reducer: F,
}

impl<S, F> Reactor<S, F>
where
    S: Clone + PartialEq,
    F: FnMut(&mut S, &mut Reaction<'_>),
{
    pub(super) fn see(&mut self, signal: &Arc<Signal>) {
        let mut reaction = Reaction { signal, is_active: signal.origin == self.name, commands: Vec::new() };
        // On a copy, so that a reducer that panics leaves the state as it was.
        let mut state = self.state.borrow().clone();
        (self.reducer)(&mut state, &mut reaction);
        self.state.send_if_modified(|shown| {
            let is_new = *shown != state;
            if is_new {
                *shown = state;
            }
            is_new
        });
        let commands = reaction.commands;
        if !commands.is_empty() {
            self.react(signal, commands);
        }
    }

    fn react(&mut self, signal: &Signal, commands: Vec<Command>) {
        let Some(dispatcher) = Dispatcher::upgrade(&self.dispatcher) else { return };
        match self.breaker.judge(&self.name, &signal.cause, Instant::now()) {
            Verdict::Pass => {
                let cause = signal.cause.next();
                commands
                    .into_iter()
                    .for_each(|command| command(&dispatcher, &self.name, cause.clone(), &self.tracker));
            }
            Verdict::Refused => {
                tracing::debug!(reactor = &*self.name, "the breaker is open; a reaction was refused");
            }
            Verdict::Opened(opened) => {
                tracing::error!(
                    reactor = &*opened.reactor,
                    root = &*opened.root,
                    depth = opened.depth,
                    reactions = opened.reactions,
                    "reactions cause themselves; the breaker refuses more of them for a while"
                );
                dispatcher.record_breaker(&opened);
                // Delivered after the present event, for this is a listener's own thread.
                dispatcher.bus().emit(Signal {
                    correlation_id: signal.correlation_id.clone(),
                    origin: self.name.clone(),
                    kind: None,
                    source: DataSource::Fresh,
                    at: crate::clock::wall(),
                    cause: signal.cause.next(),
                    event: opened,
                });
            }
        }
    }
}
