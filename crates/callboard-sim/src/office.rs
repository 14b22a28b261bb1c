//! Sends commands and judges their answers: what is acknowledged is durable, and a repeated command is one command.

use crate::{dice::Dice, invariant::Invariant, ledger::Ledger, stage::Stage};
use callboard::{Board, Rejection};
use callboard_protocol::{
    Actor, CommandKey,
    command::{Accepted, Command},
    error::ErrorCode,
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// See the module.
pub(crate) struct Office {
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) stage: Arc<Stage>,
    desk: Mutex<Desk>,
}

#[derive(Default)]
struct Desk {
    sent: u64,
    answered: u64,
    /// Commands whose answer has not come.
    open: BTreeMap<u64, Command>,
    /// The last [`RECENT`] commands that were accepted. A refusal is not remembered: asked again, all may be different.
    recent: VecDeque<(u64, Command)>,
}

const RECENT: usize = 64;

impl Desk {
    fn remember(&mut self, number: u64, command: Command) {
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back((number, command));
    }
}

impl Office {
    pub(crate) fn new(ledger: Arc<Ledger>, stage: Arc<Stage>) -> Self {
        Office { ledger, stage, desk: Mutex::default() }
    }

    /// Sends a command in a task of its own.
    pub(crate) fn send(self: &Arc<Self>, board: &Board, command: Command) {
        let number = {
            let mut desk = self.desk();
            desk.sent += 1;
            let number = desk.sent;
            desk.open.insert(number, command.clone());
            number
        };
        self.post(board, number, command);
    }

    /// Sends a command again under its key, as a client does that did not hear the answer.
    pub(crate) fn repeat(self: &Arc<Self>, board: &Board, dice: &mut Dice) {
        let recent = Vec::from(self.desk().recent.clone());
        if let Some((number, command)) = dice.choose(&recent) {
            self.post(board, *number, command.clone());
        }
    }

    /// What a client does after a crash: it asks again, under the same keys, or it never comes back.
    pub(crate) fn resend(self: &Arc<Self>, board: &Board, dice: &mut Dice) {
        let open = std::mem::take(&mut self.desk().open);
        for (number, command) in open {
            if dice.percent(70) {
                self.desk().open.insert(number, command.clone());
                self.post(board, number, command);
            }
        }
    }

    /// Commands that were answered.
    pub(crate) fn answered(&self) -> u64 {
        self.desk().answered
    }

    fn post(self: &Arc<Self>, board: &Board, number: u64, command: Command) {
        let (office, board) = (self.clone(), board.clone());
        self.stage.say(&format!("asks c{number} {command:?}"));
        tokio::spawn(async move {
            let key = CommandKey::from(format!("c{number}").as_str());
            let name = command.name();
            let is_step = is_one_change(&command);
            let answer = board.send(command.clone(), Actor::new("sim"), Some(key.clone())).await;
            if answer.is_ok() {
                office.desk().remember(number, command);
            }
            office.hear((number, name), &key, is_step, answer);
        });
    }

    fn hear(
        &self,
        (number, name): (u64, &str),
        key: &CommandKey,
        is_step: bool,
        answer: Result<Accepted, Rejection>,
    ) {
        if self.stage.is_dark() {
            // Nobody is there any more to hear it.
            return;
        }
        let mut desk = self.desk();
        desk.open.remove(&number);
        desk.answered += 1;
        drop(desk);
        let verdict = match &answer {
            Ok(accepted) => self.check_accepted(key, is_step, accepted),
            Err(rejection) => self.check_refused(key, rejection),
        };
        let said = match answer {
            Ok(accepted) => format!("v{} dup {} {}", accepted.version, accepted.dup, accepted.result),
            Err(rejection) => format!("{:?}: {}", rejection.code, rejection.message),
        };
        self.stage.say(&format!("told c{number} {said}"));
        if let Err(what) = verdict {
            self.stage.breach(Invariant::DurableBeforeVisible, format!("c{number} {name}: {what}: {said}"));
        }
    }

    fn check_accepted(&self, key: &CommandKey, is_step: bool, accepted: &Accepted) -> Result<(), String> {
        let stored = self.ledger.book().version;
        if accepted.version > stored {
            return Err(format!("it was acknowledged at {}; {stored} is stored", accepted.version));
        }
        match self.ledger.kept(key) {
            Some(kept) if is_step && kept.version != accepted.version => {
                Err(format!("it is stored at {}", kept.version))
            }
            None if is_step && !accepted.dup => Err("it was acknowledged and is not stored".into()),
            _ => Ok(()),
        }
    }

    /// A command that was refused has changed nothing; one whose outcome nobody knows says so.
    fn check_refused(&self, key: &CommandKey, rejection: &Rejection) -> Result<(), String> {
        let is_unknown = matches!(rejection.code, ErrorCode::Internal | ErrorCode::Overloaded);
        match self.ledger.kept(key) {
            Some(kept) if !is_unknown => Err(format!("it was refused and is stored at {}", kept.version)),
            _ => Ok(()),
        }
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether an accepted command of this kind is always one change under its key.
fn is_one_change(command: &Command) -> bool {
    match command {
        Command::Dispatch(_) | Command::StartWorkflow(_) | Command::Retry(_) | Command::Delete(_) => true,
        Command::Bulk(args) => !args.dry_run,
        _ => false,
    }
}
