//! The life of a job as data: state × event, total. A missing cell does not compile.
//!
//! Printed in the documentation by [`page`]; a test holds the file to it.

use callboard_protocol::job::JobState;

/// What can happen to a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobEvent {
    /// Its dependencies are met, or it is released by hand.
    Release,
    /// It is to wait for a time that lies ahead.
    Postpone,
    /// Its time, or the end of its backoff, has come.
    Due,
    /// A slot took it: an attempt starts.
    Claim,
    /// The attempt returned a result.
    Succeed,
    /// The attempt failed and a try is left.
    FailWithRetry,
    /// The attempt failed for good.
    FailForGood,
    /// Somebody asked for it to stop.
    AskCancel,
    /// The attempt has stopped after a cancel was asked for.
    HonourCancel,
    /// The server shut down in order before the attempt ended.
    Interrupt,
    /// The attempt is gone with its server or worker, and a rescue is left.
    Lose,
    /// The attempt asked to be run again later.
    Snooze,
    /// It was not started in time.
    Expire,
    /// It was not done in time.
    MissDeadline,
    /// A job that it depends on did not succeed, and it is to fail then.
    LoseDependency,
    /// Somebody changed its input, its limits or its place.
    Edit,
    /// Somebody asked for a finished job to run again.
    Redrive,
    /// Somebody asked for its record to be taken away.
    Delete,
}

impl JobEvent {
    /// All events, in the order of the table's columns.
    pub const ALL: [JobEvent; 18] = [
        JobEvent::Release,
        JobEvent::Postpone,
        JobEvent::Due,
        JobEvent::Claim,
        JobEvent::Succeed,
        JobEvent::FailWithRetry,
        JobEvent::FailForGood,
        JobEvent::AskCancel,
        JobEvent::HonourCancel,
        JobEvent::Interrupt,
        JobEvent::Lose,
        JobEvent::Snooze,
        JobEvent::Expire,
        JobEvent::MissDeadline,
        JobEvent::LoseDependency,
        JobEvent::Edit,
        JobEvent::Redrive,
        JobEvent::Delete,
    ];
}

/// What an event does in a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// The job goes on to this state.
    To(JobState),
    /// The state stays; something else is recorded.
    Stay,
    /// The record goes.
    Gone,
    /// It is already so; nothing is recorded.
    Already,
    /// A typed rejection.
    Refuse,
}

use Cell::{Already, Gone, Refuse as No, Stay, To};
use JobState::{Cancelled, Failed, Queued, Retrying, Running, Scheduled, Succeeded};

/// Rows: [`JobState::ALL`]; columns: [`JobEvent::ALL`].
#[rustfmt::skip]
const TABLE: [[Cell; JobEvent::ALL.len()]; JobState::ALL.len()] = [
    //              Release     Postpone       Due         Claim        Succeed        FailWithRetry  FailForGood  AskCancel      HonourCancel   Interrupt   Lose        Snooze         Expire      MissDeadline  LoseDependency  Edit  Redrive     Delete
    /* pending   */ [To(Queued), To(Scheduled), No        , No         , No           , No           , No         , To(Cancelled), No           , No        , No        , No           , To(Failed), To(Failed)  , To(Failed)    , Stay, No        , No    ],
    /* scheduled */ [To(Queued), Stay         , To(Queued), No         , No           , No           , No         , To(Cancelled), No           , No        , No        , No           , To(Failed), To(Failed)  , No            , Stay, No        , No    ],
    /* queued    */ [Already   , To(Scheduled), No        , To(Running), No           , No           , No         , To(Cancelled), No           , No        , No        , No           , To(Failed), To(Failed)  , No            , Stay, No        , No    ],
    /* running   */ [No        , No           , No        , No         , To(Succeeded), To(Retrying) , To(Failed) , Stay         , To(Cancelled), To(Queued), To(Queued), To(Scheduled), No        , Stay        , No            , Stay, No        , No    ],
    /* retrying  */ [To(Queued), Stay         , To(Queued), No         , No           , No           , No         , To(Cancelled), No           , No        , No        , No           , No        , To(Failed)  , No            , Stay, To(Queued), No    ],
    /* succeeded */ [No        , No           , No        , No         , No           , No           , No         , No           , No           , No        , No        , No           , No        , No          , No            , No  , To(Queued), Gone  ],
    /* failed    */ [No        , No           , No        , No         , No           , No           , No         , No           , No           , No        , No        , No           , No        , No          , No            , No  , To(Queued), Gone  ],
    /* cancelled */ [No        , No           , No        , No         , No           , No           , No         , Already      , No           , No        , No        , No           , No        , No          , No            , No  , To(Queued), Gone  ],
];

/// What an event does in a state.
pub fn transition(state: JobState, event: JobEvent) -> Cell {
    TABLE[state as usize][event as usize]
}

/// The page docs/reference/job-life.md: the table with the words around it.
pub fn page() -> String {
    format!(
        "# The life of a job\n\n\
         Made from `callboard-core/src/table.rs` by `cargo run -q -p callboard-core --example job_life`; a test holds\n\
         this page to it. Rows are states, columns are what can happen; a dash is a typed rejection that changes\n\
         nothing. Why a try ended (`errored`, `timed_out`, `cancelled`, `crashed`, `lost`, `interrupted`, `snoozed`) is recorded\n\
         on the attempt. `lost` (the server was gone), `interrupted` (it shut down in order) and `snoozed` use up no\n\
         try. Why a job failed without an attempt (`expired`, `deadline`, `dependency_failed`) is its error's code. A job\n\
         with a `workflowId` is part of that workflow: its end is written into `/workflows/<id>` by the very change that ends it,\n\
         and the workflow decides what follows.\n\n{}",
        markdown()
    )
}

/// The table as Markdown.
fn markdown() -> String {
    let mut text = String::from("| |");
    for event in JobEvent::ALL {
        text.push_str(&format!(" {event:?} |"));
    }
    text.push_str(&format!("\n|---|{}\n", "---|".repeat(JobEvent::ALL.len())));
    for state in JobState::ALL {
        text.push_str(&format!("| **{}** |", state.as_str()));
        for event in JobEvent::ALL {
            let cell = match transition(state, event) {
                To(next) => next.as_str(),
                Stay => "(recorded)",
                Gone => "(gone)",
                Already => "(already so)",
                No => "–",
            };
            text.push_str(&format!(" {cell} |"));
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_columns_are_where_the_table_looks_for_them() {
        for (index, state) in JobState::ALL.into_iter().enumerate() {
            assert_eq!(state as usize, index);
        }
        for (index, event) in JobEvent::ALL.into_iter().enumerate() {
            assert_eq!(event as usize, index);
        }
    }

    #[test]
    fn a_finished_job_moves_only_when_a_person_says_so() {
        // Invariant 5: exactly one terminal transition.
        for state in JobState::ALL.into_iter().filter(|state| state.is_terminal()) {
            for event in JobEvent::ALL {
                let by_hand = matches!(event, JobEvent::Redrive | JobEvent::Delete);
                assert!(by_hand || matches!(transition(state, event), No | Already), "{state:?} {event:?}");
            }
        }
    }

    #[test]
    fn every_unfinished_job_can_be_cancelled() {
        for state in JobState::ALL.into_iter().filter(|state| !state.is_terminal()) {
            assert!(matches!(transition(state, JobEvent::AskCancel), To(Cancelled) | Stay), "{state:?}");
        }
        assert_eq!(transition(Running, JobEvent::HonourCancel), To(Cancelled));
    }
}
