//! Random commands, in the words of the wire, so that their parsing is in the run as well.

use crate::{
    dice::Dice,
    executor::{KINDS, WORDS},
};
use callboard_protocol::{Node, command::Command};

/// Queues, keys and names are few, so that commands meet.
const QUEUES: [&str; 4] = ["default", "q1", "q2", "q3"];
const KEYS: [&str; 3] = ["k1", "k2", "k3"];
const SCHEDULES: [&str; 2] = ["s1", "s2"];

/// What a random command may name.
pub(crate) struct Known {
    pub(crate) jobs: Vec<String>,
    pub(crate) workflows: Vec<String>,
    /// The wall clock, ms since 1970.
    pub(crate) now: i64,
}

/// The members of an object, as JSON.
#[derive(Default)]
struct Args(Vec<String>);

impl Args {
    fn raw(&mut self, name: &str, value: impl std::fmt::Display) -> &mut Self {
        self.0.push(format!("{name:?}:{value}"));
        self
    }

    fn text(&mut self, name: &str, value: &str) -> &mut Self {
        self.raw(name, format_args!("{value:?}"))
    }

    fn json(&self) -> String {
        format!("{{{}}}", self.0.join(","))
    }
}

/// A command from its name and arguments.
pub(crate) fn command(name: &str, args: &str) -> Command {
    let args: Node = serde_json::from_str(args).expect("the simulation writes JSON");
    Command::parse(name, &args).expect("the simulation knows the arguments")
}

