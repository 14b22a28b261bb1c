//! What the journal will hold: titles, reasons, progress, results and errors lose their secrets on the way in (X14).
//!
//! Arguments, checkpoints and ids stay as they are: a job would not run with a part of them missing. Secrets for
//! a job are given by reference, not as arguments (design: security 3.13).

use super::Redactor;
use callboard_core::{News, title_of};
use callboard_protocol::{Node, command::Command};
use std::borrow::Cow;

impl Redactor {
    pub(crate) fn clean_command(&self, command: &mut Command) {
        match command {
            Command::Dispatch(args) => match &mut args.title {
                Some(title) => self.clean(title),
                None => {
                    // A title made of the arguments would show what is in them.
                    let title = args.args.as_ref().map(|input: &Node| title_of(&args.kind, input));
                    if let Some(Cow::Owned(hidden)) = title.as_deref().map(|title| self.text(title)) {
                        args.title = Some(hidden);
                    }
                }
            },
            Command::Cancel(args) => {
                if let Some(reason) = &mut args.reason {
                    self.clean(reason);
                }
            }
            Command::StartWorkflow(args) => {
                let titles = args.recipe.steps.iter_mut().filter_map(|step| step.title.as_mut());
                titles.for_each(|title| self.clean(title));
            }
            Command::CancelWorkflow(args) => {
                if let Some(reason) = &mut args.reason {
                    self.clean(reason);
                }
            }
            _ => {}
        }
    }

    pub(crate) fn clean_news(&self, news: &mut News) {
        match news {
            News::Progress(progress) => {
                if let Some(message) = &mut progress.message {
                    self.clean(message);
                }
            }
            News::End(end) => {
                if let Some(result) = &mut end.result {
                    self.clean_node(result);
                }
                if let Some(error) = &mut end.error {
                    self.clean(&mut error.message);
                }
                if let Some(message) = end.progress.as_mut().and_then(|progress| progress.message.as_mut()) {
                    self.clean(message);
                }
            }
            _ => {}
        }
    }
}
