//! `callboard logs [ID|QUERY] [-f]`: the lines of a job, of some jobs, or of the board.

mod filter;
mod many;

use crate::{
    api::{Api, typed},
    failure::{Failure, Outcome, exit},
    follow::{Connection, Follow, Interrupts, Manner, OnInterrupt, Presenter},
    place::Place,
    query::{checked, is_query},
    text::{
        form::{Form, Output},
        log_line::LogForm,
        output::{Screen, note, print},
    },
};
use callboard_client::{Client, LogEvent, LogStream};
use callboard_protocol::{JobId, caps::LOG_QUERY_LINES, log::LogEntry};
use clap::Args;
use filter::{Filter, FilterArgs};
use std::collections::VecDeque;

/// The arguments of `callboard logs`.
#[derive(Args)]
pub(crate) struct LogsArgs {
    /// Go on with new lines, to the end of the job
    #[arg(long, short)]
    follow: bool,
    #[command(flatten)]
    rest: FollowArgs,
}

/// The arguments of `callboard follow`.
#[derive(Args)]
pub(crate) struct FollowArgs {
    /// The job: its id or a unique beginning of it; or a query for the jobs that are meant; without it the board's own log
    #[arg(value_name = "ID|QUERY")]
    id: Option<String>,
    /// Lines to begin with
    #[arg(long, short = 'n', value_name = "N", default_value_t = 200)]
    lines: usize,
    /// Only the texts, without time, level and channel
    #[arg(long, conflicts_with_all = ["json", "format"])]
    raw: bool,
    #[command(flatten)]
    filter: FilterArgs,
}

impl From<FollowArgs> for LogsArgs {
    fn from(rest: FollowArgs) -> Self {
        LogsArgs { follow: true, rest }
    }
}

/// What is wanted, and how it is shown.
struct Wanted {
    count: usize,
    filter: Filter,
    form: LogForm,
    screen: Screen,
}

pub(crate) async fn logs(place: &Place, args: LogsArgs, out: &Output) -> Outcome {
    let LogsArgs { follow, rest: args } = args;
    let api = Api::new(place.clone());
    let (job, query) = match &args.id {
        Some(text) => match api.resolve(text).await {
            Err(failure) if failure.exit == exit::NOT_FOUND && is_query(text) => {
                (None, Some(checked(std::slice::from_ref(text))?))
            }
            named => (Some(named?), None),
        },
        None => (None, None),
    };
    let form = match (&out.form, args.raw) {
        (Form::Json(fields), _) => LogForm::Json(fields.clone()),
        (Form::Lines(template), _) => LogForm::Lines(template.clone()),
        (Form::People, true) => LogForm::Raw,
        (Form::People, false) => LogForm::Full { with_job: job.is_none() },
    };
    let wanted = Wanted { count: args.lines, filter: Filter::new(args.filter), form, screen: out.screen };
    if let Some(query) = query {
        return many::logs(place, &api, &query, (follow, wanted)).await;
    }
    match (follow, job) {
        (false, job) => {
            wanted.show(&newest(&api, job.as_ref(), &wanted).await?)?;
            Ok(exit::OK)
        }
        (true, Some(job)) => follow_job(place, &api, job, wanted).await,
        (true, None) => follow_board(place, &api, wanted).await,
    }
}

impl Wanted {
    fn show(&self, lines: &[LogEntry]) -> Result<(), Failure> {
        let mut wanted = lines.iter().filter(|line| self.filter.wants(line));
        wanted.try_for_each(|line| print(&self.form.render(line, &self.screen)))
    }
}

