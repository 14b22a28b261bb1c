//! Throttle and debounce: S1.18, S1.21, W1.5.

use callboard_flow::{Debounce, Edges, Throttle};
use std::{
    sync::{Arc, OnceLock, mpsc},
    time::Duration,
};
use tokio::time::sleep;

const MS: Duration = Duration::from_millis(1);

fn listener<T: Send + 'static>() -> (impl Fn(T) + Send + Sync, mpsc::Receiver<T>) {
    let (sender, receiver) = mpsc::channel();
    (move |value| sender.send(value).expect("the test listens"), receiver)
}

fn heard<T>(receiver: &mpsc::Receiver<T>) -> Vec<T> {
    receiver.try_iter().collect()
}

fn alive_tasks() -> usize {
    tokio::runtime::Handle::current().metrics().num_alive_tasks()
}

/// W1.5: of the calls 1, 2, 3 the original ran 1 and 2.
#[tokio::test(start_paused = true)]
async fn the_newest_argument_is_the_one_that_runs() {
    let (listen, heard_by) = listener();
    let throttle = Throttle::new(100 * MS, listen);
    (1..=3).for_each(|value| throttle.call(value));
    assert_eq!(heard(&heard_by), [1]);
    sleep(99 * MS).await;
    assert_eq!(heard(&heard_by), []);
    sleep(2 * MS).await;
    assert_eq!((heard(&heard_by), throttle.superseded()), (vec![3], 1));
    // The trailing call was 1 ms ago: the next interval counts from it.
    throttle.call(4);
    assert_eq!(heard(&heard_by), []);
    sleep(100 * MS).await;
    assert_eq!(heard(&heard_by), [4]);
    sleep(100 * MS).await;
    throttle.call(5);
    assert_eq!(heard(&heard_by), [5], "after a quiet interval at once");
}

#[tokio::test(start_paused = true)]
async fn each_edge_runs_its_calls() {
    // A call every 10 ms, each with its time, against an interval of 99 ms.
    let cases = [
        (Edges::Both, vec![0, 90, 190, 250]),
        (Edges::Leading, vec![0, 100, 200]),
        (Edges::Trailing, vec![90, 190, 250]),
    ];
    for (edges, expected) in cases {
        let (listen, heard_by) = listener();
        let throttle = Throttle::new(99 * MS, listen).with_edges(edges);
        for tick in 0..26 {
            throttle.call(tick * 10);
            sleep(10 * MS).await;
        }
        sleep(1000 * MS).await;
        assert_eq!(heard(&heard_by), expected, "{edges:?}");
    }
}

/// S1.18: 2 to 10 times a second, and never the last one lost.
#[tokio::test(start_paused = true)]
async fn a_flood_becomes_a_cadence() {
    let (listen, heard_by) = listener();
    let throttle = Throttle::for_updates(1000.0, listen);
    for percent in 0..=1000 {
        throttle.call(percent);
        sleep(MS).await;
    }
    sleep(1000 * MS).await;
    let heard = heard(&heard_by);
    assert!(heard.len() <= 12 && heard.last() == Some(&1000), "{heard:?}");
    assert_eq!(heard.len() as u64 + throttle.superseded(), 1001, "every call is accounted for");
}

#[tokio::test(start_paused = true)]
async fn debounce_waits_for_quiet_and_keeps_the_newest() {
    let (listen, heard_by) = listener();
    let debounce = Debounce::new(300 * MS, listen);
    for value in 1..=5 {
        debounce.call(value);
        sleep(200 * MS).await;
    }
    assert_eq!(heard(&heard_by), []);
    sleep(101 * MS).await;
    assert_eq!((heard(&heard_by), debounce.superseded()), (vec![5], 4));
    sleep(1000 * MS).await;
    assert_eq!(heard(&heard_by), [], "once");
}

/// W1.5: one debouncer for two functions kept only the last one's call. Here each function has its own.
#[tokio::test(start_paused = true)]
async fn two_debouncers_do_not_take_each_others_calls() {
    let (saves, saved) = listener();
    let (searches, searched) = listener();
    let (save, search) = (Debounce::new(10 * MS, saves), Debounce::new(10 * MS, searches));
    save.call("text");
    search.call("word");
    sleep(11 * MS).await;
    assert_eq!((heard(&saved), heard(&searched)), (vec!["text"], vec!["word"]));
}

#[tokio::test(start_paused = true)]
async fn cancel_flush_and_a_dropped_handle() {
    let (listen, heard_by) = listener();
    let debounce = Debounce::new(300 * MS, listen);
    debounce.call(1);
    assert!(debounce.cancel() && !debounce.cancel());
    sleep(301 * MS).await;
    assert_eq!((heard(&heard_by), alive_tasks()), (vec![], 0), "cancelled, and its timer is gone");
    debounce.call(2);
    assert!(debounce.flush() && !debounce.flush());
    assert_eq!(heard(&heard_by), [2]);
    debounce.call(3);
    drop(debounce);
    sleep(301 * MS).await;
    assert_eq!(heard(&heard_by), [3], "dropping the handle takes nothing back");
}

#[tokio::test(start_paused = true)]
async fn many_calls_have_one_timer_and_a_cancel_ends_it() {
    let debounce = Debounce::new(Duration::MAX, |_| unreachable!("it is never quiet for so long"));
    (0..100_000).for_each(|value| debounce.call(value));
    assert_eq!(alive_tasks(), 1);
    tokio::task::yield_now().await;
    debounce.cancel();
    for _ in 0..4 {
        tokio::task::yield_now().await;
    }
    assert_eq!(alive_tasks(), 0);
}

/// A function that panics breaks its own call only.
#[tokio::test(start_paused = true)]
async fn a_panic_does_not_break_the_throttle() {
    let (listen, heard_by) = listener();
    let picky = Throttle::new(10 * MS, move |value| {
        assert_ne!(value, 2, "it does not like that");
        listen(value);
    });
    picky.call(1);
    picky.call(2);
    sleep(30 * MS).await;
    picky.call(3);
    picky.call(4);
    sleep(30 * MS).await;
    assert_eq!(heard(&heard_by), [1, 3, 4]);
}

#[tokio::test(start_paused = true)]
async fn a_function_may_call_its_own_throttle() {
    let (listen, heard_by) = listener();
    let own = Arc::new(OnceLock::<Throttle<u32>>::new());
    let inner = Arc::clone(&own);
    let throttle = own.get_or_init(|| {
        Throttle::new(10 * MS, move |value| {
            listen(value);
            if value > 0 {
                inner.get().expect("it is set by now").call(value - 1);
            }
        })
    });
    throttle.call(3);
    sleep(100 * MS).await;
    assert_eq!(heard(&heard_by), [3, 2, 1, 0]);
}

/// A runtime that ended took the task that waited with it; the next runtime's calls still run.
#[test]
fn a_throttle_outlives_its_runtime() {
    let (listen, heard_by) = listener();
    let debounce = Debounce::new(MS, listen);
    let run = |value, wait: bool| {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            debounce.call(value);
            if wait {
                sleep(2 * MS).await;
            }
        });
    };
    run(1, false);
    run(2, true);
    assert_eq!(heard(&heard_by), [2]);
}
