//! Places in the templates of a recipe: `${input.x}`, `${steps.ID.result.x}`, and what is there when a step starts.

use callboard_protocol::Node;
use std::fmt;

/// What the text between `${` and `}` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// `input`, or below it.
    Input(Vec<String>),
    /// `steps.ID.result`, or below it.
    Result(String, Vec<String>),
    /// `steps.ID.state`.
    State(String),
    /// `steps.ID.error`: its sentence.
    Error(String),
    /// `item`, or below it: of the step's list.
    Item(Vec<String>),
    /// `index`: of the item, from 0.
    Index,
    /// `result`, or below it: what the job returned that is to be undone.
    Own(Vec<String>),
    /// `workflow.id` or `workflow.name`.
    Workflow(&'static str),
}

/// What the places of one job are filled from.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    /// The record of the workflow.
    pub(crate) workflow: &'a Node,
    /// The item of the step's list, and its index.
    pub(crate) item: Option<(&'a Node, u32)>,
    /// What is to be undone.
    pub(crate) own: Option<&'a Node>,
}

/// What there is, for a message.
const THERE_ARE: &str = "there are ${input.NAME}, ${steps.ID.result.NAME}, ${steps.ID.state}, ${steps.ID.error}, \
                         ${item} and ${index} in a step with forEach, ${result} in a compensation, ${workflow.id} \
                         and ${workflow.name}";

impl Place {
    /// Reads the text between `${` and `}`.
    ///
    /// # Errors
    /// A sentence.
    pub(crate) fn parse(text: &str) -> Result<Place, String> {
        let names: Vec<&str> = text.trim().split('.').collect();
        if names.iter().any(|name| name.is_empty()) {
            return Err(format!("${{{text}}} has an empty name in it; {THERE_ARE}"));
        }
        let below = |from: usize| names[from..].iter().map(|name| (*name).to_owned()).collect();
        Ok(match &names[..] {
            ["input", ..] => Place::Input(below(1)),
            ["steps", id, "result", ..] => Place::Result((*id).into(), below(3)),
            ["steps", id, "state"] => Place::State((*id).into()),
            ["steps", id, "error"] => Place::Error((*id).into()),
            ["item", ..] => Place::Item(below(1)),
            ["index"] => Place::Index,
            ["result", ..] => Place::Own(below(1)),
            ["workflow", "id"] => Place::Workflow("id"),
            ["workflow", "name"] => Place::Workflow("name"),
            _ => return Err(format!("${{{text}}} names nothing; {THERE_ARE}")),
        })
    }

    /// The step that it looks at.
    pub(crate) fn step(&self) -> Option<&str> {
        match self {
            Place::Result(step, _) | Place::State(step) | Place::Error(step) => Some(step),
            _ => None,
        }
    }

    /// What is there.
    ///
    /// # Errors
    /// A sentence that names the first member which is missing.
    pub(crate) fn value(&self, scope: &Scope<'_>) -> Result<Node, String> {
        let member = |name: &str| scope.workflow.child(name);
        let of_step = |id: &str, field: &str| member("steps").and_then(|steps| steps.child(id)?.child(field));
        let nothing = Node::Null;
        match self {
            Place::Input(path) => find("input", member("input").unwrap_or(&nothing), path),
            // A step that was skipped, failed or returned nothing has the result `null`.
            Place::Result(id, path) => {
                find(&format!("steps.{id}.result"), of_step(id, "result").unwrap_or(&nothing), path)
            }
            Place::State(id) => Ok(of_step(id, "state").cloned().unwrap_or_default()),
            Place::Error(id) => {
                Ok(of_step(id, "error").and_then(|error| error.child("message")).cloned().unwrap_or_default())
            }
            Place::Item(path) => find("item", scope.item.map_or(&nothing, |(item, _)| item), path),
            Place::Index => Ok(scope.item.map_or(Node::Null, |(_, index)| index.into())),
            Place::Own(path) => find("result", scope.own.unwrap_or(&nothing), path),
            Place::Workflow(name) => Ok(member(name).cloned().unwrap_or_default()),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (root, path): (String, &[String]) = match self {
            Place::Input(path) => ("input".into(), path),
            Place::Result(id, path) => (format!("steps.{id}.result"), path),
            Place::State(id) => (format!("steps.{id}.state"), &[]),
            Place::Error(id) => (format!("steps.{id}.error"), &[]),
            Place::Item(path) => ("item".into(), path),
            Place::Index => ("index".into(), &[]),
            Place::Own(path) => ("result".into(), path),
            Place::Workflow(name) => (format!("workflow.{name}"), &[]),
        };
        formatter.write_str(&root)?;
        path.iter().try_for_each(|name| write!(formatter, ".{name}"))
    }
}

fn find(root: &str, from: &Node, path: &[String]) -> Result<Node, String> {
    let mut node = from;
    for (depth, name) in path.iter().enumerate() {
        node = node.child(name).ok_or_else(|| {
            let shown: Vec<&str> =
                std::iter::once(root).chain(path[..=depth].iter().map(String::as_str)).collect();
            format!("{} is missing", shown.join("."))
        })?;
    }
    Ok(node.clone())
}
