//! What a query can ask about, and where a record has it.

use callboard_protocol::{Node, Object, Time, from_node};

/// A field and how its values are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    State,
    Text(TextField),
    Number(NumberField),
    Length(LengthField),
    Moment(MomentField),
    /// A value within the input (`args`) or the result, by the member of the record.
    Value(&'static str),
}

/// Texts of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextField {
    Id,
    Kind,
    Queue,
    Worker,
    Tag,
    Workflow,
    Schedule,
    Parent,
    By,
    Title,
    Error,
}

/// Numbers of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NumberField {
    Attempt,
    Priority,
}

/// Lengths of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LengthField {
    /// Since it was accepted.
    Age,
    /// From the start of its current or last attempt to its end, or until now while it runs.
    Took,
}

/// Points in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MomentField {
    Created,
    Started,
    Finished,
    Due,
}

/// Every field by its name.
const FIELDS: [(&str, Field); 22] = [
    ("state", Field::State),
    ("kind", Field::Text(TextField::Kind)),
    ("queue", Field::Text(TextField::Queue)),
    ("id", Field::Text(TextField::Id)),
    ("tag", Field::Text(TextField::Tag)),
    ("title", Field::Text(TextField::Title)),
    ("error", Field::Text(TextField::Error)),
    ("worker", Field::Text(TextField::Worker)),
    ("workflow", Field::Text(TextField::Workflow)),
    ("schedule", Field::Text(TextField::Schedule)),
    ("parent", Field::Text(TextField::Parent)),
    ("by", Field::Text(TextField::By)),
    ("priority", Field::Number(NumberField::Priority)),
    ("attempt", Field::Number(NumberField::Attempt)),
    ("age", Field::Length(LengthField::Age)),
    ("took", Field::Length(LengthField::Took)),
    ("created", Field::Moment(MomentField::Created)),
    ("started", Field::Moment(MomentField::Started)),
    ("finished", Field::Moment(MomentField::Finished)),
    ("due", Field::Moment(MomentField::Due)),
    ("args", Field::Value("args")),
    ("result", Field::Value("result")),
];

impl Field {
    /// The field with this name; for a value behind it come the names on the way to what is within.
    pub(super) fn named(name: &str) -> Option<Field> {
        let head = name.split('.').next().unwrap_or_default();
        let known = if head == "payload" { "args" } else { head };
        let (_, field) = FIELDS.iter().find(|(name, _)| *name == known)?;
        // Only values have something within.
        (head == name || matches!(field, Field::Value(_))).then_some(*field)
    }

    /// All names, for people.
    pub(super) fn names() -> String {
        let names = FIELDS.map(|(name, field)| match field {
            Field::Value(_) => format!("{name}.NAME"),
            _ => name.to_owned(),
        });
        names.join(", ")
    }
}

impl TextField {
    /// Whether it is a sentence, in which one looks for words, and not a name.
    pub(super) fn is_prose(self) -> bool {
        matches!(self, TextField::Title | TextField::Error)
    }

    /// Whether one of its texts fits.
    pub(super) fn any(self, record: &Node, fits: &dyn Fn(&str) -> bool) -> bool {
        let member = |name: &str| record.child(name).and_then(Node::as_str).is_some_and(fits);
        match self {
            TextField::Id => member("id"),
            TextField::Kind => member("kind"),
            TextField::Queue => member("queue"),
            TextField::Worker => member("worker"),
            TextField::Workflow => member("workflowId"),
            TextField::Schedule => member("scheduleId"),
            TextField::Parent => member("parentId"),
            TextField::By => member("createdBy"),
            TextField::Title => member("title"),
            TextField::Tag => any_text(record.child("tags"), fits),
            TextField::Error => any_text(record.child("error"), fits),
        }
    }
}

/// Whether one of the texts that people read of a job fits.
pub(super) fn anywhere(record: &Node, fits: &dyn Fn(&str) -> bool) -> bool {
    const FIELDS: [TextField; 6] = [
        TextField::Id,
        TextField::Kind,
        TextField::Queue,
        TextField::Title,
        TextField::Tag,
        TextField::Error,
    ];
    FIELDS.iter().any(|field| field.any(record, fits))
        || record.at("/progress/message").and_then(Node::as_str).is_some_and(fits)
        || any_text(record.child("args"), fits)
}

/// Whether one of the texts within a value fits.
pub(super) fn any_text(node: Option<&Node>, fits: &dyn Fn(&str) -> bool) -> bool {
    match node {
        Some(Node::String(text)) => fits(text),
        Some(Node::Array(items)) => items.iter().any(|item| any_text(Some(item), fits)),
        Some(Node::Object(members)) => Object::iter(members).any(|(_, value)| any_text(Some(value), fits)),
        _ => false,
    }
}

impl NumberField {
    pub(super) fn read(self, record: &Node) -> Option<f64> {
        let name = match self {
            NumberField::Attempt => "attempt",
            NumberField::Priority => "priority",
        };
        record.child(name).and_then(Node::as_f64)
    }
}

impl LengthField {
    /// Milliseconds.
    pub(super) fn read(self, record: &Node, now: Time) -> Option<f64> {
        let at = |name: &str| time(record, name);
        let (from, until) = match self {
            LengthField::Age => (at("createdAt")?, now),
            LengthField::Took => {
                let runs = record.child("state").and_then(Node::as_str) == Some("running");
                (at("startedAt")?, if runs { now } else { at("finishedAt")? })
            }
        };
        Some(until.since_ms(from) as f64)
    }
}

impl MomentField {
    pub(super) fn read(self, record: &Node) -> Option<Time> {
        let name = match self {
            MomentField::Created => "createdAt",
            MomentField::Started => "startedAt",
            MomentField::Finished => "finishedAt",
            MomentField::Due => "scheduledAt",
        };
        time(record, name)
    }
}

fn time(record: &Node, name: &str) -> Option<Time> {
    from_node(record.child(name)?).ok()
}
