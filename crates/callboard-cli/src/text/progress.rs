//! A job in one line: sign, kind, id, bar, what is left, what it says.

use super::{clean::clean, duration, paint, table::cut};
use callboard_protocol::{
    JobId, Time,
    job::{Job, JobState},
};

/// Columns of the bar.
const BAR: usize = 24;

/// An id as people see it. UUIDs begin with the time to the millisecond, which nearly always tells jobs apart.
pub(crate) fn short_id(id: &JobId) -> &str {
    let is_uuid = id.len() == 36
        && id.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    if is_uuid { &id[..13] } else { id }
}

/// The line of a job that is under way.
pub(crate) fn live(job: &Job, now: Time, width: usize, unicode: bool) -> String {
    let style = paint::state(job.state);
    let sign = paint::sign(job.state, unicode);
    let mut facts: Vec<String> = vec![format!("{}  {}", job.kind, short_id(&job.id))];
    match &job.progress {
        Some(progress) if job.state == JobState::Running => {
            facts.push(format!("{} {:>4}", bar(progress.value, BAR, unicode), percent(progress.value)));
            facts.extend(rate(job, now));
            facts.extend(progress.eta_ms.map(|eta| format!("ETA {}", duration::clock(eta))));
            facts.extend(progress.message.as_deref().map(|message| clean(message).into_owned()));
        }
        _ => {
            let since = if job.state == JobState::Running { job.started_at } else { Some(job.created_at) };
            let elapsed = since.map_or(0, |since| now.since_ms(since));
            facts.push(format!("{} {}", job.state.as_str(), duration::span(elapsed)));
        }
    }
    if job.cancel.is_some() {
        facts.push("stopping".into());
    }
    // Cut before styling, so that no colour is left open.
    let text = cut(&facts.join("  "), width.saturating_sub(sign.chars().count() + 2));
    format!("{style}{sign}{style:#} {text}")
}

/// The line that stays when a job is over.
pub(crate) fn finished(job: &Job, unicode: bool) -> String {
    let style = paint::state(job.state);
    let sign = paint::sign(job.state, unicode);
    let took = match (job.started_at, job.finished_at) {
        (Some(started), Some(finished)) => Some(duration::took(finished.since_ms(started))),
        _ => None,
    };
    let word = job.state.as_str();
    let mut line = format!("{style}{sign}{style:#} {}  {}  {word}", job.kind, short_id(&job.id));
    match (job.state, took) {
        (JobState::Succeeded, Some(took)) => line.push_str(&format!(" in {took}")),
        (_, Some(took)) => line.push_str(&format!(" after {took}")),
        _ => {}
    }
    if let Some(error) = job.error.as_ref().filter(|_| job.state == JobState::Failed) {
        line.push_str(&format!(": {}", clean(error.message.lines().next().unwrap_or_default())));
    }
    let arrow = if unicode { "→" } else { "->" };
    let names: Vec<&str> = job.artifacts.iter().take(3).map(|artifact| artifact.name.as_str()).collect();
    if !names.is_empty() {
        let more = if job.artifacts.len() > names.len() { ", …" } else { "" };
        line.push_str(&format!("  {arrow} {}{more}", clean(&names.join(", "))));
    }
    line
}

/// A fraction in percent; 100 only when it is done.
pub(crate) fn percent(value: f64) -> String {
    let whole = if value >= 1.0 { 100 } else { ((value.max(0.0) * 100.0) as u32).min(99) };
    format!("{whole}%")
}

/// A bar of so many columns.
pub(crate) fn bar(value: f64, columns: usize, unicode: bool) -> String {
    let halves = (value.clamp(0.0, 1.0) * (2 * columns) as f64) as usize;
    let (full, half, rest) = if unicode { ("━", "╸", "─") } else { ("#", "#", "-") };
    let mut bar = full.repeat(halves / 2);
    if halves % 2 == 1 {
        bar.push_str(half);
    }
    bar.push_str(&rest.repeat(columns - halves / 2 - halves % 2));
    bar
}