/// The newest lines, oldest first. One answer holds so many; for more the log is read from its start, and so is
/// a job's log when what its lines say decides.
async fn newest(api: &Api, job: Option<&JobId>, wanted: &Wanted) -> Result<Vec<LogEntry>, Failure> {
    let (count, filter) = (wanted.count, &wanted.filter);
    if count == 0 {
        return Ok(Vec::new());
    }
    let query = if job.is_none() { filter.query() } else { String::new() };
    if count <= LOG_QUERY_LINES && (job.is_none() || !filter.reads()) {
        return api.lines(job, None, count, &query).await;
    }
    let mut kept = VecDeque::new();
    let mut since = 0;
    loop {
        let page = api.lines(job, Some(since), LOG_QUERY_LINES, &query).await?;
        match page.last() {
            Some(last) if last.seq > since => since = last.seq,
            _ => return Ok(kept.into()),
        }
        kept.extend(page.into_iter().filter(|line| filter.wants(line)));
        kept.drain(..kept.len().saturating_sub(count));
    }
}

/// The last line that there is, whether it is wanted or not: the place to go on from.
async fn end(api: &Api, job: Option<&JobId>) -> Result<u64, Failure> {
    Ok(api.lines(job, None, 1, "").await?.last().map_or(0, |line| line.seq))
}

async fn follow_job(place: &Place, api: &Api, id: JobId, wanted: Wanted) -> Outcome {
    let mut interrupts = Interrupts::listen()?;
    if typed(&api.job(&id).await?)?.state.is_terminal() {
        wanted.show(&newest(api, Some(&id), &wanted).await?)?;
        return Ok(exit::OK);
    }
    // Connected first: what is written between the history and now is in both.
    let client = place.connect().await?;
    let live = client.logs();
    // The end first: a line that comes in between is in the history, and is not shown again.
    let before = end(api, Some(&id)).await?;
    let history = newest(api, Some(&id), &wanted).await?;
    wanted.show(&history)?;
    let last = history.last().map_or(before, |line| line.seq.max(before));
    let job = client.handle(id);
    let Wanted { filter, form, screen, .. } = wanted;
    let presenter = Presenter::new(screen, Manner::Log(form));
    let follow = Follow::new(api, &client, &job, presenter, OnInterrupt::Leave)
        .after(last)
        .only(move |line| filter.wants(line));
    let ended = follow.run(live, &mut interrupts).await?;
    client.close().await;
    Ok(match ended {
        crate::follow::Ended::Finished(_) => exit::OK,
        crate::follow::Ended::Left => exit::CANCELLED,
    })
}

async fn follow_board(place: &Place, api: &Api, wanted: Wanted) -> Outcome {
    let mut interrupts = Interrupts::listen()?;
    let client = place.connect().await?;
    let live = client.logs();
    let before = end(api, None).await?;
    let history = newest(api, None, &wanted).await?;
    wanted.show(&history)?;
    let last = history.last().map_or(before, |line| line.seq.max(before));
    go_on((&client, live), last, &mut interrupts, async |lines: &[LogEntry]| wanted.show(lines)).await
}

/// Shows lines of the board as they come, until somebody leaves.
async fn go_on(
    (client, mut live): (&Client, LogStream),
    mut last: u64,
    interrupts: &mut Interrupts,
    mut show: impl AsyncFnMut(&[LogEntry]) -> Result<(), Failure>,
) -> Outcome {
    let (mut telemetry, mut connection) = (client.follow_telemetry(), Connection::open());
    loop {
        let event = tokio::select! {
            event = live.next() => event,
            true = telemetry.changed() => {
                connection.news(&telemetry.get().phase).into_iter().for_each(note);
                continue;
            }
            () = interrupts.next() => return Ok(exit::CANCELLED),
        };
        match event {
            Some(LogEvent::Lines(lines)) => {
                let new: Vec<LogEntry> = lines.iter().filter(|line| line.seq > last).cloned().collect();
                show(&new).await?;
                last = lines.last().map_or(last, |line| line.seq);
            }
            Some(LogEvent::Gap { after, until }) => note(&format!("lines {} to {until} are lost", after + 1)),
            Some(LogEvent::Reset { after }) => last = after,
            None => {
                let failure = Failure::new(exit::NOT_CONNECTED, "closed", "the connection is closed");
                return Err(failure);
            }
        }
    }
}
