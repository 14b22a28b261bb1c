//! Which executor runs which kind of job.

use crate::Executor;
use callboard_protocol::{Node, job::check_id};
use serde::Serialize;
use std::{collections::BTreeMap, fmt, sync::Arc};

/// What people are told about a kind (`GET /api/kinds`).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KindInfo {
    /// The stable name, e.g. `image.generate`.
    pub kind: String,
    /// A few words for a button.
    pub title: String,
    /// A sentence.
    pub description: String,
    /// Arguments that work, to start from.
    pub example: Node,
    /// Whether the first-run panel offers it.
    pub first_run: bool,
}

/// Why a kind was not registered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KindError {
    /// Another executor has it; [`Registry::replace`] takes it over.
    #[error("kind {0:?} is registered already")]
    Taken(String),
    /// The name does not fit.
    #[error("{0}")]
    BadName(String),
}

/// Kinds and their executors, by name.
#[derive(Clone, Default)]
pub struct Registry(BTreeMap<String, Entry>);

#[derive(Clone)]
struct Entry {
    info: KindInfo,
    executor: Arc<dyn Executor>,
}

impl Registry {
    /// A registry without kinds.
    pub fn new() -> Self {
        Registry::default()
    }

    /// Adds a kind.
    ///
    /// # Errors
    /// [`KindError::Taken`], or [`KindError::BadName`] when the name is not made like an id.
    pub fn register(&mut self, info: KindInfo, executor: Arc<dyn Executor>) -> Result<(), KindError> {
        if self.0.contains_key(&info.kind) {
            return Err(KindError::Taken(info.kind));
        }
        self.replace(info, executor).map(|_| ())
    }

    /// Adds a kind or takes it over; the executor that had it is returned.
    ///
    /// # Errors
    /// [`KindError::BadName`].
    pub fn replace(
        &mut self,
        info: KindInfo,
        executor: Arc<dyn Executor>,
    ) -> Result<Option<Arc<dyn Executor>>, KindError> {
        check_id("kind", &info.kind).map_err(|error| KindError::BadName(error.message))?;
        let former = self.0.insert(info.kind.clone(), Entry { info, executor });
        Ok(former.map(|entry| entry.executor))
    }

    /// The executor of a kind.
    pub fn get(&self, kind: &str) -> Option<Arc<dyn Executor>> {
        self.0.get(kind).map(|entry| entry.executor.clone())
    }

    /// What is known about a kind.
    pub fn info(&self, kind: &str) -> Option<&KindInfo> {
        self.0.get(kind).map(|entry| &entry.info)
    }

    /// All kinds by name.
    pub fn kinds(&self) -> impl Iterator<Item = &KindInfo> {
        self.0.values().map(|entry| &entry.info)
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AttemptContext, Outcome};

    struct Nothing;

    #[async_trait::async_trait]
    impl Executor for Nothing {
        async fn execute(&self, _: AttemptContext) -> Outcome {
            Outcome::Cancelled
        }
    }

    fn info(kind: &str) -> KindInfo {
        let text = String::new();
        let (title, description) = (text.clone(), text);
        KindInfo { kind: kind.into(), title, description, example: Node::object(), first_run: false }
    }

    #[test]
    fn a_kind_is_taken_once_unless_replaced() {
        let mut registry = Registry::new();
        registry.register(info("b.one"), Arc::new(Nothing)).unwrap();
        let again = registry.register(info("b.one"), Arc::new(Nothing));
        assert_eq!(again, Err(KindError::Taken("b.one".into())));
        assert!(registry.replace(info("b.one"), Arc::new(Nothing)).unwrap().is_some());
        assert!(registry.replace(info("a.two"), Arc::new(Nothing)).unwrap().is_none());
        let names: Vec<_> = registry.kinds().map(|info| info.kind.as_str()).collect();
        assert_eq!(names, ["a.two", "b.one"]);
        assert!(registry.get("a.two").is_some() && registry.get("none").is_none());
    }

    #[test]
    fn names_are_checked() {
        for kind in ["", "a b", "../x", "12"] {
            let refused = Registry::new().register(info(kind), Arc::new(Nothing));
            assert!(matches!(refused, Err(KindError::BadName(_))), "{kind:?}");
        }
    }
}
