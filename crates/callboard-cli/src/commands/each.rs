//! Commands on several jobs: what befalls one does not stop the others.

use crate::{
    failure::{Failure, Outcome, exit},
    text::output::note,
};

/// Does something with each of them. The first failure decides what the command ends with, the others are told.
pub(crate) async fn each<'a>(
    texts: &'a [String],
    mut one: impl AsyncFnMut(&'a str) -> Result<(), Failure>,
) -> Outcome {
    let mut outcome = Ok(exit::OK);
    for text in texts {
        match one(text).await {
            Ok(()) => {}
            Err(failure) if texts.len() == 1 || failure.is_unread() => return Err(failure),
            Err(failure) if outcome.is_ok() => outcome = Err(failure),
            Err(failure) => note(&format!("error: {}", failure.message)),
        }
    }
    outcome
}
