//! `callboard ps`: jobs as a table.

mod columns;

use crate::{
    api::{Api, typed},
    clock::now,
    failure::{Failure, Outcome, exit},
    query::{checked, quoted},
    text::{
        duration,
        form::Output,
        output::{note, print},
        table::{self, Cell, Column},
    },
};
use callboard_client::JobPage;
use callboard_protocol::{
    Node, Time,
    job::{Job, JobState},
};
use clap::Args;
use columns::{Shown, Wanted};

/// The arguments of `callboard ps`.
#[derive(Args)]
pub(crate) struct PsArgs {
    /// Which jobs, for example state:failed kind:mail.* age:<1h; words stand for what is in the job's texts. Put -- in
    /// front of a query that begins with -
    #[arg(value_name = "QUERY")]
    query: Vec<String>,
    /// Also all finished jobs, not only the newest 10
    #[arg(long, short)]
    all: bool,
    /// Only jobs in these states, for example running,failed
    #[arg(long, value_name = "STATE", value_delimiter = ',', value_parser = state)]
    state: Vec<JobState>,
    /// Only jobs of this kind
    #[arg(long)]
    kind: Option<String>,
    /// The newest so many
    #[arg(long, short = 'n', value_name = "N")]
    limit: Option<usize>,
    /// The columns of the table in their order, for example id,state,parent,title
    #[arg(long, short = 'c', value_name = "NAMES", value_delimiter = ',', value_parser = columns::find)]
    columns: Vec<&'static Wanted>,
}

/// Finished jobs that are shown unless all are wanted.
const NEWEST: usize = 10;
/// Jobs that are listed at most; others are found by a query.
pub(super) const MOST: usize = 10_000;

pub(crate) async fn ps(api: &Api, args: PsArgs, out: &Output) -> Outcome {
    let jobs = list(api, &args).await?;
    if out.records("jobs", &jobs)? {
        return Ok(exit::OK);
    }
    if jobs.is_empty() {
        note("no jobs");
        return Ok(exit::OK);
    }
    let jobs = jobs.iter().map(typed).collect::<Result<Vec<Job>, Failure>>()?;
    for line in render(&jobs, &args.columns, now(), &Shown::new(out.screen, api.studio(&out.screen))) {
        print(&line)?;
    }
    Ok(exit::OK)
}

fn state(name: &str) -> Result<JobState, String> {
    let known = || JobState::ALL.map(JobState::as_str).join(", ");
    JobState::parse(name).ok_or_else(|| format!("states are {}", known()))
}

/// Newest first: what was asked for, or all active jobs and the newest finished ones.
async fn list(api: &Api, args: &PsArgs) -> Result<Vec<Node>, Failure> {
    let states = |states: &mut dyn Iterator<Item = JobState>| {
        let names = states.map(JobState::as_str).collect::<Vec<_>>().join(",");
        if names.is_empty() { names } else { format!("state:{names}") }
    };
    let kind = args.kind.as_ref().map(|kind| format!("kind:{}", quoted(kind))).unwrap_or_default();
    let most = args.limit.unwrap_or(MOST);
    if args.all || !args.state.is_empty() || !args.query.is_empty() {
        let query = checked(&args.query)?;
        let states = states(&mut args.state.iter().copied());
        return pages(api, &format!("{query} {states} {kind}"), most).await;
    }
    // The finished ones first: a job that ends between the two requests is then in one of them for certain.
    let finished = api.search(&format!("state:finished {kind}"), None, NEWEST).await?;
    let mut jobs = pages(api, &format!("state:active {kind}"), most).await?;
    jobs.extend(finished.jobs);
    jobs.sort_by(|a, b| order(b).cmp(&order(a)));
    jobs.dedup_by(|a, b| a.child("id") == b.child("id"));
    jobs.truncate(most);
    Ok(jobs)
}

fn order(job: &Node) -> (Option<&str>, Option<&str>) {
    let text = |name| job.child(name).and_then(Node::as_str);
    (text("createdAt"), text("id"))
}

