//! The evaluator beside a naive one: random records, random terms, the same answer.

use crate::records::NOW;
use callboard_core::Query;
use callboard_protocol::{Node, Time};
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Value, json};

const STATES: [&str; 8] =
    ["pending", "scheduled", "queued", "running", "retrying", "succeeded", "failed", "cancelled"];
const WORDS: [&str; 6] = ["mail", "mail.send", "render", "render.page", "Mail", "a"];
/// Minutes before now.
const AGES: [i64; 7] = [0, 1, 59, 60, 61, 1440, 3000];

fn time(minutes: i64) -> Time {
    Time(NOW.0 - minutes * 60_000)
}

fn words() -> impl Strategy<Value = &'static str> {
    select(&WORDS[..])
}

fn records() -> impl Strategy<Value = Value> {
    let times = (select(&AGES[..]), option::of((select(&AGES[..]), option::of(select(&AGES[..])))));
    let names = (words(), words(), words(), vec(words(), 0..3), option::of(words()));
    (select(&STATES[..]), names, times, -3_i64..3, 0_u64..4).prop_map(
        |(state, (id, kind, queue, tags, error), (age, run), priority, attempt)| {
            let mut record = json!({ "id": id, "kind": kind, "queue": queue, "state": state, "tags": tags,
                "title": "", "args": { "n": attempt, "word": kind }, "priority": priority, "attempt": attempt,
                "createdAt": time(age) });
            if let Some(error) = error {
                record["error"] = json!({ "code": error, "message": "" });
            }
            if let Some((started, finished)) = run {
                // Whatever happens to a job happens after it was accepted.
                record["startedAt"] = json!(time(started.min(age)));
                finished.into_iter().for_each(|minutes| record["finishedAt"] = json!(time(minutes.min(age))));
            }
            record
        },
    )
}

/// How two numbers compare.
fn holds(sign: &str, left: i64, right: i64) -> bool {
    match sign {
        "<" => left < right,
        "<=" => left <= right,
        ">" => left > right,
        ">=" => left >= right,
        _ => left == right,
    }
}

/// A query or term, and what it means.
struct Told {
    text: String,
    test: Box<dyn Fn(&Value) -> bool>,
}

fn told(text: String, test: impl Fn(&Value) -> bool + 'static) -> Told {
    Told { text, test: Box::new(test) }
}

impl Told {
    fn fits(&self, job: &Value) -> bool {
        (self.test)(job)
    }
}

impl std::fmt::Debug for Told {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.text)
    }
}

fn minutes(record: &Value, name: &str) -> Option<i64> {
    let at: Time = serde_json::from_value(record.get(name)?.clone()).expect("a time");
    Some((NOW.0 - at.0) / 60_000)
}

