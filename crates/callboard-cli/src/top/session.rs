//! One run of `callboard top`: select an event, let the model decide, act.

use super::{
    draw::{self, Look},
    executors::kinds_of,
    model::{Effect, Top, Verb},
    past::{Happened, KEPT},
    preferences::Preferences,
    screen::ScreenGuard,
};
use crate::{
    api::Api,
    clock::now,
    commands::history,
    failure::{Failure, Outcome, exit},
    follow::Interrupts,
    place::Place,
    text::{form::Output, signals::page},
};
use callboard_client::{Client, LogEvent, Telemetry, View};
use callboard_protocol::{
    JobId, Node, caps::LOG_QUERY_LINES, command::JobArgs, log::LogEntry, queue::QueueArgs, to_node,
};
use crossterm::event::{Event as Input, EventStream, KeyEventKind};
use futures_util::StreamExt as _;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{sync::mpsc, time::Instant};

/// The least time between two pictures: 15 in a second.
const FRAME: Duration = Duration::from_millis(66);
/// The same where each picture travels far: over SSH, when the server is far too.
const FRAME_FAR: Duration = Duration::from_millis(250);
/// A round trip that is far, ms.
const FAR_MS: u64 = 80;
/// Lines of a job to begin with.
const LINES: usize = if LOG_QUERY_LINES < 500 { LOG_QUERY_LINES } else { 500 };
/// Answers that wait to be taken up; whoever brings more waits.
const ANSWERS: usize = 64;

/// What comes back from what was asked.
enum Answer {
    Lines(JobId, Result<Vec<LogEntry>, Failure>),
    Done(Verb, JobId, Result<(), String>),
    Told(Result<String, String>),
    Board(Result<Vec<LogEntry>, Failure>),
    Kinds(Result<Node, Failure>),
    Past(Result<(Vec<Happened>, u64), String>),
}

enum Event {
    Input(Input),
    State(View),
    Connection(Box<Telemetry>),
    Lines(Arc<[LogEntry]>),
    Answer(Answer),
    Second,
    Draw,
    Over(Failure),
}

/// What acts.
struct Session {
    api: Api,
    client: Client,
    answers: mpsc::Sender<Answer>,
    /// Where preferences are kept; nowhere for a server that has no folder here.
    folder: Option<PathBuf>,
    /// Where Studio is.
    studio: String,
}

pub(crate) async fn run(place: &Place, filter: String, out: &Output) -> Outcome {
    if !out.is_for_people() || !out.screen.out_is_terminal {
        return Err(Failure::usage("top needs a terminal and writes no JSON").hint("callboard watch --json"));
    }
    if out.screen.is_dumb {
        let failure = Failure::usage("top draws on the whole terminal, and this one cannot (TERM=dumb)");
        return Err(failure.hint("callboard ps; callboard watch"));
    }
    if out.screen.accessible {
        return Err(Failure::usage("top draws itself again and again, and static text was asked for")
            .hint("callboard ps; callboard logs -f; callboard config accessible=false"));
    }
    let client = place.connect().await?;
    let (sender, answers) = mpsc::channel(ANSWERS);
    let folder = place.folder().map(Path::to_path_buf);
    let mut top = Top::new(filter);
    top.prefer(folder.as_deref().map(Preferences::load).unwrap_or_default());
    let api = Api::new(place.clone());
    top.studio = place.studio(&out.screen);
    let studio = place.endpoint.to_string();
    let session = Session { api, client: client.clone(), answers: sender, folder, studio };
    let mut screen = ScreenGuard::enter()?;
    let ended = session.go(top, answers, &mut screen, out).await;
    drop(screen);
    client.close().await;
    ended
}

