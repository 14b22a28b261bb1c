//! What a workflow is to do.

use crate::{Node, job::RetryPolicy};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What happens to the workflow when a step fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum OnFailure {
    /// It fails: what runs is stopped, what was done is undone.
    #[default]
    Fail,
    /// It goes on as if the step had ended well, without a result.
    Continue,
}

/// A job that undoes what a step did. Its templates also find the step's own result as `${result}`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Compensation {
    /// What is to run it.
    pub kind: String,
    /// Its input, with templates; `{}` when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub args: Option<Node>,
    /// Where it waits; that of the step when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub queue: Option<String>,
    /// Tries before it fails; 1 when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub max_attempts: Option<u32>,
    /// Delays between tries.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub retry: Option<RetryPolicy>,
    /// Longest time of one attempt, ms.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional, type = "number")]
    pub timeout_ms: Option<u64>,
}

/// One step: a job, or one for each item of a list.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Step {
    /// Its name: letters, digits, `_` and `-`, at most [`crate::caps::STEP_ID_BYTES`].
    pub id: String,
    /// What is to run it.
    pub kind: String,
    /// Its input, with templates: `${input.x}`, `${steps.ID.result.x}`, `${item}`; `{}` when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub args: Option<Node>,
    /// Steps that must have ended before it may start. Those that its templates name are needed as well.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub needs: Vec<String>,
    /// A condition such as `${steps.a.result.size} > 10`; when it is false, the step is skipped.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub when: Option<String>,
    /// A list, or a template that names one: a job for each item, which templates find as `${item}` and `${index}`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub for_each: Option<Node>,
    /// Where its jobs wait; `default` when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub queue: Option<String>,
    /// Lower runs first; 0 when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub priority: Option<i32>,
    /// Jobs of a queue that share this key share limits, and keys take turns.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub concurrency_key: Option<String>,
    /// For people; the workflow's name and the step's when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub title: Option<String>,
    /// Tries of each job before it fails; 1 when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub max_attempts: Option<u32>,
    /// Delays between tries.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub retry: Option<RetryPolicy>,
    /// Longest time of one attempt, ms.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional, type = "number")]
    pub timeout_ms: Option<u64>,
    /// What happens to the workflow when it fails; `fail` when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub on_failure: Option<OnFailure>,
    /// What undoes it when the workflow fails or is cancelled later; for each of its jobs that succeeded.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub compensate: Option<Compensation>,
}

/// A recipe: steps that need each other, without a circle.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Recipe {
    /// For people.
    pub name: String,
    /// Its steps, in any order.
    pub steps: Vec<Step>,
    /// What templates find under `input` unless the start says otherwise: an object.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub input: Option<Node>,
    /// The longest time for all steps together, ms; a retry has it anew.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional, type = "number")]
    pub deadline_ms: Option<u64>,
}

/// Something wrong with a recipe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// Where in the recipe, as a JSON pointer: `/steps/2/needs/0`.
    pub path: String,
    /// In which step.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub step: Option<String>,
    /// What, and what to do.
    pub message: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.step {
            Some(step) => write!(formatter, "step {step:?}: {}", self.message),
            None => formatter.write_str(&self.message),
        }
    }
}

impl Recipe {
    /// A recipe without steps.
    ///
    /// ```
    /// use callboard_protocol::{Node, workflow::{Recipe, Step}};
    ///
    /// let fetch = Step::new("fetch", "http.download").arg("url", "${input.url}");
    /// let check = Step::new("check", "checksum").arg("path", "${steps.fetch.result.path}");
    /// let recipe = Recipe::new("mirror").input("url", "http://localhost/a.zip").step(fetch).step(check);
    /// assert_eq!(recipe.steps.len(), 2);
    /// ```
    pub fn new(name: impl Into<String>) -> Self {
        Recipe { name: name.into(), ..Recipe::default() }
    }

    /// Adds a step.
    #[must_use]
    pub fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// Sets the longest time for all steps together, ms.
    #[must_use]
    pub fn deadline_ms(self, deadline_ms: u64) -> Self {
        Recipe { deadline_ms: Some(deadline_ms), ..self }
    }

    /// Sets a member of the usual input.
    #[must_use]
    pub fn input(mut self, name: &str, value: impl Into<Node>) -> Self {
        put(&mut self.input, name, value.into());
        self
    }
}

impl Step {
    /// A step that runs a job of this kind.
    pub fn new(id: impl Into<String>, kind: impl Into<String>) -> Self {
        Step { id: id.into(), kind: kind.into(), ..Step::default() }
    }

    /// Sets a member of its arguments.
    #[must_use]
    pub fn arg(mut self, name: &str, value: impl Into<Node>) -> Self {
        put(&mut self.args, name, value.into());
        self
    }

    /// Adds steps that must have ended before it may start.
    #[must_use]
    pub fn needs<I: Into<String>>(mut self, steps: impl IntoIterator<Item = I>) -> Self {
        self.needs.extend(steps.into_iter().map(Into::into));
        self
    }

    /// Sets the condition without which it is skipped.
    #[must_use]
    pub fn when(self, condition: impl Into<String>) -> Self {
        Step { when: Some(condition.into()), ..self }
    }

    /// Makes it a job for each item of a list, or of what a template names.
    #[must_use]
    pub fn for_each(self, list: impl Into<Node>) -> Self {
        Step { for_each: Some(list.into()), ..self }
    }

    /// Sets how often each job is tried.
    #[must_use]
    pub fn max_attempts(self, tries: u32) -> Self {
        Step { max_attempts: Some(tries), ..self }
    }

    /// Lets the workflow go on when it fails.
    #[must_use]
    pub fn or_continue(self) -> Self {
        Step { on_failure: Some(OnFailure::Continue), ..self }
    }

    /// Sets what undoes it.
    #[must_use]
    pub fn compensate(self, undo: Compensation) -> Self {
        Step { compensate: Some(undo), ..self }
    }
}

impl Compensation {
    /// A job of this kind.
    pub fn new(kind: impl Into<String>) -> Self {
        Compensation { kind: kind.into(), ..Compensation::default() }
    }

    /// Sets a member of its arguments.
    #[must_use]
    pub fn arg(mut self, name: &str, value: impl Into<Node>) -> Self {
        put(&mut self.args, name, value.into());
        self
    }
}

fn put(object: &mut Option<Node>, name: &str, value: Node) {
    let mut members = object.take().and_then(|node| node.as_object().cloned()).unwrap_or_default();
    members.insert(name.into(), value);
    *object = Some(members.into());
}