/// A term.
fn terms() -> impl Strategy<Value = Told> {
    let signs = || select(&["<", "<=", ">", ">="][..]);
    let states = vec(select(&STATES[..]), 1..4).prop_map(|states| {
        let text = format!("state:{}", states.join(","));
        told(text, move |job| states.iter().any(|state| job["state"] == *state))
    });
    let names = (select(&["kind", "queue"][..]), words(), any::<bool>()).prop_map(|(name, word, starts)| {
        let text = format!("{name}:{word}{}", if starts { "*" } else { "" });
        let test = move |job: &Value| {
            let found = job[name].as_str().expect("a text");
            if starts { found.starts_with(word) } else { found == word }
        };
        told(text, test)
    });
    let tags = words().prop_map(|word| {
        let test = move |job: &Value| job["tags"].as_array().expect("a list").contains(&json!(word));
        told(format!("tag:{word}"), test)
    });
    let numbers = (select(&["priority", "attempt"][..]), select(&["<", "<=", ">", ">=", ""][..]), -3_i64..4)
        .prop_map(|(name, sign, number)| {
            let test = move |job: &Value| holds(sign, job[name].as_i64().expect("a number"), number);
            told(format!("{name}:{sign}{number}"), test)
        });
    let ages = (signs(), select(&AGES[..])).prop_map(|(sign, length)| {
        let test = move |job: &Value| holds(sign, minutes(job, "createdAt").expect("a time"), length);
        told(format!("age:{sign}{length}m"), test)
    });
    let took = (signs(), select(&AGES[..])).prop_map(|(sign, length)| {
        let test = move |job: &Value| {
            let end = if job["state"] == "running" { Some(0) } else { minutes(job, "finishedAt") };
            let took = minutes(job, "startedAt").zip(end).map(|(start, end)| (start - end).max(0));
            took.is_some_and(|took| holds(sign, took, length))
        };
        told(format!("took:{sign}{length}m"), test)
    });
    let moments = (select(&["created", "started", "finished"][..]), signs(), select(&AGES[..])).prop_map(
        |(name, sign, before)| {
            let member = format!("{name}At");
            // Later is less long ago.
            let test =
                move |job: &Value| minutes(job, &member).is_some_and(|found| holds(sign, -found, -before));
            told(format!("{name}:{sign}now-{before}m"), test)
        },
    );
    let free = words().prop_map(|word| {
        let test = move |job: &Value| {
            let texts = ["id", "kind", "queue"].map(|name| job[name].as_str().unwrap_or_default());
            let tags = job["tags"].as_array().expect("a list").iter().filter_map(Value::as_str);
            let rest = [&job["error"]["code"], &job["args"]["word"]].into_iter().filter_map(Value::as_str);
            let mut all = texts.into_iter().chain(tags).chain(rest);
            all.any(|text| text.to_lowercase().contains(&word.to_lowercase()))
        };
        told(word.to_owned(), test)
    });
    let values = (0_u64..5).prop_map(|number| {
        let test = move |job: &Value| job["args"]["n"] == number;
        told(format!("args.n:{number}"), test)
    });
    let one = prop_oneof![states, names, tags, numbers, ages, took, moments, free, values];
    (one, any::<bool>()).prop_map(|(term, negated)| match negated {
        true => told(format!("-{}", term.text), move |job| !term.fits(job)),
        false => term,
    })
}

fn queries() -> impl Strategy<Value = Told> {
    vec(terms(), 0..4).prop_map(|terms| {
        let texts: Vec<&str> = terms.iter().map(|term| term.text.as_str()).collect();
        told(texts.join(" "), move |job| terms.iter().all(|term| term.fits(job)))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn the_evaluator_agrees_with_a_naive_one(record in records(), query in queries()) {
        let expected = query.fits(&record);
        let parsed = Query::parse(&query.text).expect("it was made by the rules");
        prop_assert_eq!(parsed.fits(&Node::from(&record), NOW), expected);
    }

    #[test]
    fn what_fits_is_within_the_bounds_of_the_index(record in records(), query in queries()) {
        let parsed = Query::parse(&query.text).expect("it was made by the rules");
        let node = Node::from(&record);
        let narrow = parsed.narrow(NOW);
        if parsed.fits(&node, NOW) {
            let created: Time = serde_json::from_value(record["createdAt"].clone()).expect("a time");
            prop_assert!(narrow.may_fit(&node), "{:?}", narrow);
            prop_assert!(narrow.created_from.is_none_or(|from| created >= from), "{:?}", narrow);
            prop_assert!(narrow.created_until.is_none_or(|until| created <= until), "{:?}", narrow);
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in ".{0,60}") {
        let _ = Query::parse(&text);
    }

    #[test]
    fn nor_does_one_of_its_own_signs(text in r#"[-:~",/\\.*<>= a1h]{0,24}"#) {
        let _ = Query::parse(&text);
        let _ = Query::parse(&format!("state:failed age:{text}"));
        let _ = Query::parse(&format!("args.{text}"));
    }
}
