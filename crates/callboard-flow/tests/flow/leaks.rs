//! W1.4: in the original 50 finished sleeps left 50 callbacks, timers ran on and combined tokens stayed registered.

use callboard_flow::{Backoff, CancelToken, Failure, Limiter, Reason, Retry, Semaphore, sleep};
use std::time::Duration;

const MANY: u32 = 100_000;

/// How many tasks are left when those that were told to end had every chance to. Time stands still meanwhile.
async fn tasks_left() -> usize {
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    tokio::runtime::Handle::current().metrics().num_alive_tasks()
}

#[tokio::test(start_paused = true)]
async fn finished_sleeps_leave_nothing() {
    let token = CancelToken::new();
    for _ in 0..MANY {
        sleep(Duration::from_micros(1), &token).await.unwrap();
    }
    assert_eq!(token.registered(), 0);
    let waiting = sleep(Duration::from_secs(1), &token);
    let counted = async {
        tokio::task::yield_now().await;
        token.registered()
    };
    let (slept, registered) = tokio::join!(waiting, counted);
    assert_eq!((slept, registered), (Ok(()), 1), "the count can be something else than 0");
}

#[tokio::test(start_paused = true)]
async fn whoever_leaves_leaves_nothing() {
    let (stop, quit) = (CancelToken::new(), CancelToken::new());
    for number in 0..MANY {
        let any = CancelToken::any([&stop, &quit]);
        drop(any.on_cancelled(|_| ()));
        if number % 2 == 0 {
            any.cancel(Reason::User);
            assert_eq!(stop.registered(), 0, "a cancelled one leaves before it is dropped");
        }
    }
    assert_eq!((stop.registered(), quit.registered()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn timers_end_with_their_tokens() {
    let parent = CancelToken::new();
    let hour = Duration::from_secs(3600);
    let tokens: Vec<_> = (0..1000).map(|_| parent.child_after(hour)).collect();
    assert_eq!(tasks_left().await, 1000, "a timer each");
    let (cancelled, dropped) = tokens.split_at(500);
    cancelled.iter().for_each(|token| token.cancel(Reason::User));
    assert_eq!(tasks_left().await, dropped.len(), "cancelled");
    drop(tokens);
    assert_eq!((tasks_left().await, parent.registered()), (0, 0), "dropped");
    parent.cancel(Reason::User);
    let late = parent.child_after(hour);
    assert_eq!((tasks_left().await, late.reason()), (0, Some(Reason::User)), "cancelled from the start");
}

#[tokio::test(start_paused = true)]
async fn retries_and_limits_leave_nothing() {
    let token = CancelToken::new();
    let retry =
        Retry::new(Backoff::constant(Duration::from_millis(1)).with_max_attempts(3)).cancelled_by(&token);
    let (limiter, semaphore) = (Limiter::default(), Semaphore::new(1));
    for _ in 0..1000 {
        retry.run(|_| async { Err::<(), _>(Failure::retry("busy")) }).await.unwrap_err();
        limiter.run(&token, || async {}).await.unwrap();
        drop(semaphore.acquire(&token).await.unwrap());
    }
    assert_eq!(token.registered(), 0);
}
