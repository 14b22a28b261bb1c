//! Protection against reactions that cause themselves (X8, W2.3).
//!
//! Only reactions are counted, and only per chain of causes: event, command, event, and so on. Facts and progress are
//! never dropped, whatever their number.

use crate::{
    cache::Lru,
    events::{Cause, DomainEvent},
};
use callboard_protocol::{Actor, JobId, caps};
use std::time::Duration;
use tokio::time::Instant;

/// When the breaker of an orchestrator opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerLimits {
    /// Reactions in one chain of causes, one after the other.
    pub depth: u32,
    /// Reactions in one chain of causes within the window.
    pub reactions: u32,
    /// The window; an open breaker refuses for as long.
    pub window: Duration,
}

impl Default for BreakerLimits {
    fn default() -> Self {
        BreakerLimits {
            depth: caps::REACTION_DEPTH,
            reactions: caps::REACTIONS,
            window: Duration::from_millis(caps::REACTION_WINDOW_MS),
        }
    }
}

/// An orchestrator has reacted to itself too often: what it dispatches in its reducer is refused for a while. What
/// people dispatch through its handle is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreakerOpened {
    /// The orchestrator.
    pub reactor: Actor,
    /// The job that began the chain.
    pub root: JobId,
    /// How many reactions lie between the first event and the one that was too much.
    pub depth: u32,
    /// How many reactions of the chain there were in this window.
    pub reactions: u32,
    /// For how long commands are refused.
    pub window: Duration,
}

impl DomainEvent for BreakerOpened {
    fn topic(&self) -> &str {
        "breaker.opened"
    }
}

/// What becomes of a reaction.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Its commands are dispatched.
    Pass,
    /// They are refused, and this is the first time.
    Opened(BreakerOpened),
    /// They are refused.
    Refused,
}

/// Counts the reactions of one orchestrator.
pub(super) struct Breaker {
    limits: BreakerLimits,
    chains: Lru<Window>,
    open_until: Option<Instant>,
}

#[derive(Clone, Copy)]
struct Window {
    since: Instant,
    reactions: u32,
}

impl Breaker {
    pub(super) fn new(limits: BreakerLimits) -> Self {
        Breaker { limits, chains: Lru::new(), open_until: None }
    }

    /// Counts a reaction to an event with this cause.
    pub(super) fn judge(&mut self, reactor: &Actor, cause: &Cause, now: Instant) -> Verdict {
        if self.open_until.is_some_and(|until| now < until) {
            return Verdict::Refused;
        }
        self.open_until = None;
        let reactions = self.count(cause, now);
        if cause.depth < self.limits.depth && reactions <= self.limits.reactions {
            return Verdict::Pass;
        }
        self.open_until = now.checked_add(self.limits.window);
        self.chains.remove(&cause.root);
        Verdict::Opened(BreakerOpened {
            reactor: reactor.clone(),
            root: cause.root.clone(),
            depth: cause.depth,
            reactions,
            window: self.limits.window,
        })
    }

    fn count(&mut self, cause: &Cause, now: Instant) -> u32 {
        let known = self.chains.touch(&cause.root).copied();
        let known = known.filter(|window| now.duration_since(window.since) < self.limits.window);
        let mut window = known.unwrap_or(Window { since: now, reactions: 0 });
        window.reactions = window.reactions.saturating_add(1);
        self.chains.insert(&cause.root, window);
        if self.chains.len() > caps::REACTION_CHAINS {
            self.chains.pop_oldest();
        }
        window.reactions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(root: &str, depth: u32) -> Cause {
        Cause { root: root.into(), depth }
    }

    fn breaker(depth: u32, reactions: u32) -> (Breaker, Instant) {
        let limits = BreakerLimits { depth, reactions, window: Duration::from_secs(1) };
        (Breaker::new(limits), Instant::now())
    }

    /// X8: it opens once, refuses, and closes after the window.
    #[tokio::test(start_paused = true)]
    async fn too_deep_a_chain_opens_it_for_a_window() {
        let (mut breaker, now) = breaker(3, 100);
        let name = Actor::new("loop");
        let verdicts: Vec<_> = (0..3).map(|depth| breaker.judge(&name, &cause("a", depth), now)).collect();
        assert_eq!(verdicts, [Verdict::Pass, Verdict::Pass, Verdict::Pass]);
        let Verdict::Opened(opened) = breaker.judge(&name, &cause("a", 3), now) else { panic!("it opens") };
        assert_eq!((opened.depth, opened.reactions, &*opened.root), (3, 4, "a"));
        assert_eq!(breaker.judge(&name, &cause("b", 0), now), Verdict::Refused, "all it wants");
        let later = now + Duration::from_secs(1);
        assert_eq!(breaker.judge(&name, &cause("b", 0), later), Verdict::Pass);
    }

    /// W2.3: what is counted is one chain, not all events of a type.
    #[tokio::test(start_paused = true)]
    async fn many_chains_are_ordinary_load() {
        let (mut breaker, now) = breaker(10, 5);
        let name = Actor::new("busy");
        for chain in 0..5000 {
            assert_eq!(breaker.judge(&name, &cause(&chain.to_string(), 0), now), Verdict::Pass);
        }
        for _ in 0..5 {
            assert_eq!(breaker.judge(&name, &cause("wide", 1), now), Verdict::Pass);
        }
        assert!(matches!(breaker.judge(&name, &cause("wide", 1), now), Verdict::Opened(_)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_chain_is_no_loop() {
        let (mut breaker, now) = breaker(10, 2);
        for second in 0..100 {
            let now = now + Duration::from_millis(600 * second);
            assert_eq!(breaker.judge(&Actor::new("slow"), &cause("a", 1), now), Verdict::Pass);
        }
    }
}