impl Session {
    async fn go(
        &self,
        mut top: Top,
        mut answers: mpsc::Receiver<Answer>,
        screen: &mut ScreenGuard,
        out: &Output,
    ) -> Outcome {
        let look = Look::new(&out.screen);
        // The terminal is given back whoever ends this.
        let (mut interrupts, mut terminations) = (Interrupts::listen()?, Interrupts::terminations()?);
        let mut inputs = EventStream::new();
        let mut views = self.client.follow();
        let mut telemetry = self.client.follow_telemetry();
        let mut logs = self.client.logs();
        let mut second = tokio::time::interval(Duration::from_secs(1));
        top.connection(telemetry.get());
        self.act(top.see(views.get(), now()));
        let mut draw_at = Some(Instant::now());
        // However often a large board changes, it is put in order once a picture.
        let mut unseen: Option<View> = None;
        loop {
            let event = tokio::select! {
                input = inputs.next() => match input {
                    Some(Ok(input)) => Event::Input(input),
                    Some(Err(error)) => Event::Over(lost(&error.to_string())),
                    None => Event::Over(lost("it was closed")),
                },
                () = at(draw_at) => Event::Draw,
                true = views.changed() => Event::State(views.get()),
                true = telemetry.changed() => Event::Connection(Box::new(telemetry.get())),
                Some(event) = logs.next() => match event {
                    LogEvent::Lines(lines) => Event::Lines(lines),
                    _ => Event::Lines(Arc::default()),
                },
                Some(answer) = answers.recv() => Event::Answer(answer),
                _ = second.tick() => Event::Second,
                () = interrupts.next() => return Ok(exit::CANCELLED),
                () = terminations.next() => return Ok(exit::CANCELLED),
            };
            if matches!(event, Event::Draw) {
                draw_at = None;
                self.act(unseen.take().map_or_else(Vec::new, |view| top.see(view, now())));
                screen.draw(|frame| draw::draw(frame, &mut top, &look, now()))?;
                continue;
            }
            let is_input = matches!(event, Event::Input(_));
            let effects = match event {
                Event::State(view) => {
                    unseen = Some(view);
                    Vec::new()
                }
                event => decide(&mut top, event)?,
            };
            for effect in effects {
                match effect {
                    Effect::Quit { interrupted } => {
                        return Ok(if interrupted { exit::CANCELLED } else { exit::OK });
                    }
                    effect => self.carry_out(effect, &mut top, screen)?,
                }
            }
            // What a person does shows at once.
            let wait = if is_input { Duration::ZERO } else { frame(&top) };
            draw_at = Some(draw_at.map_or(Instant::now() + wait, |at| at.min(Instant::now() + wait)));
        }
    }

    /// Does at once what is the terminal's, and leaves the rest to [`Session::act`].
    fn carry_out(&self, effect: Effect, top: &mut Top, screen: &mut ScreenGuard) -> Result<(), Failure> {
        match effect {
            Effect::Copy(text) => {
                screen.copy(&text)?;
                top.tell(Ok(format!("copied {text}")));
            }
            Effect::CopyAddress(id) => {
                let address = page(&self.studio, &id);
                screen.copy(&address)?;
                top.tell(Ok(format!("copied {address}")));
            }
            Effect::Mouse(listens) => {
                screen.listen_to_mouse(listens)?;
                let words =
                    if listens { "the wheel moves, a click selects" } else { "the mouse is the terminal's" };
                top.tell(Ok(words.into()));
            }
            effect => self.act(vec![effect]),
        }
        Ok(())
    }

