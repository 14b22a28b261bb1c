//! What the end of a child means for its attempt.

use super::{life::Manners, reports::Received};
use crate::Outcome;
use callboard_protocol::{Key, Node, Object, job::JobError};
use std::{os::unix::process::ExitStatusExt, process::ExitStatus};

/// Judges the end of a child that was not asked to stop.
pub(crate) fn judge(status: ExitStatus, last_words: &str, received: Received, manners: &Manners) -> Outcome {
    if let Some(signal) = status.signal() {
        let message = format!("killed by signal {signal}{}", signal_name(signal));
        if let Some(limit) = manners.limits.explain(signal) {
            let error = JobError::new("over_limit", format!("{message}: {limit}"));
            return Outcome::errored(JobError { signal: Some(signal), ..error }, false);
        }
        return Outcome::Crashed(JobError { signal: Some(signal), ..JobError::new("signal", message) });
    }
    let code = status.code().unwrap_or(-1);
    if !manners.is_success(code) {
        let usual = format!("exited with code {code}");
        let message = if last_words.is_empty() { &usual } else { last_words };
        let message = manners.masks.text(message);
        let error = JobError { exit_code: Some(code), ..JobError::new("exit_code", message) };
        return Outcome::errored(error, !manners.fatal_codes.contains(&code));
    }
    if let Some(error) = received.lost_artifact {
        let retryable = error.code != "too_large";
        return Outcome::errored(error, retryable);
    }
    match received.result {
        Some(Err(error)) => Outcome::errored(error, false),
        Some(Ok(result)) => Outcome::Succeeded(manners.masks.node(result)),
        None if manners.tells_exit_code => Outcome::Succeeded(
            [(Key::constant("exitCode"), Node::from(&serde_json::json!(code)))]
                .into_iter()
                .collect::<Object>()
                .into(),
        ),
        None => Outcome::Succeeded(Node::Null),
    }
}

fn signal_name(signal: i32) -> &'static str {
    match signal {
        libc::SIGHUP => " (SIGHUP)",
        libc::SIGINT => " (SIGINT)",
        libc::SIGQUIT => " (SIGQUIT)",
        libc::SIGILL => " (SIGILL)",
        libc::SIGABRT => " (SIGABRT)",
        libc::SIGBUS => " (SIGBUS)",
        libc::SIGFPE => " (SIGFPE)",
        libc::SIGKILL => " (SIGKILL; perhaps it ran out of memory)",
        libc::SIGSEGV => " (SIGSEGV)",
        libc::SIGPIPE => " (SIGPIPE)",
        libc::SIGTERM => " (SIGTERM)",
        libc::SIGXCPU => " (SIGXCPU)",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(status: i32, received: Received) -> Outcome {
        judge(ExitStatus::from_raw(status), "", received, &Manners::default())
    }

    fn received(result: Option<Result<Node, JobError>>, lost_artifact: Option<JobError>) -> Received {
        Received { result, lost_artifact, ..Received::default() }
    }

    #[test]
    fn the_way_it_ended_comes_before_what_it_reported() {
        let late = || received(Some(Ok(Node::from("done"))), Some(JobError::new("artifact_failed", "full")));
        let code = end(7 << 8, late());
        let Outcome::Errored { error, retryable: true, .. } = code else { panic!("{code:?}") };
        assert_eq!((error.code.as_str(), error.exit_code), ("exit_code", Some(7)));
        let signal = end(11, late());
        let Outcome::Crashed(error) = signal else { panic!("{signal:?}") };
        assert_eq!((error.signal, error.message.as_str()), (Some(11), "killed by signal 11 (SIGSEGV)"));
    }

    #[test]
    fn a_lost_artifact_or_result_fails_the_attempt() {
        let done = || Some(Ok(Node::from("done")));
        let lost = |code| received(done(), Some(JobError::new(code, "")));
        assert!(matches!(end(0, lost("artifact_failed")), Outcome::Errored { retryable: true, .. }));
        assert!(matches!(end(0, lost("too_large")), Outcome::Errored { retryable: false, .. }));
        let large = received(Some(Err(JobError::new("too_large", ""))), None);
        assert!(matches!(end(0, large), Outcome::Errored { retryable: false, .. }));
        assert_eq!(end(0, received(done(), None)), Outcome::Succeeded(Node::from("done")));
        assert_eq!(end(0, Received::default()), Outcome::Succeeded(Node::Null));
    }
}
