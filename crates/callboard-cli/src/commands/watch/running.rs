//! What of the state is drawn as bars where a person watches: the progress of jobs that run.

use callboard_protocol::{
    Key, Node, Pointer, from_node,
    job::{Job, JobState},
};

/// The jobs that run in this part of the state.
pub(super) fn running(state: &Node, part: &Pointer) -> Vec<Job> {
    let Some(jobs) = state.child("jobs").and_then(Node::as_object) else { return Vec::new() };
    let job = |record: &Node| from_node(record).ok();
    match part.segments() {
        [] => jobs.iter().filter(|(_, record)| is_running(record)).filter_map(|(_, one)| job(one)).collect(),
        [first] if first.as_str() == "jobs" => running(state, &Pointer::default()),
        [first, id, ..] if first.as_str() == "jobs" => {
            jobs.get(id.as_str()).filter(|record| is_running(record)).and_then(job).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// Whether this is the progress of a job that runs, or a part of it: its bar says it.
pub(super) fn is_drawn(state: &Node, path: &Pointer) -> bool {
    match path.segments() {
        [jobs, id, progress, ..] if jobs.as_str() == "jobs" && progress.as_str() == "progress" => {
            let record = state.child("jobs").and_then(|jobs| jobs.child(Key::as_str(id)));
            record.is_some_and(is_running)
        }
        _ => false,
    }
}

fn is_running(record: &Node) -> bool {
    record.child("state").and_then(Node::as_str) == Some(JobState::Running.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::progress::tests::job;

    #[test]
    fn jobs_that_run_in_the_part_are_drawn() {
        let mut state = serde_json::json!({ "summary": {}, "jobs": {} });
        for (id, is) in [("a", "running"), ("b", "queued"), ("c", "running")] {
            let record = serde_json::to_value(Job { id: id.into(), ..job(is) }).unwrap();
            state["jobs"][id] = record;
        }
        let state = Node::from(&state);
        let at = |path: &str| Pointer::parse(path).unwrap();
        let ids = |path: &str| {
            let jobs = running(&state, &at(path));
            jobs.iter().map(|job| job.id.to_string()).collect::<Vec<_>>().join(",")
        };
        assert_eq!([ids(""), ids("/jobs")], ["a,c", "a,c"]);
        assert_eq!([ids("/jobs/a"), ids("/jobs/c/progress/value"), ids("/jobs/b")], ["a", "c", ""]);
        assert_eq!([ids("/summary"), ids("/jobs/absent")], ["", ""]);
        let drawn = ["/jobs/a/progress", "/jobs/a/progress/value"].map(|path| is_drawn(&state, &at(path)));
        assert_eq!(drawn, [true, true]);
        for told in
            ["", "/jobs/a", "/jobs/a/state", "/jobs/b/progress", "/jobs/x/progress", "/summary/progress"]
        {
            assert!(!is_drawn(&state, &at(told)), "{told}");
        }
        assert!(running(&Node::from("nothing"), &at("")).is_empty());
    }
}
