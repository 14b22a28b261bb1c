//! What clients ask for: a mix of jobs, cancels and retries, decided by the seed.

use callboard_protocol::Node;
use fastrand::Rng;
use serde_json::{Value, json};

/// A command in the making.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    pub(crate) name: &'static str,
    pub(crate) args: Node,
    pub(crate) key: String,
    pub(crate) job: String,
}

/// Jobs so far, as far as plans depend on them.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    dispatched: u64,
    retried: u64,
    /// Names of jobs, and whether a cancel was planned. Only one is: a second one changes nothing and is not kept.
    jobs: Vec<(String, bool)>,
}

/// Cancels and retries are about one of this many newest jobs.
const NEWEST: usize = 100;

impl Plan {
    pub(crate) fn next(&mut self, rng: &mut Rng) -> Planned {
        match rng.u32(0..100) {
            0..78 => self.dispatch(rng),
            78..92 => self.cancel(rng).unwrap_or_else(|| self.dispatch(rng)),
            _ => self.retry(rng).unwrap_or_else(|| self.dispatch(rng)),
        }
    }

    fn dispatch(&mut self, rng: &mut Rng) -> Planned {
        self.dispatched += 1;
        let job = format!("job-{}", self.dispatched);
        self.jobs.push((job.clone(), false));
        let mut args = work(rng, self.dispatched);
        args["id"] = job.clone().into();
        Planned { name: "jobs.dispatch", args: Node::from(&args), key: format!("dispatch:{job}"), job }
    }

    fn cancel(&mut self, rng: &mut Rng) -> Option<Planned> {
        let index = self.newest(rng)?;
        let (job, cancelled) = &mut self.jobs[index];
        if std::mem::replace(cancelled, true) {
            return None;
        }
        let args = Node::from(&json!({ "id": job, "reason": "because the seed says so" }));
        Some(Planned { name: "jobs.cancel", args, key: format!("cancel:{job}"), job: job.clone() })
    }

    fn retry(&mut self, rng: &mut Rng) -> Option<Planned> {
        let job = self.jobs[self.newest(rng)?].0.clone();
        self.retried += 1;
        let key = format!("retry:{job}:{}", self.retried);
        Some(Planned { name: "jobs.retry", args: Node::from(&json!({ "id": job })), key, job })
    }

    fn newest(&self, rng: &mut Rng) -> Option<usize> {
        let first = self.jobs.len().saturating_sub(NEWEST);
        (first < self.jobs.len()).then(|| rng.usize(first..self.jobs.len()))
    }
}

fn work(rng: &mut Rng, number: u64) -> Value {
    match rng.u32(0..100) {
        0..55 => {
            json!({ "kind": "echo", "args": { "number": number, "text": "x".repeat(rng.usize(0..200)) } })
        }
        55..90 => json!({ "kind": "sleep", "args": { "ms": rng.u32(0..300), "steps": 3 } }),
        _ => process(rng),
    }
}

/// Children that print, fail and are tried again, or have children of their own.
fn process(rng: &mut Rng) -> Value {
    let script =
        rng.choice(["echo done", "sleep 0.1; echo done", "exit 3", "sleep 0.4 & wait", "sleep 5 & wait"]);
    json!({
        "kind": "process.run",
        "args": { "argv": ["sh", "-c", script] },
        "maxAttempts": 2,
        "retry": { "initialMs": 20, "maxMs": 40, "factor": 1.0, "jitter": 0.5 },
    })
}
