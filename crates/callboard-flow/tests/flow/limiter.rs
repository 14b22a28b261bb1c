//! S1.8, S1.9.

use callboard_flow::{
    CancelToken, Limiter, LimiterError, LimiterOptions, LimiterPermit, LimiterStats, Reason, Semaphore,
};
use std::sync::{Arc, Mutex};
use tokio::task::{JoinHandle, yield_now};

fn limiter(max_concurrent: usize, queue_limit: usize) -> Limiter {
    Limiter::new(LimiterOptions { max_concurrent, queue_limit })
}

/// Running, queued, rejected.
fn counts(limiter: &Limiter) -> (usize, usize, u64) {
    let LimiterStats { running, queued, rejected, .. } = limiter.stats();
    (running, queued, rejected)
}

/// A task that waits for a slot, until it does.
async fn waiter(limiter: &Limiter, token: &CancelToken) -> JoinHandle<Result<LimiterPermit, LimiterError>> {
    let (limiter, token) = (limiter.clone(), token.clone());
    let task = tokio::spawn(async move { limiter.enter(&token).await });
    yield_now().await;
    task
}

#[tokio::test]
async fn a_free_slot_then_the_queue_then_an_error() {
    let (limiter, token) = (limiter(1, 1), CancelToken::new());
    let first = limiter.enter(&token).await.unwrap();
    let second = waiter(&limiter, &token).await;
    let refused = limiter.run(&token, || async { unreachable!("it is never called") }).await;
    assert_eq!(refused, Err::<(), _>(LimiterError::QueueFull { queue_limit: 1 }));
    assert_eq!(counts(&limiter), (1, 1, 1));
    drop(first);
    assert_eq!(counts(&limiter), (1, 0, 1), "handed over at once, before the waiter is polled");
    let third = waiter(&limiter, &token).await;
    assert_eq!(counts(&limiter), (1, 1, 1), "so the queue has room at once");
    drop(second.await.unwrap().unwrap());
    drop(third.await.unwrap().unwrap());
    assert_eq!(counts(&limiter), (0, 0, 1));
}

#[tokio::test]
async fn first_come_first_served() {
    let (limiter, token) = (limiter(1, 100), CancelToken::new());
    let order = Arc::new(Mutex::new(Vec::new()));
    let first = limiter.enter(&token).await.unwrap();
    let mut tasks = Vec::new();
    for number in 0..50 {
        let (limiter, token, order) = (limiter.clone(), token.clone(), Arc::clone(&order));
        tasks.push(tokio::spawn(async move {
            limiter.run(&token, || async move { order.lock().unwrap().push(number) }).await
        }));
        yield_now().await;
    }
    drop(first);
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(*order.lock().unwrap(), (0..50).collect::<Vec<_>>());
}

#[tokio::test]
async fn cancelling_in_the_queue_leaves_it_and_cancelling_while_running_does_nothing() {
    let (limiter, token) = (limiter(1, 5), CancelToken::new());
    let before = CancelToken::new();
    before.cancel(Reason::Shutdown);
    let refused = limiter.run(&before, || async { unreachable!("it is never called") }).await;
    assert_eq!(refused, Err::<(), _>(before.check().unwrap_err().into()));
    let (finish, finished) = tokio::sync::oneshot::channel();
    let running = tokio::spawn({
        let (limiter, token) = (limiter.clone(), token.clone());
        async move { limiter.run(&token, || finished).await }
    });
    yield_now().await;
    let queued = waiter(&limiter, &token).await;
    assert_eq!(counts(&limiter), (1, 1, 0));
    token.cancel(Reason::User);
    assert_eq!(queued.await.unwrap().unwrap_err(), token.check().unwrap_err().into());
    assert_eq!(counts(&limiter), (1, 0, 0));
    finish.send(42).unwrap();
    assert_eq!(running.await.unwrap().unwrap(), Ok(42), "its result is delivered");
    assert_eq!(counts(&limiter), (0, 0, 0));
}

