//! `callboard queues configure QUEUE`: limits. The command sets all of them anew, so those that are not named are read first.

use crate::{
    api::Api,
    failure::{Failure, Outcome, exit},
    text::{duration, form::Output, output::print},
};
use callboard_protocol::{
    Key, Node, Pointer, from_node,
    queue::{BOARD, Queue, QueueSettings, Rate},
};
use clap::Args;
use serde_json::json;
use std::str::FromStr;

/// The arguments of `callboard queues configure`.
#[derive(Args)]
pub(crate) struct ConfigureArgs {
    /// The queue, or * for the whole board
    queue: String,
    /// Attempts at once; `none` for no limit
    #[arg(long, value_name = "N")]
    concurrency: Option<Limit<u32>>,
    /// Attempts at once per concurrency key
    #[arg(long, value_name = "N")]
    key_concurrency: Option<Limit<u32>>,
    /// Attempts at once of a kind, for example --kind image.generate=2; may be given several times
    #[arg(long, value_name = "KIND=N", value_parser = kind)]
    kind: Vec<(String, Limit<u32>)>,
    /// Starts in a span of time, for example 10/1m, or 10/1m+20 for 20 at once after a pause
    #[arg(long, value_name = "N/SPAN[+BURST]")]
    rate: Option<Limit<Speed>>,
    /// The same per concurrency key
    #[arg(long, value_name = "N/SPAN[+BURST]")]
    key_rate: Option<Limit<Speed>>,
    /// Take away all limits that are not named
    #[arg(long)]
    reset: bool,
}

/// A limit, or `none`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Limit<T>(Option<T>);

impl<T: FromStr<Err = E>, E: ToString> FromStr for Limit<T> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "none" => Ok(Limit(None)),
            text => text.parse().map(|limit| Limit(Some(limit))).map_err(|error: E| error.to_string()),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Speed(Rate);

impl FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no rate; write for example 10/1m or 10/1m+20");
        let (limit, rest) = text.split_once('/').ok_or_else(wrong)?;
        let (span, burst) = match rest.split_once('+') {
            Some((span, burst)) => (span, Some(burst.parse().map_err(|_| wrong())?)),
            None => (rest, None),
        };
        let limit = limit.parse().map_err(|_| wrong())?;
        // `10/s` is ten in one second.
        let per_ms =
            duration::parse(span).or_else(|_| duration::parse(&format!("1{span}"))).map_err(|_| wrong())?;
        Ok(Speed(Rate { limit, per_ms, burst }))
    }
}

fn kind(text: &str) -> Result<(String, Limit<u32>), String> {
    let (kind, limit) = text.split_once('=').ok_or_else(|| format!("{text:?} is no KIND=N"))?;
    Ok((kind.to_owned(), limit.parse()?))
}

pub(crate) async fn configure(api: &Api, args: ConfigureArgs, out: &Output) -> Outcome {
    if !args.names_anything() {
        return Err(Failure::usage(format!("nothing is said about {:?}", args.queue))
            .hint("for example: callboard queues configure downloads --concurrency 4 --rate 10/1m"));
    }
    let before = if args.reset { Queue::default() } else { present(api, &args.queue).await? };
    let settings = args.settings(before);
    api.command("queues.configure", &settings, None).await?;
    let name = &settings.queue;
    if !out.record(&Node::from(&json!({ "v": 1, "queue": name })))? {
        print(&format!("{} is configured", if name == BOARD { "the board" } else { name }))?;
    }
    Ok(exit::OK)
}

async fn present(api: &Api, name: &str) -> Result<Queue, Failure> {
    let path = Pointer::new([Key::constant("queues"), Key::new(name)]);
    match api.state(&path.to_string(), None).await {
        Ok(state) => Ok(from_node(&state.data).unwrap_or_default()),
        Err(failure) if failure.exit == exit::NOT_FOUND => Ok(Queue::default()),
        Err(failure) => Err(failure),
    }
}

impl ConfigureArgs {
    fn names_anything(&self) -> bool {
        self.reset
            || !self.kind.is_empty()
            || self.concurrency.is_some()
            || self.key_concurrency.is_some()
            || self.rate.is_some()
            || self.key_rate.is_some()
    }

    /// What is to hold: what was there, with what is named now.
    fn settings(self, before: Queue) -> QueueSettings {
        fn or<T>(named: Option<Limit<T>>, before: Option<T>) -> Option<T> {
            named.map_or(before, |limit| limit.0)
        }
        let speed = |named: Option<Limit<Speed>>, before| {
            named.map_or(before, |limit| limit.0.map(|Speed(rate)| rate))
        };
        let mut kinds = before.kinds;
        for (kind, limit) in self.kind {
            match limit.0 {
                Some(limit) => drop(kinds.insert(kind, limit)),
                None => drop(kinds.remove(&kind)),
            }
        }
        QueueSettings {
            queue: self.queue,
            concurrency: or(self.concurrency, before.concurrency),
            key_concurrency: or(self.key_concurrency, before.key_concurrency),
            kinds,
            rate: speed(self.rate, before.rate),
            key_rate: speed(self.key_rate, before.key_rate),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_as_they_are_shown() {
        for (text, limit, per_ms, burst) in [
            ("10/1m", 10, 60_000, None),
            ("5/s", 5, 1000, None),
            ("3/500ms+9", 3, 500, Some(9)),
            ("1/1m 30s", 1, 90_000, None),
        ] {
            assert_eq!(text.parse(), Ok(Speed(Rate { limit, per_ms, burst })), "{text}");
        }
        for bad in ["", "10", "10/", "/1m", "x/1m", "10/1m+", "10/1m+x", "-1/1m"] {
            assert!(bad.parse::<Speed>().is_err(), "{bad}");
        }
        let rate = Rate { limit: 10, per_ms: 60_000, burst: Some(20) };
        assert_eq!(super::super::speed(&rate), "10/1m+20");
        assert_eq!(super::super::speed(&Rate { limit: 1, per_ms: 1500, burst: None }), "1/1500ms");
    }

    #[test]
    fn what_is_not_named_stays() {
        let before = Queue {
            concurrency: Some(4),
            key_concurrency: Some(1),
            kinds: [("a".to_owned(), 1), ("b".to_owned(), 2)].into(),
            ..Queue::default()
        };
        let args = ConfigureArgs {
            queue: "q".into(),
            concurrency: Some("none".parse().unwrap()),
            key_concurrency: None,
            kind: vec![kind("a=none").unwrap(), kind("c=3").unwrap()],
            rate: Some("10/1m".parse().unwrap()),
            key_rate: None,
            reset: false,
        };
        let settings = args.settings(before);
        assert_eq!((settings.concurrency, settings.key_concurrency), (None, Some(1)));
        assert_eq!(settings.kinds, [("b".to_owned(), 2), ("c".to_owned(), 3)].into());
        assert_eq!(settings.rate.map(|rate| rate.limit), Some(10));
    }
}
