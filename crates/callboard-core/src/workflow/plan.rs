//! A recipe that was read: who needs whom, and templates and conditions in a form that can be filled.

use super::{condition::Condition, place::Place, template::Template};
use crate::check;
use callboard_protocol::{
    Node, caps,
    error::Rejection,
    job::{RetryPolicy, check_duration, check_id, check_key},
    workflow::{Problem, Recipe, Step},
};
use std::collections::{BTreeSet, HashMap};

/// See the module.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) steps: Vec<PlannedStep>,
    by_id: HashMap<String, usize>,
}

#[derive(Debug)]
pub(crate) struct PlannedStep {
    /// As it was written.
    pub(crate) step: Step,
    /// What must have ended before: those it names, and those that its templates look at.
    pub(crate) needs: BTreeSet<usize>,
    pub(crate) when: Option<Condition>,
    pub(crate) list: Option<Template>,
    pub(crate) args: Template,
    pub(crate) undo: Option<Template>,
    /// Whether somebody reads its result.
    pub(crate) is_read: bool,
    /// Whether no step needs it.
    pub(crate) is_last: bool,
}

/// Looks through a recipe and tells everything that is wrong with it, at most [`caps::RECIPE_PROBLEMS`].
///
/// # Errors
/// The problems, in the order of the recipe; nothing of it can be started.
pub fn check_recipe(recipe: &Recipe) -> Result<(), Vec<Problem>> {
    Plan::of(recipe).map(drop)
}

impl Plan {
    /// Reads a recipe.
    pub(crate) fn of(recipe: &Recipe) -> Result<Plan, Vec<Problem>> {
        let mut reader = Reader::default();
        reader.whole(recipe);
        let mut by_id = HashMap::new();
        for (index, step) in recipe.steps.iter().enumerate() {
            if by_id.insert(step.id.clone(), index).is_some() {
                reader.tell(step, format!("/steps/{index}/id"), "another step has this id already".into());
            }
        }
        let mut steps: Vec<PlannedStep> = Vec::new();
        // More are refused; there is no reason to look at them.
        for (index, step) in recipe.steps.iter().take(caps::STEPS).enumerate() {
            steps.push(reader.step(step, index, &by_id));
        }
        let mut plan = Plan { steps, by_id };
        if reader.problems.is_empty() {
            reader.circle(&plan);
        }
        if reader.problems.is_empty() {
            plan.connect(&mut reader);
        }
        reader.problems.truncate(caps::RECIPE_PROBLEMS);
        if reader.problems.is_empty() { Ok(plan) } else { Err(reader.problems) }
    }

    /// The step with this id.
    pub(crate) fn step(&self, id: &str) -> Option<&PlannedStep> {
        self.by_id.get(id).and_then(|index| self.steps.get(*index))
    }

    /// Finds out whose results are read, and whether what undoes a step looks only at what has ended by then.
    fn connect(&mut self, reader: &mut Reader) {
        let (mut read, mut needed) = (BTreeSet::new(), BTreeSet::new());
        for index in 0..self.steps.len() {
            let planned = &self.steps[index];
            needed.extend(planned.needs.iter().copied());
            for place in planned.places() {
                if let Place::Result(id, _) = place {
                    read.extend(self.by_id.get(id));
                }
            }
            let Some(undo) = &planned.undo else { continue };
            let mut places = Vec::new();
            undo.places(&mut places);
            let before = self.before(index);
            for place in places {
                if matches!(place, Place::Own(_)) {
                    read.insert(index);
                }
                let Some(id) = place.step() else { continue };
                if matches!(place, Place::Result(..)) {
                    read.extend(self.by_id.get(id));
                }
                if id != planned.step.id && !self.by_id.get(id).is_some_and(|other| before.contains(other)) {
                    let message =
                        format!("compensate: ${{{place}}} looks at a step that this one does not need");
                    reader.tell(&planned.step, format!("/steps/{index}/compensate/args"), message);
                }
            }
        }
        for (index, planned) in self.steps.iter_mut().enumerate() {
            planned.is_read = read.contains(&index);
            planned.is_last = !needed.contains(&index);
        }
    }

    /// All steps that have ended when this one starts.
    fn before(&self, index: usize) -> BTreeSet<usize> {
        let (mut found, mut open) = (BTreeSet::new(), vec![index]);
        while let Some(index) = open.pop() {
            let needs = self.steps.get(index).into_iter().flat_map(|planned| &planned.needs);
            open.extend(needs.filter(|need| found.insert(**need)));
        }
        found
    }
}

impl PlannedStep {
    /// The places that must be known when it starts.
    fn places(&self) -> Vec<&Place> {
        let mut places = Vec::new();
        self.args.places(&mut places);
        self.list.iter().for_each(|list| list.places(&mut places));
        self.when.iter().for_each(|when| when.places(&mut places));
        places
    }
}

