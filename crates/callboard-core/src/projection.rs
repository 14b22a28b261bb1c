//! Domains that are computed from others, in the very change that touches what they read (S3.7).

use crate::{domains, tx::Tx};
use callboard_protocol::{
    Key, Node, Pointer,
    error::{ErrorCode, Rejection},
};
use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

/// A computed domain. It is computed again whenever a change writes at, above or below a path that it reads, and only
/// then; what differs goes into that change. A projection sees those that were declared before it.
#[derive(Clone)]
pub struct Projection {
    domain: Key,
    reads: Vec<Pointer>,
    compute: Arc<dyn Fn(&Node) -> Node + Send + Sync>,
}

impl Projection {
    /// The domain `app.<name>`, what it reads, and how it is computed from the whole state.
    ///
    /// The function must be pure: the same state gives the same value. One that panics leaves the value as it was.
    pub fn new(
        domain: &str,
        reads: impl IntoIterator<Item = Pointer>,
        compute: impl Fn(&Node) -> Node + Send + Sync + 'static,
    ) -> Self {
        Projection {
            domain: Key::new(domain),
            reads: reads.into_iter().collect(),
            compute: Arc::new(compute),
        }
    }

    fn is_touched(&self, paths: &[Pointer]) -> bool {
        let touches =
            |path: &Pointer| self.reads.iter().any(|read| read.contains(path) || path.contains(read));
        paths.iter().any(touches)
    }
}

impl fmt::Debug for Projection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Projection")
            .field("domain", &self.domain)
            .field("reads", &self.reads)
            .finish()
    }
}

/// All projections of a board, in the order of their declaration.
#[derive(Debug, Default)]
pub(crate) struct Projections(pub(crate) Vec<Projection>);

impl Projections {
    /// Computed domains are not written by hand.
    pub(crate) fn refuse(&self, path: &Pointer) -> Result<(), Rejection> {
        let domain = path.segments().first();
        match self.0.iter().find(|projection| Some(&projection.domain) == domain) {
            None => Ok(()),
            Some(projection) => {
                let message =
                    format!("path: {} is computed; write what it is computed from", projection.domain);
                Err(Rejection::new(ErrorCode::Conflict, message))
            }
        }
    }

    /// Computes what the change so far touches.
    pub(crate) fn follow(&self, tx: &mut Tx<'_>, all: bool) -> Result<(), Rejection> {
        for projection in &self.0 {
            // Each looks at the writes of those before it as well.
            if all || projection.is_touched(&tx.paths()) {
                let document = tx.document();
                let value = catch_unwind(AssertUnwindSafe(|| (projection.compute)(document)));
                if let Ok(value) = value {
                    domains::put(tx, Pointer::new([projection.domain.clone()]), value)?;
                }
            }
        }
        Ok(())
    }
}
