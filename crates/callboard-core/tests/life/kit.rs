//! A board for scripts: the core, a mirror that folds every change, and a clock.

use callboard_core::{Context, Core, Decided, Effect, End, Input, Known, Limits, News, Recovered, Report};
use callboard_protocol::{
    Actor, CommandKey, JobId, Node, Time, apply,
    command::{CancelArgs, Command},
    error::Rejection,
    from_node,
    job::{AttemptOutcome, DispatchArgs, Job, JobError, JobState},
};

pub(crate) struct Board {
    pub(crate) core: Core,
    pub(crate) mirror: Node,
    pub(crate) now: i64,
}

impl Board {
    pub(crate) fn new(concurrency: usize) -> Self {
        Board::with(Limits { concurrency, history: 3, results: 2, ..Limits::default() })
    }

    pub(crate) fn with(limits: Limits) -> Self {
        let core = Core::new(Recovered::default(), limits);
        Board { mirror: core.document().clone(), core, now: 1_000 }
    }

    pub(crate) fn context(&self, key: Option<&str>) -> Context {
        Context {
            now: Time(self.now),
            chance: 0.5,
            actor: Actor::new("test"),
            key: key.map(CommandKey::from),
        }
    }

    /// Every change is folded into the mirror, which must follow.
    pub(crate) fn follow(&mut self, decided: &Decided) {
        if let Some(change) = &decided.change {
            apply(&mut self.mirror, &change.ops).expect("ops fit");
        }
        assert_eq!(&self.mirror, self.core.document(), "invariant 4");
    }

    pub(crate) fn receive(&mut self, input: Input) -> Result<Decided, Rejection> {
        let decided = self.core.receive(input, &self.context(None))?;
        self.follow(&decided);
        Ok(decided)
    }

    /// A command with records that were read just now.
    pub(crate) fn knowing(&self, command: Command, records: Vec<Node>) -> Input {
        Input::CommandWith(command, Known { as_of: self.core.version(), records })
    }

    pub(crate) fn send(&mut self, command: Command) -> Result<Decided, Rejection> {
        self.receive(Input::Command(command))
    }

    pub(crate) fn dispatch(&mut self, id: &str, change: impl FnOnce(&mut DispatchArgs)) {
        let mut args =
            DispatchArgs { id: Some(JobId::from(id)), kind: "echo".into(), ..DispatchArgs::default() };
        change(&mut args);
        self.send(Command::Dispatch(Box::new(args))).expect("accepted");
    }

    /// Lets everything start that can; the ids in order.
    pub(crate) fn advance(&mut self) -> Vec<String> {
        let mut started = Vec::new();
        while let Some(decided) = self.core.advance(&self.context(None)) {
            self.follow(&decided);
            started.extend(decided.effects.into_iter().filter_map(|effect| match effect {
                Effect::Start(start) => Some(start.id.to_string()),
                _ => None,
            }));
        }
        started
    }

    /// The end of a commit: what was counted is written.
    pub(crate) fn settle(&mut self) {
        if let Some(decided) = self.core.settle(&self.context(None)) {
            self.follow(&decided);
        }
    }

    pub(crate) fn report(&mut self, id: &str, attempt: u32, news: News) -> Result<Decided, Rejection> {
        self.receive(Input::Report(Report { id: JobId::from(id), attempt, news }))
    }

    pub(crate) fn end(&mut self, id: &str, attempt: u32, end: End) -> Decided {
        self.report(id, attempt, News::End(Box::new(end))).expect("accepted")
    }

    /// The process ends without a word and another one goes on from what is durable.
    pub(crate) fn crash(&mut self) {
        let recovered = Recovered {
            document: self.core.document().clone(),
            version: self.core.version(),
            outcomes: self.core.outcomes(),
            ..Recovered::default()
        };
        self.core = Core::new(recovered, Limits::default());
        for id in self.core.orphans() {
            self.receive(Input::Rescue(id)).expect("accepted");
        }
    }

    /// Sends a command by its name, as it comes over the wire.
    pub(crate) fn say(&mut self, name: &str, args: &str) -> Result<Decided, Rejection> {
        let args: Node = serde_json::from_str(args).expect("JSON");
        let command = Command::parse(name, &args)?;
        self.send(command)
    }

    pub(crate) fn state(&self, id: &str) -> JobState {
        self.job(id).state
    }

    /// Everything that starts and ends well until nothing can start any more; the ids in order.
    pub(crate) fn drain(&mut self) -> Vec<String> {
        let mut order = Vec::new();
        loop {
            let started = self.advance();
            if started.is_empty() {
                return order;
            }
            for id in started {
                let attempt = self.job(&id).attempt;
                order.push(id.clone());
                self.end(&id, attempt, End::succeeded(Node::Null));
            }
        }
    }

    pub(crate) fn at(&self, pointer: &str) -> Node {
        self.core.document().at(pointer).cloned().unwrap_or_default()
    }

    pub(crate) fn job(&self, id: &str) -> Job {
        from_node(self.core.document().at(&format!("/jobs/{id}")).expect("there")).expect("a job")
    }

    pub(crate) fn cancel(&mut self, id: &str) -> Result<Decided, Rejection> {
        self.send(Command::Cancel(CancelArgs { id: JobId::from(id), reason: Some("test".into()) }))
    }
}

pub(crate) fn failed() -> End {
    End::failed(AttemptOutcome::Errored, JobError::new("failed", "no"), true)
}

pub(crate) fn settles(decided: &Decided) -> usize {
    decided.effects.iter().filter(|effect| matches!(effect, Effect::Settle { .. })).count()
}