/// Some command.
pub(crate) fn any(dice: &mut Dice, known: &Known) -> Command {
    match dice.within(0..=99) {
        0..=44 => command("jobs.dispatch", &dispatch(dice, known)),
        45..=54 => named("jobs.cancel", job(dice, known)),
        55..=59 => named("jobs.retry", job(dice, known)),
        60..=62 => named("jobs.delete", job(dice, known)),
        63..=68 => command("jobs.update", &update(dice, known)),
        69..=70 => command("jobs.clear", &clear(dice)),
        71..=74 => command("jobs.bulk", &bulk(dice)),
        75..=79 => command("queues.configure", &configure(dice)),
        80..=83 => queue(dice, &["queues.pause", "queues.resume", "queues.resume"]),
        84..=87 => command("schedules.put", &schedule(dice)),
        88 => named("schedules.delete", dice.pick(&SCHEDULES)),
        89..=90 => named("schedules.trigger", dice.pick(&SCHEDULES)),
        91..=95 => command("workflows.start", &workflow(dice)),
        96..=97 => {
            let id = dice.choose(&known.workflows).cloned().unwrap_or_else(|| "none".into());
            named("workflows.cancel", &id)
        }
        98 => command("state.set", &format!(r#"{{"path":"/app.sim/n","value":{}}}"#, dice.within(0..=3))),
        _ => named("results.delete", job(dice, known)),
    }
}

/// A command that names one thing.
pub(crate) fn named(name: &str, id: &str) -> Command {
    command(name, &format!(r#"{{"id":{id:?}}}"#))
}

/// A command that names a queue.
fn queue(dice: &mut Dice, names: &[&'static str]) -> Command {
    let queue = if dice.percent(15) { "*" } else { dice.pick(&QUEUES) };
    command(dice.pick(names), &format!(r#"{{"queue":{queue:?}}}"#))
}

fn job<'a>(dice: &mut Dice, known: &'a Known) -> &'a str {
    if dice.percent(5) {
        return "nobody";
    }
    dice.choose(&known.jobs).map_or("nobody", String::as_str)
}

fn input(dice: &mut Dice) -> String {
    let count = dice.within(1..=3);
    let mut script: Vec<&str> = (0..count).map(|_| dice.pick(&WORDS)).collect();
    if script.last() == Some(&"snooze") {
        // It would go on like that for ever, ten times a second.
        script.push("ok");
    }
    let ms = [0, 1, 10, 120, 900, 7000][dice.within(0..=5) as usize];
    format!(r#"{{"script":{:?},"ms":{ms}}}"#, script.join(" "))
}

fn tries(dice: &mut Dice, args: &mut Args) {
    if dice.percent(60) {
        args.raw("maxAttempts", dice.within(1..=4));
    }
    if dice.percent(40) {
        let max = dice.within(100..=20_000);
        let (initial, jitter) = (dice.within(0..=100), dice.pick(&["0", "0.5", "1"]));
        args.raw(
            "retry",
            format_args!(r#"{{"initialMs":{initial},"factor":3,"maxMs":{max},"jitter":{jitter}}}"#),
        );
    }
    if dice.percent(35) {
        args.raw("timeoutMs", dice.within(5..=4000));
    }
}

fn dispatch(dice: &mut Dice, known: &Known) -> String {
    let mut args = Args::default();
    args.text("kind", dice.pick(&KINDS)).raw("args", input(dice));
    tries(dice, &mut args);
    if dice.percent(60) {
        args.text("queue", dice.pick(&QUEUES));
    }
    if dice.percent(30) {
        args.raw("priority", dice.within(0..=20) as i64 - 10);
    }
    match dice.within(0..=9) {
        0 | 1 => drop(args.raw("delayMs", dice.within(0..=20_000))),
        2 => drop(args.raw("scheduledAt", time(known.now + dice.within(0..=60_000) as i64 - 20_000))),
        _ => {}
    }
    if dice.percent(12) {
        args.raw("deadlineMs", dice.within(1..=15_000));
    }
    if dice.percent(12) {
        args.raw("ttlMs", dice.within(1..=10_000));
    }
    if dice.percent(5) {
        args.raw("hold", true);
    }
    if dice.percent(20) && !known.jobs.is_empty() {
        args.raw("dependsOn", format_args!("[{:?}]", job(dice, known)));
        if dice.percent(60) {
            args.text("onDependencyFailure", dice.pick(&["fail", "cancel", "ignore"]));
        }
    }
    if dice.percent(25) {
        args.text("concurrencyKey", dice.pick(&KEYS));
    }
    if dice.percent(20) {
        args.text("uniqueKey", dice.pick(&KEYS));
        args.text("uniquePolicy", dice.pick(&["reject", "replace", "debounce"]));
    }
    if dice.percent(8) {
        args.text("idempotencyKey", dice.pick(&KEYS)).raw("idempotencyTtlMs", dice.within(1..=60_000));
    }
    args.json()
}

/// A point in time as JSON.
fn time(ms: i64) -> String {
    serde_json::to_string(&callboard_protocol::Time(ms)).expect("a time is a text")
}

fn update(dice: &mut Dice, known: &Known) -> String {
    let mut args = Args::default();
    args.text("id", job(dice, known));
    match dice.within(0..=7) {
        0 => args.raw("priority", dice.within(0..=20) as i64 - 10),
        1 => args.text("queue", dice.pick(&QUEUES)),
        2 => args.raw("delayMs", dice.within(0..=9000)),
        3 | 4 => args.raw("release", true),
        5 => args.text("before", job(dice, known)),
        6 => args.text("after", job(dice, known)),
        _ => args.text("title", "changed"),
    };
    args.json()
}

fn clear(dice: &mut Dice) -> String {
    let mut args = Args::default();
    if dice.percent(50) {
        args.raw("states", format_args!("[{:?}]", dice.pick(&["succeeded", "failed", "cancelled"])));
    }
    args.raw("olderThanMs", dice.within(0..=60_000));
    args.json()
}

fn bulk(dice: &mut Dice) -> String {
    let mut args = Args::default();
    let query = dice.pick(&["queue:q1", "state:queued", "state:running", "state:failed", "kind:sim.a"]);
    match dice.within(0..=5) {
        0 => args.text("action", "cancel"),
        1 => args.text("action", "retry"),
        2 => args.text("action", "delete").raw("confirm", dice.within(1..=20)),
        3 => args.text("action", "reprioritise").raw("args", r#"{"priority":3}"#),
        4 => args.text("action", "move").raw("args", r#"{"queue":"q2"}"#),
        _ => args.text("action", "tag").raw("args", r#"{"add":["seen"]}"#),
    };
    args.text("query", query);
    if dice.percent(20) {
        args.raw("dryRun", true);
    }
    args.json()
}

fn configure(dice: &mut Dice) -> String {
    let mut args = Args::default();
    if dice.percent(15) {
        args.text("queue", "*").raw("concurrency", dice.within(1..=6));
        args.raw("kinds", format_args!(r#"{{"sim.a":{}}}"#, dice.within(1..=3)));
        return args.json();
    }
    args.text("queue", dice.pick(&QUEUES));
    if dice.percent(50) {
        args.raw("concurrency", dice.within(1..=3));
    }
    if dice.percent(40) {
        args.raw("keyConcurrency", dice.within(1..=2));
    }
    let rate = |dice: &mut Dice| {
        format!(r#"{{"limit":{},"perMs":{}}}"#, dice.within(1..=3), dice.within(100..=5000))
    };
    if dice.percent(25) {
        args.raw("rate", rate(dice));
    }
    if dice.percent(25) {
        args.raw("keyRate", rate(dice));
    }
    args.json()
}

fn schedule(dice: &mut Dice) -> String {
    let mut args = Args::default();
    args.text("id", dice.pick(&SCHEDULES));
    if dice.percent(50) {
        args.text("cron", dice.pick(&["*/20 * * * * *", "0 * * * * *", "@hourly"]));
    } else {
        args.raw("everyMs", dice.within(5..=60) * 1000);
    }
    args.text("overlap", dice.pick(&["skip", "queue", "cancel_previous"]));
    args.text("catchUp", dice.pick(&["skip", "one"]));
    let mut job = Args::default();
    job.text("kind", dice.pick(&KINDS)).raw("args", input(dice)).raw("timeoutMs", 5000);
    args.raw("job", job.json());
    args.json()
}

fn workflow(dice: &mut Dice) -> String {
    let count = dice.within(1..=4);
    let mut steps = Vec::new();
    for index in 0..count {
        let mut step = Args::default();
        step.text("id", &format!("t{index}")).text("kind", dice.pick(&KINDS)).raw("args", input(dice));
        tries(dice, &mut step);
        if index > 0 && dice.percent(70) {
            step.raw("needs", format_args!("[\"t{}\"]", dice.within(0..=index - 1)));
        }
        if dice.percent(15) {
            step.raw("forEach", "[1,2,3]");
        }
        if dice.percent(20) {
            step.text("onFailure", "continue");
        }
        if dice.percent(30) {
            step.raw("compensate", format_args!(r#"{{"kind":"sim.b","args":{}}}"#, input(dice)));
        }
        steps.push(step.json());
    }
    format!(r#"{{"recipe":{{"name":"sim","steps":[{}]}}}}"#, steps.join(","))
}