/// The newest jobs that are meant. The server looks at so many records for one page; the next one goes on there.
pub(super) async fn pages(api: &Api, query: &str, most: usize) -> Result<Vec<Node>, Failure> {
    let limit = callboard_protocol::caps::PAGE_ROWS.min(most.max(1));
    let mut jobs = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let JobPage { jobs: page, next_cursor, .. } = api.search(query, cursor.as_deref(), limit).await?;
        jobs.extend(page);
        cursor = next_cursor;
        if cursor.is_none() {
            jobs.truncate(most);
            return Ok(jobs);
        }
        if jobs.len() >= most {
            jobs.truncate(most);
            if most == MOST {
                note(&format!("only the newest {MOST} jobs are shown; a query finds the others"));
            }
            return Ok(jobs);
        }
    }
}

/// The table. For a person ids are short, columns that say nothing are left out and the last one is cut; for a
/// program the table is always the same. Columns that were asked for are all there.
fn render(jobs: &[Job], wanted: &[&'static Wanted], now: Time, shown: &Shown) -> Vec<String> {
    let screen = shown.screen;
    let says_something = |column: &Wanted| match column.column.name {
        "QUEUE" => jobs.iter().any(|job| job.queue != "default"),
        "ETA" => jobs.iter().any(|job| eta(job).is_some()),
        _ => true,
    };
    let usual = || columns::usual_ones().filter(|column| !screen.out_is_terminal || says_something(column));
    let kept: Vec<&'static Wanted> = if wanted.is_empty() { usual().collect() } else { wanted.to_vec() };
    let row = |job| kept.iter().map(|column| (column.cell)(job, jobs, now, shown)).collect();
    let rows: Vec<Vec<Cell>> = jobs.iter().map(row).collect();
    let heads: Vec<&Column> = kept.iter().map(|column| &column.column).collect();
    table::lines(&heads, &rows, screen.out_is_terminal.then_some(screen.width))
}

pub(crate) fn eta(job: &Job) -> Option<u64> {
    job.progress.as_ref().filter(|_| job.state == JobState::Running)?.eta_ms
}

/// What the job says of itself, or else its title.
pub(crate) fn status(job: &Job, now: Time) -> String {
    let error = job.error.as_ref().map(|error| error.message.clone());
    let due = job.scheduled_at.map(|at| duration::span(at.since_ms(now)));
    let text = match (job.state, error, due) {
        (JobState::Failed, Some(error), _) => error,
        (JobState::Retrying, Some(error), Some(due)) => format!("in {due}: {error}"),
        (JobState::Scheduled, _, Some(due)) => format!("in {due}: {}", job.title),
        (JobState::Running, ..) if job.cancel.is_some() => format!("stopping: {}", job.title),
        (JobState::Running, ..) => {
            let message = job.progress.as_ref().and_then(|progress| progress.message.clone());
            message.unwrap_or_else(|| job.title.clone())
        }
        _ => job.title.clone(),
    };
    text.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{output::Screen, progress::tests::job};
    use callboard_protocol::{
        JobId,
        job::{JobError, Progress},
    };

    fn plain(jobs: &[Job], screen: Screen) -> Vec<String> {
        of(jobs, &[], screen)
    }

    fn of(jobs: &[Job], names: &[&str], screen: Screen) -> Vec<String> {
        let now = job("running").created_at.plus_ms(65_000);
        let wanted: Vec<_> = names.iter().map(|name| columns::find(name).unwrap()).collect();
        let shown = Shown::new(screen, None);
        render(jobs, &wanted, now, &shown)
            .iter()
            .map(|line| anstream::adapter::strip_str(line).to_string())
            .collect()
    }

    fn jobs() -> Vec<Job> {
        let mut running = job("running");
        running.progress = Some(Progress {
            value: 0.59,
            message: Some("sampling step 18/30".into()),
            eta_ms: Some(39_000),
            ..Progress::default()
        });
        let mut failed = job("failed");
        failed.id = JobId::new("mine");
        failed.error = Some(JobError::new("exit_code", "SMTP 421\nand more"));
        vec![running, failed]
    }

    const PERSON: Screen = Screen::of_person(90);

    #[test]
    fn a_table_for_people() {
        assert_eq!(
            plain(&jobs(), PERSON),
            [
                "ID             STATE      KIND          QUEUE  PROGRESS  TRY  AGE   ETA  STATUS",
                "019a1b2c-3d4e  ● running  render.image  gpu         59%  1/5   1m  0:39  sampling step 18…",
                "mine           ✗ failed   render.image  gpu           –  1/5   1m     –  SMTP 421",
            ]
        );
    }

    #[test]
    fn a_table_for_programs_is_not_cut() {
        let piped = Screen { out_is_terminal: false, width: 20, unicode: false, ..PERSON };
        let lines = plain(&jobs(), piped);
        assert!(
            lines[1].starts_with("019a1b2c-3d4e-7000-8000-000000000000  [run] running  "),
            "{}",
            lines[1]
        );
        assert!(lines[1].ends_with("sampling step 18/30"));
    }

    #[test]
    fn ids_that_would_be_the_same_are_not_shortened() {
        let mut twins = [job("running"), job("queued")];
        twins[1].id = JobId::new("019a1b2c-3d4e-7000-8000-000000000001");
        let lines = plain(&twins, PERSON);
        assert!(lines[1].starts_with("019a1b2c-3d4e-7000-8000-000000000000  "));
    }

    #[test]
    fn columns_that_say_nothing_are_left_out() {
        let mut plainest = job("queued");
        plainest.queue = "default".into();
        assert_eq!(
            plain(&[plainest], PERSON)[0],
            "ID             STATE     KIND          PROGRESS  TRY  AGE  STATUS"
        );
    }

    #[test]
    fn columns_are_those_that_were_asked_for() {
        let mut child = job("queued");
        child.id = JobId::new("child");
        child.parent_id = Some(JobId::new("the-parent"));
        child.tags = vec!["a".into(), "b".into()];
        child.priority = -3;
        let names = ["id", "parent", "tags", "priority", "Title"];
        assert_eq!(
            of(&[child, job("failed")], &names, PERSON),
            [
                "ID             PARENT      TAGS  PRIORITY  TITLE",
                "child          the-parent  a,b         -3  a title",
                "019a1b2c-3d4e  –           –            0  a title",
            ]
        );
        let why = columns::find("nope").err().unwrap();
        assert!(why.starts_with("columns are id, state, kind, queue, "), "{why}");
    }

    /// Ids lead to Studio where the terminal has links, and take no more room (design: ui 5.3).
    #[test]
    fn ids_are_links() {
        let now = job("running").created_at;
        let shown = Shown::new(PERSON, Some("http://h:1/".into()));
        let lines = render(&[job("queued")], &[], now, &shown);
        let url = "http://h:1/jobs/019a1b2c-3d4e-7000-8000-000000000000";
        assert!(
            lines[1].contains(&format!("\u{1b}]8;;{url}\u{1b}\\019a1b2c-3d4e\u{1b}]8;;")),
            "{}",
            lines[1]
        );
        let stripped = anstream::adapter::strip_str(&lines[1]).to_string();
        assert!(stripped.starts_with("019a1b2c-3d4e  ○ queued"), "{stripped}");
    }

    #[test]
    fn the_status_says_what_matters_now() {
        let now = job("running").created_at;
        let mut waiting = job("retrying");
        waiting.error = Some(JobError::new("x", "worker lost"));
        waiting.scheduled_at = Some(now.plus_ms(12_000));
        assert_eq!(status(&waiting, now), "in 12s: worker lost");
        assert_eq!(status(&job("succeeded"), now), "a title");
        assert!(state("nope").is_err());
    }
}
