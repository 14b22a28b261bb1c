//! `callboard logs [ID] [-f]`: the lines of a job, or of the board.

use crate::{
    api::{Api, typed},
    failure::{Failure, Outcome, exit},
    follow::{Follow, Interrupts, Manner, OnInterrupt, Presenter},
    place::Place,
    text::{
        log_line::LogForm,
        output::{Screen, note, print},
    },
};
use callboard_client::LogEvent;
use callboard_protocol::{JobId, caps::LOG_QUERY_LINES, log::LogEntry};
use clap::Args;
use std::collections::VecDeque;

/// The arguments of `callboard logs`.
#[derive(Args)]
pub(crate) struct LogsArgs {
    /// The job: its id or a unique beginning of it; without it the board's own log
    id: Option<String>,
    /// Go on with new lines, to the end of the job
    #[arg(long, short)]
    follow: bool,
    /// Lines to begin with
    #[arg(long, short = 'n', value_name = "N", default_value_t = 200)]
    lines: usize,
    /// Only the texts, without time, level and channel
    #[arg(long, conflicts_with = "json")]
    raw: bool,
}

pub(crate) async fn logs(place: &Place, args: LogsArgs, json: bool) -> Outcome {
    let api = Api::new(place.clone());
    let job = match &args.id {
        Some(text) => Some(api.resolve(text).await?),
        None => None,
    };
    let form = match (json, args.raw) {
        (true, _) => LogForm::Json,
        (_, true) => LogForm::Raw,
        _ => LogForm::Full { with_job: job.is_none() },
    };
    match (args.follow, job) {
        (false, job) => {
            show(&newest(&api, job.as_ref(), args.lines).await?, form, &Screen::detect())?;
            Ok(exit::OK)
        }
        (true, Some(job)) => follow_job(place, &api, job, args.lines, form).await,
        (true, None) => follow_board(place, &api, args.lines, form).await,
    }
}

fn show(lines: &[LogEntry], form: LogForm, screen: &Screen) -> Result<(), Failure> {
    lines.iter().try_for_each(|line| print(&form.render(line, screen)))
}

/// The newest lines, oldest first. One answer holds so many; for more the log is read from its start.
async fn newest(api: &Api, job: Option<&JobId>, count: usize) -> Result<Vec<LogEntry>, Failure> {
    if count == 0 {
        return Ok(Vec::new());
    }
    if count <= LOG_QUERY_LINES {
        return api.lines(job, None, count).await;
    }
    let mut kept = VecDeque::new();
    let mut since = 0;
    loop {
        let page = api.lines(job, Some(since), LOG_QUERY_LINES).await?;
        match page.last() {
            Some(last) if last.seq > since => since = last.seq,
            _ => return Ok(kept.into()),
        }
        kept.extend(page);
        kept.drain(..kept.len().saturating_sub(count));
    }
}

async fn follow_job(place: &Place, api: &Api, id: JobId, count: usize, form: LogForm) -> Outcome {
    let screen = Screen::detect();
    let mut interrupts = Interrupts::listen()?;
    if typed(&api.job(&id).await?)?.state.is_terminal() {
        show(&newest(api, Some(&id), count).await?, form, &screen)?;
        return Ok(exit::OK);
    }
    // Connected first: what is written between the history and now is in both.
    let client = place.connect().await?;
    let live = client.logs();
    let history = newest(api, Some(&id), count).await?;
    show(&history, form, &screen)?;
    // Where no history is wanted, the end of the log is still the place to go on from.
    let end = if count == 0 { newest(api, Some(&id), 1).await? } else { history };
    let last = end.last().map_or(0, |line| line.seq);
    let job = client.handle(id);
    let presenter = Presenter::new(screen, Manner::Log(form));
    let follow = Follow::new(api, &client, &job, presenter, OnInterrupt::Leave).after(last);
    let ended = follow.run(live, &mut interrupts).await?;
    client.close().await;
    Ok(match ended {
        crate::follow::Ended::Finished(_) => exit::OK,
        crate::follow::Ended::Left => exit::CANCELLED,
    })
}

async fn follow_board(place: &Place, api: &Api, count: usize, form: LogForm) -> Outcome {
    let screen = Screen::detect();
    let mut interrupts = Interrupts::listen()?;
    let client = place.connect().await?;
    let mut live = client.logs();
    let history = newest(api, None, count).await?;
    show(&history, form, &screen)?;
    let mut last = history.last().map_or(0, |line| line.seq);
    loop {
        let event = tokio::select! {
            event = live.next() => event,
            () = interrupts.next() => return Ok(exit::CANCELLED),
        };
        match event {
            Some(LogEvent::Lines(lines)) => {
                let new: Vec<LogEntry> = lines.iter().filter(|line| line.seq > last).cloned().collect();
                show(&new, form, &screen)?;
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