#[derive(Default)]
struct Reader {
    problems: Vec<Problem>,
}

impl Reader {
    fn tell(&mut self, step: &Step, path: String, message: String) {
        let id: String = step.id.chars().take(caps::STEP_ID_BYTES).collect();
        self.problems.push(Problem { path, step: Some(id).filter(|id| !id.is_empty()), message });
    }

    /// What is wrong with the recipe as a whole.
    fn whole(&mut self, recipe: &Recipe) {
        let mut tell = |path: &str, message: String| {
            self.problems.push(Problem { path: path.into(), step: None, message });
        };
        if recipe.name.is_empty() || recipe.name.len() > caps::ID_BYTES {
            tell("/name", format!("name: it must have 1 to {} bytes", caps::ID_BYTES));
        }
        if recipe.steps.is_empty() {
            tell("/steps", "steps: there is none; a recipe has at least one".into());
        }
        if recipe.steps.len() > caps::STEPS {
            let message = "forEach makes many jobs of one step";
            tell("/steps", format!("steps: {} are more than {}; {message}", recipe.steps.len(), caps::STEPS));
        }
        if let Err(rejection) = check_duration("deadlineMs", recipe.deadline_ms) {
            tell("/deadlineMs", rejection.message);
        }
        if recipe.input.as_ref().is_some_and(|input| input.as_object().is_none()) {
            tell("/input", "input: it must be an object".into());
        }
    }

    fn step(&mut self, step: &Step, index: usize, by_id: &HashMap<String, usize>) -> PlannedStep {
        let at = |field: &str| format!("/steps/{index}/{field}");
        self.names(step, &at);
        self.limits(step, &at);
        let empty = Node::object();
        let mut told = Vec::new();
        let mut read = |field: &str, node: &Node| {
            Template::read(node, &mut |path, message| {
                let name = format!("{field}{}", path.replace('/', "."));
                told.push((
                    format!("/steps/{index}/{}{path}", field.replace('.', "/")),
                    format!("{name}: {message}"),
                ));
            })
        };
        let args = read("args", step.args.as_ref().unwrap_or(&empty));
        let list = step.for_each.as_ref().map(|list| read("forEach", list));
        let undo = step
            .compensate
            .as_ref()
            .map(|undo| read("compensate.args", undo.args.as_ref().unwrap_or(&empty)));
        for (path, message) in told {
            self.tell(step, path, message);
        }
        let when = step.when.as_ref().and_then(|text| match Condition::parse(text) {
            Ok(condition) => Some(condition),
            Err(message) => {
                self.tell(step, at("when"), format!("when: {message}"));
                None
            }
        });
        self.list(step, &list, &at);
        let planned = PlannedStep {
            step: step.clone(),
            needs: BTreeSet::new(),
            when,
            list,
            args,
            undo,
            is_read: false,
            is_last: false,
        };
        let needs = self.needs(&planned, index, by_id);
        PlannedStep { needs, ..planned }
    }

    /// The steps that it needs, and whether its places are of things that are there.
    fn needs(
        &mut self,
        planned: &PlannedStep,
        index: usize,
        by_id: &HashMap<String, usize>,
    ) -> BTreeSet<usize> {
        let step = &planned.step;
        let mut needs = BTreeSet::new();
        for (nth, id) in step.needs.iter().enumerate() {
            match by_id.get(id) {
                Some(need) => drop(needs.insert(*need)),
                None => {
                    let message = format!("needs: there is no step {:?}{}", short(id), there_are(by_id));
                    self.tell(step, format!("/steps/{index}/needs/{nth}"), message);
                }
            }
        }
        let mut fields = vec![
            ("args", Vec::new()),
            ("forEach", Vec::new()),
            ("when", Vec::new()),
            ("compensate", Vec::new()),
        ];
        planned.args.places(&mut fields[0].1);
        planned.list.iter().for_each(|list| list.places(&mut fields[1].1));
        planned.when.iter().for_each(|when| when.places(&mut fields[2].1));
        planned.undo.iter().for_each(|undo| undo.places(&mut fields[3].1));
        for (field, places) in fields {
            for place in places {
                let message = match place {
                    Place::Item(_) | Place::Index if planned.list.is_none() => {
                        "the step has no forEach".to_owned()
                    }
                    Place::Item(_) | Place::Index if matches!(field, "forEach" | "when") => {
                        "there is no item yet: the step is asked once, before its list".to_owned()
                    }
                    Place::Own(_) if field != "compensate" => {
                        "only a compensation has the result of its step".to_owned()
                    }
                    _ => match place.step().map(|id| (id, by_id.get(id))) {
                        Some((id, None)) => format!("there is no step {:?}{}", short(id), there_are(by_id)),
                        Some((_, Some(need))) if field != "compensate" => {
                            needs.insert(*need);
                            continue;
                        }
                        _ => continue,
                    },
                };
                self.tell(
                    step,
                    format!("/steps/{index}/{field}"),
                    format!("{field}: ${{{place}}}: {message}"),
                );
            }
        }
        needs
    }

