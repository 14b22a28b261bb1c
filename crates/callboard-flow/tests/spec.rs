//! spec/backoff.json, the delays between tries, and spec/progress.json, what is known of a progress. The TypeScript
//! client runs the same files.

use callboard_flow::{Backoff, Estimator};
use serde_json::Value;
use std::{num::NonZeroU32, time::Duration};

fn whole(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no whole number"))
}

fn small(value: &Value) -> u32 {
    u32::try_from(whole(value)).expect("it fits")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or_else(|| panic!("{value} is no list"), Vec::as_slice)
}

fn backoff(fields: &Value) -> Backoff {
    let ms = |name: &str| Duration::from_millis(whole(&fields[name]));
    let number = |name: &str| fields[name].as_f64().expect("a number");
    let calls = &fields["maxAttempts"];
    Backoff {
        initial: ms("initialMs"),
        factor: number("factor"),
        min: ms("minMs"),
        max: ms("maxMs"),
        jitter: number("jitter"),
        max_attempts: (!calls.is_null()).then(|| NonZeroU32::new(small(calls)).expect("at least one")),
    }
}

fn preset(name: &str) -> Backoff {
    match name {
        "generation" => Backoff::GENERATION,
        "orchestration" => Backoff::ORCHESTRATION,
        "orchestratorCore" => Backoff::ORCHESTRATOR_CORE,
        "stateSync" => Backoff::STATE_SYNC,
        "orchflow" => Backoff::ORCHFLOW,
        other => panic!("no preset is called {other}"),
    }
}

#[test]
fn delays_and_calls_are_those_of_the_vectors() {
    let vectors: Value = serde_json::from_str(include_str!("../../../spec/backoff.json")).expect("JSON");
    let delays = list(&vectors["delays"]);
    for vector in delays {
        let (name, backoff) = (&vector["name"], backoff(&vector["backoff"]));
        if let Some(of) = vector["preset"].as_str() {
            assert_eq!(preset(of), backoff, "{name}");
        }
        let chance = vector["chance"].as_f64().expect("a chance");
        let failures = list(&vector["failures"]).iter().map(small);
        let expected: Vec<_> = list(&vector["delaysMs"]).iter().map(whole).collect();
        let found: Vec<_> = failures.map(|failures| backoff.delay_ms(failures, chance)).collect();
        assert_eq!(found, expected, "{name}");
    }
    let calls = list(&vectors["calls"]);
    for vector in calls {
        let backoff = match (&vector["maxAttempts"], &vector["maxRetries"]) {
            (calls, Value::Null) => Backoff::default().with_max_attempts(small(calls)),
            (_, retries) => Backoff::default().with_max_retries(small(retries)),
        };
        assert_eq!(backoff.delays(|| 0.5).count() + 1, usize::try_from(whole(&vector["calls"])).unwrap());
    }
    assert!(delays.len() >= 15 && calls.len() >= 4, "they are all there");
}

#[test]
fn estimates_are_those_of_the_vectors() {
    let vectors: Value = serde_json::from_str(include_str!("../../../spec/progress.json")).expect("JSON");
    let scripts = list(&vectors["scripts"]);
    for script in scripts {
        let (name, after) = (&script["name"], &script["after"]);
        let number = |value: &Value| value.as_f64().unwrap_or_else(|| panic!("{name}: {value} is no number"));
        let mut estimator = Estimator::new();
        for sample in list(&script["samples"]) {
            estimator.sample(Duration::from_millis(whole(&sample[0])), number(&sample[1]));
        }
        let estimate = estimator.estimate();
        assert!((estimate.smoothed - number(&after["smoothed"])).abs() <= 1e-9, "{name}: {estimate:?}");
        assert!((estimate.rate - number(&after["ratePerS"])).abs() <= 1e-9, "{name}: {estimate:?}");
        match (estimate.eta, &after["etaMs"]) {
            (None, Value::Null) => {}
            (Some(eta), left) => {
                assert!((eta.as_secs_f64() * 1e3 - number(left)).abs() <= 1.0, "{name}: {eta:?}")
            }
            (None, left) => panic!("{name}: {left} ms are left, and nothing is known"),
        }
    }
    assert!(scripts.len() >= 13, "they are all there");
}
