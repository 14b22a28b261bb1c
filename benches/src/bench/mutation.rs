//! One small change, decided and applied: progress of a running job. It must not cost more because there are many
//! jobs (W3.2). Beside it: a JSON document that is cloned, changed and compared.

use crate::{
    Done, boards,
    figure::{Figure, Unit},
    measure::{ROUNDS, Took, Watch, median},
};
use callboard_core::{Context, Core, End, Input, Limits, News, Recovered, Report};
use callboard_protocol::{Actor, JobId, Node, Time, command::Command, job::Progress};
use serde_json::Value;

const FEW: usize = 100;
/// Also the largest document that is cloned and compared; ten times as many jobs would take ten times as long.
const SOME: usize = 10_000;
const MANY: usize = 100_000;
/// Jobs that run, spread over all of them.
const RUNNING: usize = 64;
const MUTATIONS: u64 = 50_000;
/// Batches of as many jobs as run at once.
const LIFE_BATCHES: u64 = 150;

pub(super) fn run() -> Done<Vec<Figure>> {
    let few = measured(|| reports(FEW))?;
    let some = measured(|| reports(SOME))?;
    let many = measured(|| reports(MANY))?;
    let few_compared = measured(|| comparisons(FEW, 200))?;
    let some_compared = measured(|| comparisons(SOME, 5))?;
    let life_few = measured(|| lives(FEW))?;
    let cost = |name: &str, value| Figure::new(name, value, Unit::Cost("us"));
    Ok(vec![
        cost("100 jobs", few).beside("clone and diff, 100 jobs", few_compared),
        cost("10 000 jobs", some).beside("clone and diff, 10 000 jobs", some_compared),
        cost("100 000 jobs", many).beside("clone and diff, 10 000 jobs", some_compared),
        cost("growth from 100 to 10 000 jobs", some).beside("100 jobs", few),
        cost("growth from 100 to 100 000 jobs", many).beside("100 jobs", few),
        cost("dispatch, start and end of a job, 10 000 jobs", measured(|| lives(SOME))?)
            .beside("100 jobs", life_few),
        cost("dispatch, start and end of a job, 100 000 jobs", measured(|| lives(MANY))?)
            .beside("100 jobs", life_few),
    ])
}

fn measured(work: impl Fn() -> Done<Took>) -> Done<f64> {
    let rounds: Vec<Took> = (0..ROUNDS).map(|_| work()).collect::<Done<_>>()?;
    Ok(median(rounds.iter().map(Took::cpu_us)))
}

/// CPU time of a progress report with so many jobs in the state.
fn reports(jobs: usize) -> Done<Took> {
    let (mut core, running) = core_with(jobs)?;
    let context = context(2);
    // As the writer does after each commit: readers hold the state that was.
    let mut published = core.document().clone();
    let mut report = |number: u64| -> Done {
        let id = running[number as usize % running.len()].clone();
        let value = number as f64 / (2 * MUTATIONS) as f64;
        let news =
            News::Progress(Progress { value, message: Some("on its way".into()), ..Progress::default() });
        let decided = core.receive(Input::Report(Report { id, attempt: 1, news }), &context)?;
        std::hint::black_box(decided);
        published = core.document().clone();
        std::hint::black_box(&published);
        Ok(())
    };
    (0..MUTATIONS).try_for_each(&mut report)?;
    let watch = Watch::start();
    (MUTATIONS..2 * MUTATIONS).try_for_each(&mut report)?;
    Ok(watch.stop(MUTATIONS))
}

/// CPU time of all decisions about one job, while so many wait: each batch dispatches, ends and starts as many.
fn lives(jobs: usize) -> Done<Took> {
    let (mut core, _) = core_with(jobs)?;
    let (context, mut next) = (context(3), jobs as u64);
    let mut batch = |core: &mut Core| -> Done {
        let checkpoint = core.checkpoint();
        for id in core.orphans() {
            let end = News::End(Box::new(End::succeeded(Node::Null)));
            core.receive(Input::Report(Report { id, attempt: 1, news: end }), &context)?;
            let mut args = boards::noop(next);
            args.id = Some(JobId::new(format!("job-{next:06}")));
            next += 1;
            core.receive(Input::Command(Command::Dispatch(Box::new(args))), &context)?;
        }
        while let Some(decided) = core.advance(&context) {
            std::hint::black_box(decided);
        }
        std::hint::black_box(core.settle(&context));
        std::hint::black_box(checkpoint);
        Ok(())
    };
    (0..LIFE_BATCHES).try_for_each(|_| batch(&mut core))?;
    let watch = Watch::start();
    (0..LIFE_BATCHES).try_for_each(|_| batch(&mut core))?;
    Ok(watch.stop(LIFE_BATCHES * RUNNING as u64))
}

/// A core with so many jobs, of which [`RUNNING`] run, and their names.
fn core_with(jobs: usize) -> Done<(Core, Vec<JobId>)> {
    let limits = Limits { concurrency: RUNNING, ..Limits::default() };
    let mut core = Core::new(Recovered::default(), limits);
    for number in 0..jobs {
        let mut args = boards::noop(number as u64);
        args.id = Some(JobId::new(format!("job-{number:06}")));
        // The smallest number starts first: those that run are spread over all.
        args.priority = Some(if number % (jobs / RUNNING) == 0 { 0 } else { 1 });
        core.receive(Input::Command(Command::Dispatch(Box::new(args))), &context(1))?;
    }
    while core.advance(&context(1)).is_some() {}
    let running = core.orphans();
    if running.len() != RUNNING {
        return Err(format!("{} jobs run instead of {RUNNING}", running.len()).into());
    }
    Ok((core, running))
}

/// A document with so many jobs, cloned, changed in one place and compared.
fn comparisons(jobs: usize, count: u64) -> Done<Took> {
    let (core, running) = core_with(jobs)?;
    let before = Value::from(core.document());
    let path = format!("/jobs/{}/attempt", &*running[RUNNING / 2]);
    let watch = Watch::start();
    for number in 0..count {
        let mut after = before.clone();
        *after.pointer_mut(&path).ok_or("the job has no attempt")? = (number + 2).into();
        std::hint::black_box(json_patch::diff(&before, &after));
    }
    Ok(watch.stop(count))
}

fn context(now: i64) -> Context {
    Context { now: Time(now), chance: 0.5, actor: Actor::new("bench"), key: None }
}
