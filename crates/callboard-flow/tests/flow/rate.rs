//! S1.18, S1.24.

use callboard_flow::{CancelToken, RateLimiter, Reason, Throughput};
use std::time::Duration;
use tokio::{task::yield_now, time::Instant};

#[tokio::test(start_paused = true)]
async fn calls_wait_for_the_window() {
    let limiter = RateLimiter::new(2, Duration::from_secs(1));
    let (token, started) = (CancelToken::new(), Instant::now());
    let mut passed = Vec::new();
    for _ in 0..5 {
        limiter.acquire(&token).await.unwrap();
        passed.push(started.elapsed().as_secs());
    }
    assert_eq!(passed, [0, 0, 1, 1, 2]);
    assert!(limiter.is_allowed() && !limiter.is_allowed());
    assert_eq!(limiter.count(), 2);
    limiter.reset();
    assert_eq!(limiter.count(), 0);
}

/// S1.18: clamped to 2..10.
#[tokio::test(start_paused = true)]
async fn updates_are_as_fast_as_a_person_can_follow() {
    for (hz, allowed) in [(0.0, 2), (5.0, 5), (7.0, 7), (1000.0, 10)] {
        let limiter = RateLimiter::for_updates(hz);
        assert_eq!((0..100).filter(|_| limiter.is_allowed()).count(), allowed, "{hz}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_amount_per_second_is_kept_on_average() {
    let bandwidth = Throughput::new(1000.0, 500.0);
    let (token, started) = (CancelToken::new(), Instant::now());
    for _ in 0..20 {
        bandwidth.take(250.0, &token).await.unwrap();
    }
    // 5000 bytes, of which 500 are there at once.
    assert_eq!(started.elapsed().as_millis(), 4500);
    bandwidth.take(3000.0, &token).await.unwrap();
    assert_eq!(started.elapsed().as_millis(), 5000, "a chunk above the burst passes from a full bucket");
    bandwidth.take(500.0, &token).await.unwrap();
    assert_eq!(started.elapsed().as_millis(), 8000, "and is waited for afterwards");
}

#[tokio::test(start_paused = true)]
async fn a_change_reaches_those_who_wait() {
    let bandwidth = Throughput::new(0.0, 1.0);
    let (token, started) = (CancelToken::new(), Instant::now());
    bandwidth.take(1.0, &token).await.unwrap();
    let waiting = tokio::spawn({
        let (bandwidth, token) = (bandwidth.clone(), token.clone());
        async move { bandwidth.take(100.0, &token).await }
    });
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert!(!waiting.is_finished(), "paused");
    bandwidth.set_per_second(0.5);
    waiting.await.unwrap().unwrap();
    assert_eq!(started.elapsed().as_secs(), 3602);
}

#[tokio::test(start_paused = true)]
async fn whoever_gives_up_takes_nothing() {
    let (bandwidth, calls) = (Throughput::new(1.0, 1.0), RateLimiter::new(1, Duration::from_secs(1)));
    let (token, open, started) = (CancelToken::new(), CancelToken::new(), Instant::now());
    bandwidth.take(1.0, &open).await.unwrap();
    calls.acquire(&open).await.unwrap();
    let quitter = tokio::spawn({
        let (bandwidth, calls, token) = (bandwidth.clone(), calls.clone(), token.clone());
        async move { tokio::join!(bandwidth.take(1.0, &token), calls.acquire(&token)) }
    });
    yield_now().await;
    token.cancel(Reason::User);
    let (first, second) = quitter.await.unwrap();
    assert!(first.is_err() && second.is_err());
    bandwidth.take(1.0, &open).await.unwrap();
    calls.acquire(&open).await.unwrap();
    assert_eq!(started.elapsed().as_millis(), 1000);
}
