//! The columns of the table of jobs: the usual ones, as many as there is room for, or those that somebody chose
//! (design: ui 5.4).

use serde::{Deserialize, Deserializer, Serialize};

/// A column, named as in `ps --columns`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Column {
    Job,
    Kind,
    Queue,
    Progress,
    Percent,
    Try,
    Age,
    Eta,
    Priority,
    Parent,
    Workflow,
    Tags,
    By,
    Title,
    Status,
}

use Column::*;

impl Column {
    /// In the order in which they are shown.
    pub(crate) const ALL: [Column; 15] = [
        Job, Kind, Queue, Progress, Percent, Try, Age, Eta, Priority, Parent, Workflow, Tags, By, Title,
        Status,
    ];

    /// Its heading.
    pub(crate) fn heading(self) -> &'static str {
        match self {
            Job => "JOB",
            Kind => "KIND",
            Queue => "QUEUE",
            Progress => "PROGRESS",
            Percent => "%",
            Try => "TRY",
            Age => "AGE",
            Eta => "ETA",
            Priority => "PRIORITY",
            Parent => "PARENT",
            Workflow => "WORKFLOW",
            Tags => "TAGS",
            By => "BY",
            Title => "TITLE",
            Status => "STATUS",
        }
    }

    /// What is in it, for who chooses.
    pub(crate) fn about(self) -> &'static str {
        match self {
            Job => "the id; always there",
            Kind => "what it does",
            Queue => "where it waits",
            Progress => "a bar",
            Percent => "how far it is",
            Try => "the attempt, of how many",
            Age => "since it was dispatched",
            Eta => "until it is done",
            Priority => "lower is first",
            Parent => "the job that made it",
            Workflow => "the one that it is a step of",
            Tags => "",
            By => "who dispatched it",
            Title => "",
            Status => "what it says",
        }
    }

    /// Whether it is there without being asked for, on a terminal of so many columns.
    pub(crate) fn is_usual(self, width: u16) -> bool {
        match self {
            Job | Kind | Percent | Eta | Status => true,
            Queue => width >= 90,
            Progress => width >= 100,
            Try => width >= 72,
            Age | Priority | Parent | Workflow | Tags | By | Title => false,
        }
    }

    /// Its columns; the two that take what is left need so many at least.
    pub(crate) fn width(self, width: u16) -> u16 {
        match self {
            Job | Parent => 13,
            Kind if width < 80 => 12,
            Kind | Workflow | Tags => 16,
            Queue | Priority => 8,
            Progress => 20,
            Percent => 4,
            Try | Age => 5,
            Eta => 6,
            By => 14,
            Title | Status => 10,
        }
    }

    /// Whether it takes what is left.
    pub(crate) fn is_wide(self) -> bool {
        matches!(self, Title | Status)
    }

    pub(crate) fn is_right(self) -> bool {
        matches!(self, Percent | Try | Age | Eta | Priority)
    }
}

/// Those to show on a terminal of so many columns, `taken` of which are something else's; none chosen: the usual ones.
/// What is chosen and has no room is left away from the right.
pub(crate) fn shown(chosen: &[Column], width: u16, taken: u16) -> Vec<Column> {
    if chosen.is_empty() {
        return Column::ALL.into_iter().filter(|column| column.is_usual(width)).collect();
    }
    let mut room = width.saturating_sub(taken);
    let mut fits = |column: &Column| {
        let wanted = column.width(width) + 1;
        let fits = wanted <= room || *column == Job;
        room = if fits { room.saturating_sub(wanted) } else { 0 };
        fits
    };
    Column::ALL
        .into_iter()
        .filter(|column| chosen.contains(column))
        .take_while(|column| fits(column))
        .collect()
}

/// Whether it is among those chosen; none chosen: among the usual ones.
pub(crate) fn is_chosen(chosen: &[Column], column: Column) -> bool {
    if chosen.is_empty() { column.is_usual(u16::MAX) } else { chosen.contains(&column) }
}

/// The choice with this one in it, or without it; the usual ones are no choice.
pub(crate) fn toggled(chosen: &[Column], column: Column) -> Vec<Column> {
    let usual = |column: &Column| column.is_usual(u16::MAX);
    let wanted = |one: &Column| *one == Job || is_chosen(chosen, *one) != (*one == column);
    let now: Vec<Column> = Column::ALL.into_iter().filter(wanted).collect();
    if now.iter().copied().eq(Column::ALL.into_iter().filter(usual)) { Vec::new() } else { now }
}

/// Those that this version knows, in whatever a file has.
pub(crate) fn known<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Column>, D::Error> {
    let value = serde_json::Value::deserialize(from)?;
    let names = value.as_array().map(Vec::as_slice).unwrap_or_default();
    Ok(names.iter().filter_map(|name| Column::deserialize(name).ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_ones_are_those_that_there_is_room_for() {
        assert_eq!(shown(&[], 60, 4), [Job, Kind, Percent, Eta, Status]);
        assert_eq!(shown(&[], 100, 4), [Job, Kind, Queue, Progress, Percent, Try, Eta, Status]);
    }

    #[test]
    fn what_is_chosen_is_shown_in_its_order_as_far_as_it_fits() {
        assert_eq!(shown(&[Tags, Job, Age], 60, 4), [Job, Age, Tags]);
        assert_eq!(shown(&Column::ALL, 60, 4), [Job, Kind, Queue]);
        assert_eq!(shown(&Column::ALL, 300, 4), Column::ALL);
        assert_eq!(shown(&[Job, Kind], 1, 4), [Job]);
    }

    #[test]
    fn a_choice_goes_on_from_the_usual_ones_and_back_to_them() {
        let with_age = toggled(&[], Age);
        assert_eq!(with_age, [Job, Kind, Queue, Progress, Percent, Try, Age, Eta, Status]);
        assert_eq!(toggled(&with_age, Age), []);
        assert_eq!(toggled(&[Job, Age], Job), [Job, Age]);
        assert_eq!(toggled(&[Job, Age], Age), [Job]);
    }
}