    /// Does what the model wants; the outcomes come back as answers.
    fn act(&self, effects: Vec<Effect>) {
        for effect in effects {
            let (api, answers) = (self.api.clone(), self.answers.clone());
            match effect {
                // These are for the terminal.
                Effect::Quit { .. } | Effect::Copy(_) | Effect::CopyAddress(_) | Effect::Mouse(_) => {}
                Effect::Keep(preferences) => {
                    if let Some(folder) = self.folder.as_deref() {
                        // It is only forgotten then.
                        let _ = preferences.keep(folder);
                    }
                }
                Effect::Pause(queue, pause) => drop(tokio::spawn(async move {
                    let (command, word) =
                        if pause { ("queues.pause", "pauses") } else { ("queues.resume", "goes on") };
                    let args = QueueArgs { queue: queue.clone() };
                    let outcome = api.command(command, &args, None).await;
                    let told = match outcome {
                        Ok(_) => Ok(format!("{queue} {word}")),
                        Err(failure) => Err(format!("{queue}: {}", failure.message)),
                    };
                    let _ = answers.send(Answer::Told(told)).await;
                })),
                Effect::LoadLog(_) | Effect::LoadBoard | Effect::LoadKinds | Effect::LoadPast => {
                    drop(tokio::spawn(async move {
                        if let Some(answer) = fetch(&api, effect).await {
                            // Nobody waits for it once the session is over.
                            let _ = answers.send(answer).await;
                        }
                    }));
                }
                Effect::Do(verb, ids) => drop(tokio::spawn(async move {
                    for id in ids {
                        let args = to_node(&JobArgs { id: id.clone() }).unwrap_or_default();
                        let outcome = api.command(verb.command(), &args, None).await;
                        let outcome = outcome.map(drop).map_err(|failure| failure.message);
                        if answers.send(Answer::Done(verb, id, outcome)).await.is_err() {
                            return;
                        }
                    }
                })),
            }
        }
    }
}

/// Fetches what is to be shown; `None` for what is no question.
async fn fetch(api: &Api, effect: Effect) -> Option<Answer> {
    Some(match effect {
        Effect::LoadLog(id) => {
            let lines = api.lines(Some(&id), None, LINES, "").await;
            Answer::Lines(id, lines)
        }
        Effect::LoadBoard => Answer::Board(api.lines(None, None, LINES, "").await),
        Effect::LoadKinds => Answer::Kinds(api.get("/api/kinds").await),
        Effect::LoadPast => {
            let latest = history::latest(api, KEPT).await;
            let read = latest.map(|(changes, head)| (changes.iter().map(Happened::from).collect(), head));
            Answer::Past(read.map_err(|failure| failure.message))
        }
        _ => return None,
    })
}

fn decide(top: &mut Top, event: Event) -> Result<Vec<Effect>, Failure> {
    match event {
        // A key that is let go is no key.
        Event::Input(Input::Key(key)) if key.kind != KeyEventKind::Release => return Ok(top.key(key)),
        Event::Connection(telemetry) => top.connection(*telemetry),
        Event::Lines(lines) => top.lines(lines.iter().cloned()),
        Event::Answer(Answer::Lines(id, Ok(lines))) if top.log.job.as_ref() == Some(&id) => top.lines(lines),
        Event::Answer(Answer::Lines(id, Err(failure))) if top.log.job.as_ref() == Some(&id) => {
            top.log.problem = Some(failure.message);
        }
        Event::Answer(Answer::Done(verb, id, outcome)) => top.done(verb, &id, outcome),
        Event::Answer(Answer::Told(outcome)) => top.tell(outcome),
        Event::Answer(Answer::Board(Ok(lines))) => top.board.add(lines),
        Event::Answer(Answer::Board(Err(failure))) => top.board.problem = Some(failure.message),
        Event::Answer(Answer::Kinds(Ok(kinds))) => top.know_kinds(kinds_of(&kinds)),
        Event::Answer(Answer::Kinds(Err(failure))) => top.tell(Err(failure.message)),
        Event::Answer(Answer::Past(outcome)) => top.happened(outcome),
        Event::Input(Input::Mouse(mouse)) => return Ok(top.mouse(mouse)),
        Event::Second => return Ok(top.tick(now())),
        Event::Over(failure) => return Err(failure),
        Event::Input(_) | Event::Answer(_) | Event::State(_) | Event::Draw => {}
    }
    Ok(Vec::new())
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}

fn frame(top: &Top) -> Duration {
    let is_far = top.telemetry.rtt_ms.is_some_and(|rtt| rtt > FAR_MS);
    if is_far && std::env::var_os("SSH_CONNECTION").is_some() { FRAME_FAR } else { FRAME }
}

fn lost(why: &str) -> Failure {
    Failure::new(exit::JOB_FAILED, "input", format!("failed to read the keyboard: {why}"))
}
