//! In which form data is written: for people, as JSON, or as lines after a template (design: ui 5.3).

mod fields;
mod template;

pub(crate) use fields::Fields;
pub(crate) use template::Template;

use super::{
    clean::clean,
    output::{Screen, print},
    table::{self, Cell, Column},
};
use crate::{
    failure::Failure,
    globals::Globals,
    preferences::{self, Preferences},
};
use callboard_protocol::{Key, Node, Object};

/// What reads the output.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Form {
    /// A person.
    People,
    /// A program that reads JSON: all members, or those that it named.
    Json(Fields),
    /// A program that reads lines.
    Lines(Template),
}

/// Where a command writes, and in which form.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    pub(crate) form: Form,
    pub(crate) screen: Screen,
}

impl Output {
    pub(crate) fn new(globals: &Globals) -> Output {
        let form = match (&globals.json, &globals.format) {
            (Some(fields), _) => Form::Json(fields.clone()),
            (None, Some(template)) => Form::Lines(template.clone()),
            (None, None) => Form::People,
        };
        let wanted = Preferences::load(preferences::folder(globals.data.clone()).as_deref());
        Output { form, screen: Screen::detect(globals.ascii, wanted.accessible) }
    }

    pub(crate) fn is_json(&self) -> bool {
        matches!(self.form, Form::Json(_))
    }

    /// Whether a person reads it.
    pub(crate) fn is_for_people(&self) -> bool {
        self.form == Form::People
    }

    /// Writes one record for a program. Does nothing for people, and says so with `false`.
    pub(crate) fn record(&self, record: &Node) -> Result<bool, Failure> {
        match &self.form {
            Form::People => return Ok(false),
            Form::Json(fields) => print(&fields.pick(record).to_string())?,
            Form::Lines(template) => print(&self.cleaned(&template.render(record)))?,
        }
        Ok(true)
    }

    /// Writes a list for a program: `{"v":1,"NAME":[...]}`, or a line for each. `false` for people.
    pub(crate) fn records(&self, name: &str, records: &[Node]) -> Result<bool, Failure> {
        match &self.form {
            Form::Json(fields) => {
                let picked: Vec<Node> = records.iter().map(|record| fields.pick(record)).collect();
                let members = [(Key::constant("v"), Node::from(1u32)), (Key::new(name), Node::from(picked))];
                print(&Node::from(members.into_iter().collect::<Object>()).to_string())?;
                Ok(true)
            }
            _ => records.iter().try_fold(!self.is_for_people(), |_, record| self.record(record)),
        }
    }

    /// Writes a table for people: cut to the terminal, whole where there is none.
    pub(crate) fn table(&self, columns: &[&Column], rows: &[Vec<Cell>]) -> Result<(), Failure> {
        let width = self.screen.out_is_terminal.then_some(self.screen.width);
        table::lines(columns, rows, width).iter().try_for_each(|line| print(line.trim_end()))
    }

    /// What stands where there is nothing to say.
    pub(crate) fn nothing(&self) -> &'static str {
        if self.screen.unicode { "–" } else { "-" }
    }

    fn cleaned(&self, text: &str) -> String {
        match self.screen.out_is_terminal {
            true => text.split('\n').map(clean).collect::<Vec<_>>().join("\n"),
            false => text.to_owned(),
        }
    }
}