#[tokio::test]
async fn a_panic_and_a_dropped_waiter_free_their_places() {
    let (limiter, token) = (limiter(1, 5), CancelToken::new());
    let broken = tokio::spawn({
        let (limiter, token) = (limiter.clone(), token.clone());
        async move { limiter.run(&token, || async { panic!("broken") }).await }
    });
    assert!(broken.await.unwrap_err().is_panic());
    assert_eq!(counts(&limiter), (0, 0, 0));
    let first = limiter.enter(&token).await.unwrap();
    let (gone, next) = (waiter(&limiter, &token).await, waiter(&limiter, &token).await);
    // The slot is handed to a waiter that is dropped before it hears of it.
    drop(first);
    gone.abort();
    assert!(gone.await.is_err());
    drop(next.await.unwrap().unwrap());
    assert_eq!(counts(&limiter), (0, 0, 0));
}

#[tokio::test]
async fn limits_change_while_it_runs() {
    let (limiter, token) = (limiter(0, 5), CancelToken::new());
    let mut waiting = Vec::new();
    for _ in 0..5 {
        waiting.push(waiter(&limiter, &token).await);
    }
    assert_eq!(counts(&limiter), (0, 5, 0), "paused");
    limiter.set_queue_limit(1);
    limiter.set_max_concurrent(3);
    assert_eq!(counts(&limiter), (3, 2, 0), "more start at once, those that wait stay");
    assert!(limiter.enter(&token).await.is_err(), "but nobody joins them");
    limiter.set_max_concurrent(1);
    let mut permits = Vec::new();
    for task in waiting.drain(..3) {
        permits.push(task.await.unwrap().unwrap());
    }
    permits.truncate(1);
    assert_eq!(counts(&limiter), (1, 2, 1), "fewer take effect as they end");
    permits.clear();
    assert_eq!(counts(&limiter), (1, 1, 1));
    for task in waiting {
        drop(task.await.unwrap().unwrap());
    }
    assert_eq!(counts(&limiter), (0, 0, 1));
}

/// Many threads, waiters that give up: never more than allowed, and nothing is left.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_limit_holds_between_threads() {
    let limiter = limiter(3, 1000);
    let running = Arc::new(Mutex::new((0usize, 0usize)));
    let tasks: Vec<_> = (0..300)
        .map(|number| {
            let (limiter, running, token) = (limiter.clone(), Arc::clone(&running), CancelToken::new());
            let task = tokio::spawn({
                let token = token.clone();
                async move {
                    let operation = || async {
                        let count = |change: fn(&mut (usize, usize))| change(&mut running.lock().unwrap());
                        count(|(now, most)| {
                            *now += 1;
                            *most = (*most).max(*now);
                        });
                        yield_now().await;
                        count(|(now, _)| *now -= 1);
                    };
                    limiter.run(&token, operation).await
                }
            });
            if number % 3 == 0 {
                token.cancel(Reason::User);
            }
            task
        })
        .collect();
    let mut done = 0;
    for task in tasks {
        done += usize::from(task.await.unwrap().is_ok());
    }
    assert!(done >= 200);
    let (now, most) = *running.lock().unwrap();
    assert!(now == 0 && most <= 3, "{most} at once");
    assert_eq!(counts(&limiter), (0, 0, 0));
}

/// S1.9: first come first served, a permit goes straight to the next, waiting can be cancelled.
#[tokio::test]
async fn a_semaphore_hands_its_permits_on() {
    let (semaphore, token) = (Semaphore::new(1), CancelToken::new());
    let permit = semaphore.acquire(&token).await.unwrap();
    let wait = |token: CancelToken| {
        let semaphore = semaphore.clone();
        tokio::spawn(async move { semaphore.acquire(&token).await })
    };
    let (cancelled, next) = (CancelToken::new(), token);
    let (cancelled_task, next_task) = (wait(cancelled.clone()), wait(next));
    yield_now().await;
    cancelled.cancel(Reason::User);
    assert!(cancelled_task.await.unwrap().is_err());
    drop(permit);
    assert!(semaphore.try_acquire().is_none(), "it belongs to the one that waits");
    drop(next_task.await.unwrap().unwrap());
    assert_eq!(semaphore.available_permits(), 1);
    assert!(Semaphore::new(usize::MAX).try_acquire().is_some());
}
