//! S2.23: what was done is undone, the last step first, whatever goes wrong on the way.

use crate::kit::Trace;
use callboard::Saga;
use std::{error::Error, io};

type Undone = Result<(), Box<dyn Error + Send + Sync>>;

async fn step(saga: &mut Saga, trace: &Trace, name: &'static str) {
    let (done, undone) = (trace.clone(), trace.clone());
    let action = async || {
        done.add(format!("do {name}"));
        Ok::<_, io::Error>(name)
    };
    let compensate = move |result: &'static str| async move {
        undone.add(format!("undo {result}"));
        match result {
            "stuck" => Err("it does not move".into()),
            "mad" => panic!("it screams"),
            _ => Undone::Ok(()),
        }
    };
    assert_eq!(saga.run(name, action, compensate).await.expect("it does not fail"), name);
}

#[tokio::test]
async fn steps_are_undone_in_reverse() {
    let trace = Trace::default();
    let mut saga = Saga::new("order");
    step(&mut saga, &trace, "reserve").await;
    step(&mut saga, &trace, "charge").await;
    assert_eq!((saga.step_count(), saga.has_steps()), (2, true));
    assert!(saga.rollback().await.is_empty());
    assert_eq!(trace.take(), ["do reserve", "do charge", "undo charge", "undo reserve"]);
    assert!(!saga.has_steps() && saga.rollback().await.is_empty(), "once");
}

#[tokio::test]
async fn a_committed_saga_is_final() {
    let trace = Trace::default();
    let mut saga = Saga::new("order");
    step(&mut saga, &trace, "reserve").await;
    saga.commit();
    assert!(saga.rollback().await.is_empty());
    drop(saga);
    tokio::task::yield_now().await;
    assert_eq!(trace.take(), ["do reserve"]);
}

/// Best effort, and both errors are told.
#[tokio::test]
async fn a_step_that_cannot_be_undone_stops_no_other() {
    let trace = Trace::default();
    let failed = Saga::scope("order", async |saga: &mut Saga| {
        step(saga, &trace, "reserve").await;
        step(saga, &trace, "stuck").await;
        step(saga, &trace, "mad").await;
        let fails = async || Err::<(), _>(io::Error::other("card declined"));
        saga.run("charge", fails, async |()| Undone::Ok(())).await?;
        Ok::<_, io::Error>(())
    });
    let error = failed.await.unwrap_err();
    assert_eq!(trace.take()[3..], ["undo mad", "undo stuck", "undo reserve"]);
    assert_eq!((error.cause.to_string().as_str(), error.left.len()), ("card declined", 2));
    let expected = "order failed: card declined; and not all of it could be undone; \
        failed to undo \"mad\": it panicked: it screams; failed to undo \"stuck\": it does not move";
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn a_scope_that_succeeds_undoes_nothing() {
    let trace = Trace::default();
    let done = Saga::scope("order", async |saga: &mut Saga| {
        step(saga, &trace, "reserve").await;
        Ok::<_, io::Error>(7)
    });
    assert_eq!(done.await.unwrap(), 7);
    assert_eq!(trace.take(), ["do reserve"]);
}

/// A task that is cancelled in the middle of a saga leaves nothing half done.
#[tokio::test]
async fn a_dropped_saga_is_undone() {
    let trace = Trace::default();
    let mut saga = Saga::new("order");
    step(&mut saga, &trace, "reserve").await;
    step(&mut saga, &trace, "charge").await;
    drop(saga);
    tokio::task::yield_now().await;
    assert_eq!(trace.take(), ["do reserve", "do charge", "undo charge", "undo reserve"]);
}
