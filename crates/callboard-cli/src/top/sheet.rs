//! What `top` can show: 1 to 7, or their names behind `:` (design: ui 5.4).

/// See the module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sheet {
    /// Jobs and the log of one.
    #[default]
    Jobs,
    /// Everything about the job with the cursor.
    Job,
    /// The board's log.
    Logs,
    /// The kinds that can be run, and what runs of each.
    Executors,
    /// Queues, what waits in them, and what they let through.
    Queues,
    /// How much, how fast, how long.
    Metrics,
    /// What happened.
    History,
}

impl Sheet {
    pub(crate) const ALL: [Sheet; 7] = [
        Sheet::Jobs,
        Sheet::Job,
        Sheet::Logs,
        Sheet::Executors,
        Sheet::Queues,
        Sheet::Metrics,
        Sheet::History,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Sheet::Jobs => "jobs",
            Sheet::Job => "job",
            Sheet::Logs => "logs",
            Sheet::Executors => "executors",
            Sheet::Queues => "queues",
            Sheet::Metrics => "metrics",
            Sheet::History => "history",
        }
    }

    /// The sheet with this name, or the only one whose name begins so.
    pub(crate) fn named(text: &str) -> Option<Sheet> {
        if let Some(whole) = Sheet::ALL.into_iter().find(|sheet| sheet.as_str() == text) {
            return Some(whole);
        }
        // What runs jobs, by the name that it has where it runs elsewhere.
        if "workers".starts_with(text) && !text.is_empty() {
            return Some(Sheet::Executors);
        }
        let mut fitting = Sheet::ALL.into_iter().filter(|sheet| sheet.as_str().starts_with(text));
        let first = fitting.next().filter(|_| !text.is_empty());
        first.filter(|_| fitting.next().is_none())
    }

    /// The sheet of a key from 1 on.
    pub(crate) fn of_key(key: char) -> Option<Sheet> {
        let nth = key.to_digit(10)?.checked_sub(1)?;
        Sheet::ALL.get(nth as usize).copied()
    }

    /// Whether verbs of jobs mean something here.
    pub(crate) fn is_of_jobs(self) -> bool {
        matches!(self, Sheet::Jobs | Sheet::Job)
    }
}