    fn names(&mut self, step: &Step, at: &dyn Fn(&str) -> String) {
        let fits = step.id.len() <= caps::STEP_ID_BYTES && !step.id.contains(['.', ':']);
        if !fits || check_id("id", &step.id).is_err() {
            let message = format!(
                "id: {:?} must be 1 to {} letters, digits, '_' or '-', not only digits",
                short(&step.id),
                caps::STEP_ID_BYTES
            );
            self.tell(step, at("id"), message);
        }
        let undo = step.compensate.as_ref();
        self.refused(step, at("kind"), check_id("kind", &step.kind));
        self.refused(step, at("queue"), step.queue.as_ref().map_or(Ok(()), |queue| check_id("queue", queue)));
        let key = step.concurrency_key.as_ref();
        self.refused(step, at("concurrencyKey"), key.map_or(Ok(()), |key| check_key("concurrencyKey", key)));
        if let Some(undo) = undo {
            self.refused(step, at("compensate/kind"), check_id("compensate.kind", &undo.kind));
            let queue = undo.queue.as_ref();
            self.refused(
                step,
                at("compensate/queue"),
                queue.map_or(Ok(()), |queue| check_id("compensate.queue", queue)),
            );
        }
    }

    fn limits(&mut self, step: &Step, at: &dyn Fn(&str) -> String) {
        self.refused(step, at("priority"), check::priority(step.priority));
        self.tries(step, at, "", (step.max_attempts, step.retry.as_ref(), step.timeout_ms));
        if let Some(undo) = &step.compensate {
            self.tries(step, at, "compensate/", (undo.max_attempts, undo.retry.as_ref(), undo.timeout_ms));
        }
    }

    fn tries(
        &mut self,
        step: &Step,
        at: &dyn Fn(&str) -> String,
        below: &str,
        (attempts, retry, timeout): (Option<u32>, Option<&RetryPolicy>, Option<u64>),
    ) {
        self.refused(step, at(&format!("{below}maxAttempts")), check::attempts(attempts));
        self.refused(step, at(&format!("{below}retry")), retry.map_or(Ok(()), check::retry));
        self.refused(step, at(&format!("{below}timeoutMs")), check_duration("timeoutMs", timeout));
    }

    fn list(&mut self, step: &Step, list: &Option<Template>, at: &dyn Fn(&str) -> String) {
        let message = match list {
            None | Some(Template::Whole(_)) => return,
            Some(Template::Array(items)) if items.len() <= caps::STEP_ITEMS => return,
            Some(Template::Constant(Node::Array(items))) if items.len() <= caps::STEP_ITEMS => return,
            Some(Template::Array(_) | Template::Constant(Node::Array(_))) => {
                format!("forEach: a list has at most {} items", caps::STEP_ITEMS)
            }
            Some(_) => "forEach: it must be a list, or a template that is nothing but one place".into(),
        };
        self.tell(step, at("forEach"), message);
    }

    fn refused(&mut self, step: &Step, path: String, checked: Result<(), Rejection>) {
        if let Err(rejection) = checked {
            self.tell(step, path, rejection.message);
        }
    }

    /// Finds a circle and names the steps on it.
    fn circle(&mut self, plan: &Plan) {
        // A step is taken away once all that it needs are gone; what is left needs itself.
        let mut left: BTreeSet<usize> = (0..plan.steps.len()).collect();
        while let Some(free) = left.iter().copied().find(|index| plan.steps[*index].needs.is_disjoint(&left))
        {
            left.remove(&free);
        }
        let Some(first) = left.first() else { return };
        let (mut way, mut here) = (vec![*first], *first);
        while let Some(next) = plan.steps[here].needs.iter().find(|need| left.contains(need)) {
            if let Some(start) = way.iter().position(|seen| seen == next) {
                way.drain(..start);
                break;
            }
            way.push(*next);
            here = *next;
        }
        let name = |index: &usize| plan.steps[*index].step.id.as_str();
        let mut names: Vec<&str> = way.iter().map(name).collect();
        names.extend(way.first().map(name));
        let message = format!("needs: these steps need each other in a circle: {}", names.join(" -> "));
        let at = way.first().copied().unwrap_or_default();
        self.tell(&plan.steps[at].step, format!("/steps/{at}/needs"), message);
    }
}

fn short(text: &str) -> String {
    text.chars().take(caps::STEP_ID_BYTES).collect()
}

/// The steps that there are, as a help.
fn there_are(by_id: &HashMap<String, usize>) -> String {
    let mut ids: Vec<(&usize, &String)> = by_id.iter().map(|(id, index)| (index, id)).collect();
    ids.sort();
    let shown: Vec<String> = ids.iter().take(20).map(|(_, id)| short(id)).collect();
    format!("; there are {}", shown.join(", "))
}