/// Steps a second, once there were some.
fn rate(job: &Job, now: Time) -> Option<String> {
    let step = job.progress.as_ref()?.step.filter(|step| *step > 0)?;
    let elapsed = now.since_ms(job.started_at?);
    (elapsed >= 1000).then(|| format!("{:.1} it/s", f64::from(step) * 1000.0 / elapsed as f64))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use callboard_protocol::job::{ArtifactRef, JobError, Progress};

    pub(crate) fn job(state: &str) -> Job {
        serde_json::from_value(serde_json::json!({
            "id": "019a1b2c-3d4e-7000-8000-000000000000", "kind": "render.image", "queue": "gpu", "state": state,
            "priority": 0, "title": "a title", "args": {}, "attempt": 1, "maxAttempts": 5,
            "createdAt": "2026-01-01T00:00:00.000Z", "createdBy": "operator:cli",
            "startedAt": "2026-01-01T00:00:01.000Z"
        }))
        .unwrap()
    }

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    fn at(ms: u64) -> Time {
        job("running").created_at.plus_ms(ms)
    }

    #[test]
    fn a_running_job() {
        let mut job = job("running");
        assert_eq!(plain(&live(&job, at(4000), 80, true)), "● render.image  019a1b2c-3d4e  running 3s");
        job.progress = Some(Progress {
            value: 0.59,
            message: Some("sampling step 18/30".into()),
            step: Some(18),
            steps: Some(30),
            eta_ms: Some(39_000),
        });
        assert_eq!(
            plain(&live(&job, at(10_500), 120, true)),
            "● render.image  019a1b2c-3d4e  ━━━━━━━━━━━━━━──────────  59%  1.9 it/s  ETA 0:39  sampling step 18/30"
        );
        let narrow = plain(&live(&job, at(10_500), 60, true));
        assert_eq!((narrow.chars().count(), narrow.ends_with('…')), (59, true));
        assert!(plain(&live(&job, at(0), 120, false)).starts_with("[run] render.image  019a1b2c-3d4e  ####"));
    }

    #[test]
    fn a_job_that_waits() {
        assert_eq!(
            plain(&live(&job("queued"), at(61_000), 80, true)),
            "○ render.image  019a1b2c-3d4e  queued 1m 1s"
        );
    }

    #[test]
    fn what_stays() {
        let mut done = job("succeeded");
        done.finished_at = Some(at(73_000));
        done.artifacts = vec![ArtifactRef {
            name: "image.png".into(),
            sha256: "0".into(),
            size: 1,
            mime: "image/png".into(),
        }];
        assert_eq!(
            plain(&finished(&done, true)),
            "✓ render.image  019a1b2c-3d4e  succeeded in 1m 12s  → image.png"
        );
        let mut failed = job("failed");
        failed.finished_at = Some(at(3_500));
        failed.error = Some(JobError::new("exit_code", "SMTP 421\nmore"));
        assert_eq!(
            plain(&finished(&failed, false)),
            "[x] render.image  019a1b2c-3d4e  failed after 2.5s: SMTP 421"
        );
    }

    #[test]
    fn numbers() {
        assert_eq!(
            [0.0, 0.004, 0.59, 0.999, 1.0, f64::NAN].map(percent),
            ["0%", "0%", "59%", "99%", "100%", "0%"]
        );
        assert_eq!(bar(0.0, 24, true), "─".repeat(24));
        assert_eq!(bar(1.0, 24, true), "━".repeat(24));
        assert_eq!(bar(0.52, 24, true), format!("{}{}", "━".repeat(12), "─".repeat(12)));
        assert_eq!(bar(0.53, 24, true), format!("{}╸{}", "━".repeat(12), "─".repeat(11)));
        assert_eq!(short_id(&JobId::new("my-own-name")), "my-own-name");
    }
}
