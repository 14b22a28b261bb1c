//! What an executor says with `tracing` becomes lines of its job (design: jobs 3).

use crate::Reporter;
use callboard_protocol::log::Level;
use std::fmt::{self, Write as _};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, layer::Context};

tokio::task_local! {
    /// Of the attempt that is polled now.
    static REPORTER: Reporter;
}

/// A layer that writes the events of an attempt into its job's log, on the channel `job`: the message, then the
/// fields as `name=value`. Events outside of attempts are no business of it. `TRACE` is written as `debug`; add a
/// filter to the layer to leave levels out.
///
/// A task that an executor spawns is no part of the attempt until it is wrapped in [`JobLayer::scope`].
///
/// ```
/// use tracing_subscriber::layer::SubscriberExt as _;
/// let subscriber = tracing_subscriber::registry().with(callboard_exec::JobLayer);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct JobLayer;

impl JobLayer {
    /// Runs a future as part of the attempt that the reporter is of.
    pub fn scope<F: Future>(reporter: Reporter, future: F) -> impl Future<Output = F::Output> {
        REPORTER.scope(reporter, future)
    }
}

impl<S: Subscriber> Layer<S> for JobLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        // An error means that no attempt is polled.
        let _ = REPORTER.try_with(|reporter| {
            let mut text = Text::default();
            event.record(&mut text);
            reporter.log("job", level_of(*event.metadata().level()), &text.0);
        });
    }
}

fn level_of(level: tracing::Level) -> Level {
    match level {
        tracing::Level::ERROR => Level::Error,
        tracing::Level::WARN => Level::Warn,
        tracing::Level::INFO => Level::Info,
        _ => Level::Debug,
    }
}

/// The text of an event.
#[derive(Default)]
struct Text(String);

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let gap = if self.0.is_empty() { "" } else { " " };
        // Writing into a text cannot fail.
        let _ = match field.name() {
            "message" => write!(self.0, "{gap}{value:?}"),
            name => write!(self.0, "{gap}{name}={value:?}"),
        };
    }
}
