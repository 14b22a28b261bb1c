//! S1.6, S1.7, S2.13.

use callboard_flow::{CancelToken, Cancelled, Reason, sleep, timeout};
use std::{
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};
use tokio::time::Instant;

type Callback = Box<dyn FnOnce(&Cancelled) + Send>;

/// A callback that notes `word`, and the notes.
fn notes() -> (impl Fn(&'static str) -> Callback, mpsc::Receiver<&'static str>) {
    let (sender, receiver) = mpsc::channel();
    let note = move |word| -> Callback {
        let sender = sender.clone();
        Box::new(move |_: &Cancelled| sender.send(word).expect("the test listens"))
    };
    (note, receiver)
}

#[test]
fn callbacks_run_once_in_order_and_a_panic_stops_none() {
    let (note, noted) = notes();
    let token = CancelToken::new();
    token.on_cancelled(note("first")).keep();
    token.on_cancelled(|_| panic!("this one is broken")).keep();
    let taken_away = token.on_cancelled(note("never"));
    token.on_cancelled(note("last")).keep();
    drop(taken_away);
    token.cancel(Reason::User);
    token.cancel(Reason::Shutdown);
    token.on_cancelled(note("late")).keep();
    assert_eq!(noted.try_iter().collect::<Vec<_>>(), ["first", "last", "late"]);
    assert_eq!((token.reason(), token.registered()), (Some(Reason::User), 0));
}

#[test]
fn a_callback_may_use_the_token() {
    let (note, noted) = notes();
    let token = CancelToken::new();
    let child = token.child();
    let inner = token.on_cancelled(note("inner"));
    let (seen, late) = (token.clone(), note("late"));
    token
        .on_cancelled(move |cancelled| {
            assert!(child.is_cancelled(), "the whole tree is cancelled before the first callback runs");
            assert_eq!(seen.check().as_ref(), Err(cancelled));
            seen.on_cancelled(late).keep();
            seen.cancel(Reason::Shutdown);
            drop(inner);
        })
        .keep();
    token.cancel(Reason::LeaseLost);
    assert_eq!(noted.try_iter().collect::<Vec<_>>(), ["inner", "late"]);
}

#[test]
fn the_reason_goes_down_and_stays() {
    let root = CancelToken::new();
    let (left, right) = (root.child(), root.child());
    let both = CancelToken::any([&left, &right]);
    let leaf = both.child();
    left.cancel(Reason::Superseded);
    assert_eq!((leaf.reason(), right.reason()), (Some(Reason::Superseded), None));
    root.cancel(Reason::Shutdown);
    assert_eq!((both.reason(), right.reason()), (Some(Reason::Superseded), Some(Reason::Shutdown)));
    assert_eq!(root.child().reason(), Some(Reason::Shutdown), "one that comes late");
}

/// S1.7: an input that is cancelled already, and no input.
#[test]
fn combining_the_edge_cases() {
    let (done, open) = (CancelToken::new(), CancelToken::new());
    done.cancel(Reason::User);
    assert_eq!(CancelToken::any([&open, &done, &open]).reason(), Some(Reason::User));
    assert_eq!(open.registered(), 0, "and nothing stays behind");
    assert!(!CancelToken::any([]).is_cancelled());
}

#[test]
fn a_middle_that_nobody_holds_still_passes_it_on() {
    let root = CancelToken::new();
    let leaf = root.child().child();
    root.cancel(Reason::User);
    assert!(leaf.is_cancelled());
}

/// Neither cancelling nor dropping recurses.
#[test]
fn a_chain_may_be_long() {
    let root = CancelToken::new();
    let chain = |root: &CancelToken| (0..100_000).fold(root.child(), |token, _| token.child());
    drop(chain(&root));
    assert_eq!(root.registered(), 0);
    let leaf = chain(&root);
    root.cancel(Reason::User);
    assert!(leaf.is_cancelled());
}

/// S1.7: before, and then whichever comes first.
#[tokio::test(start_paused = true)]
async fn a_race_ends_with_the_first() {
    let token = CancelToken::new();
    assert_eq!(token.run(async { Err::<(), _>("broken") }).await, Ok(Err("broken")));
    let late = CancelToken::after(Duration::from_secs(5));
    assert_eq!(late.run(tokio::time::sleep(Duration::from_secs(4))).await, Ok(()));
    let started = Instant::now();
    let error = late.run(std::future::pending::<()>()).await.unwrap_err();
    assert_eq!((error.reason(), started.elapsed().as_secs()), (&Reason::Timeout, 1));
    late.run(async { unreachable!("a token that is cancelled polls nothing") }).await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn sleeps_and_timeouts_are_cancellations() {
    let token = CancelToken::new();
    let sleeper = tokio::spawn({
        let token = token.clone();
        async move { sleep(Duration::from_secs(3600), &token).await }
    });
    tokio::task::yield_now().await;
    token.cancel(Reason::LeaseLost);
    assert_eq!(sleeper.await.unwrap().unwrap_err().reason(), &Reason::LeaseLost);
    assert_eq!(sleep(Duration::MAX, &token).await.unwrap_err().reason(), &Reason::LeaseLost);
    let slow = timeout(Duration::from_secs(1), std::future::pending::<()>()).await;
    assert!(slow.unwrap_err().is_timeout());
    assert_eq!(timeout(Duration::from_secs(1), async { 7 }).await, Ok(7));
}

#[tokio::test(start_paused = true)]
async fn a_guard_cancels_what_a_scope_leaves_behind() {
    let token = CancelToken::new();
    let scope = tokio::spawn({
        let guard = token.guard(Reason::Superseded);
        async move {
            let _guard = guard;
            std::future::pending::<()>().await;
        }
    });
    scope.abort();
    assert_eq!(token.cancelled().await.reason(), &Reason::Superseded);
}

/// Threads that cancel, register and leave at the same time: each callback runs once or was taken away, none is lost.
#[test]
fn nothing_is_lost_between_threads() {
    for round in 0..200 {
        let token = CancelToken::new();
        let ran = Arc::new(Mutex::new(0u32));
        let kept = std::thread::scope(|scope| {
            let registrars: Vec<_> = (0..3)
                .map(|_| {
                    let (token, ran) = (token.clone(), Arc::clone(&ran));
                    scope.spawn(move || {
                        for number in 0..20 {
                            let ran = Arc::clone(&ran);
                            let guard = token.child().on_cancelled(|_| ());
                            let count = token.on_cancelled(move |_| *ran.lock().unwrap() += 1);
                            if number % 2 == 0 {
                                count.keep()
                            } else {
                                std::mem::forget(count)
                            }
                            drop(guard);
                        }
                    })
                })
                .collect();
            for _ in 0..round {
                std::hint::spin_loop();
            }
            token.cancel(Reason::User);
            registrars.into_iter().map(|thread| thread.join().map(|()| 20u32).unwrap()).sum::<u32>()
        });
        assert_eq!((*ran.lock().unwrap(), token.registered()), (kept, 0));
    }
}
