//! S2.20: a bus, its listeners, and what happens when they are slow or wrong.

use callboard::{BusStats, DomainEvent, Heard, Signal, SignalBus, protocol::caps};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering},
};

#[derive(Debug, PartialEq)]
struct Tick(usize);

impl DomainEvent for Tick {
    fn topic(&self) -> &str {
        "tick"
    }
}

#[derive(Debug)]
struct Tock;

impl DomainEvent for Tock {
    fn topic(&self) -> &str {
        "tock"
    }
}

fn tick(number: usize) -> Signal<Tick> {
    Signal::new(Tick(number), "clock".into())
}

fn number(signal: &Signal) -> Option<usize> {
    signal.get::<Tick>().map(|tick| tick.0)
}

/// W2.10: there is no global bus, so two of them cannot hear each other.
#[tokio::test]
async fn everybody_hears_everything_on_his_bus_only() {
    let (bus, other) = (SignalBus::new(), SignalBus::new());
    let (mut a, mut b, mut foreign) = (bus.subscribe(), bus.subscribe(), other.subscribe());
    bus.emit(tick(1));
    bus.emit(Signal::new(Tock, "clock".into()));
    bus.emit(tick(2));
    for subscription in [&mut a, &mut b] {
        assert_eq!(subscription.next_of::<Tick>().await.as_deref().and_then(number), Some(1));
        assert_eq!(subscription.next_of::<Tick>().await.as_deref().and_then(number), Some(2));
    }
    assert!(foreign.try_next().is_none());
}

/// X9: who is too slow is told how much he missed, and goes on with the oldest that is left.
#[tokio::test]
async fn lag_is_explicit() {
    let bus = SignalBus::new();
    let mut slow = bus.subscribe();
    (0..caps::SIGNAL_RING + 10).for_each(|number| bus.emit(tick(number)));
    let Some(Heard::Lagged(missed)) = slow.next().await else { panic!("it lags") };
    assert_eq!(missed, 10);
    let Some(Heard::Signal(signal)) = slow.next().await else { panic!("it goes on") };
    assert_eq!(number(&signal), Some(10));
    assert_eq!((bus.stats().emitted, bus.stats().lagged), (caps::SIGNAL_RING as u64 + 10, 10));
}

#[tokio::test]
async fn after_close_nothing_is_heard() {
    let bus = SignalBus::new();
    let heard = Arc::new(AtomicU32::new(0));
    let mut subscription = bus.subscribe();
    let count = heard.clone();
    let _sink = bus.attach(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
    });
    bus.emit(tick(1));
    bus.close();
    bus.close();
    bus.emit(tick(2));
    assert!(matches!(subscription.next().await, Some(Heard::Signal(_))), "what was emitted before");
    assert!(subscription.next().await.is_none() && bus.subscribe().next().await.is_none());
    assert_eq!(heard.load(Ordering::Relaxed), 1);
}

/// W2.5: a listener that panics is counted; the others and the emitter go on.
#[tokio::test]
async fn a_listener_that_panics_disturbs_nobody() {
    let bus = SignalBus::new();
    let mut subscription = bus.subscribe();
    let _wrong = bus.attach(|signal| assert!(number(signal) != Some(1), "not this one"));
    let heard = Arc::new(AtomicU32::new(0));
    let count = heard.clone();
    let _right = bus.attach(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
    });
    bus.emit(tick(1));
    bus.emit(tick(2));
    assert_eq!(heard.load(Ordering::Relaxed), 2);
    assert!(subscription.next().await.is_some());
    assert_eq!(bus.stats(), BusStats { emitted: 2, faults: 1, ..BusStats::default() });
}

/// What a listener emits comes after the present event, for all; a listener may also subscribe and attach.
#[tokio::test]
async fn a_listener_may_use_the_bus() {
    let bus = SignalBus::new();
    let order: Arc<Mutex<Vec<(char, usize)>>> = Arc::default();
    let (inner, log) = (bus.clone(), order.clone());
    let mut attached = Vec::new();
    let _first = bus.attach(move |signal| {
        let number = number(signal).unwrap();
        log.lock().unwrap().push(('a', number));
        if number == 1 {
            inner.emit(tick(10));
            let log = log.clone();
            attached.push(inner.attach(move |_| log.lock().unwrap().push(('c', 0))));
            assert!(inner.subscribe().try_next().is_none());
        }
    });
    let log = order.clone();
    let _second = bus.attach(move |signal| log.lock().unwrap().push(('b', number(signal).unwrap())));
    bus.emit(tick(1));
    assert_eq!(*order.lock().unwrap(), [('a', 1), ('b', 1), ('a', 10), ('b', 10)]);
    order.lock().unwrap().clear();
    bus.emit(tick(2));
    assert_eq!(*order.lock().unwrap(), [('a', 2), ('b', 2), ('c', 0)]);
}

/// X9: a listener that answers each event with another one does not hang the emitter.
#[tokio::test]
async fn listeners_that_emit_without_end_are_stopped() {
    let bus = SignalBus::new();
    let inner = bus.clone();
    let _endless = bus.attach(move |signal| inner.emit(tick(number(signal).unwrap() + 1)));
    bus.emit(tick(0));
    assert_eq!((bus.stats().emitted, bus.stats().refused), (caps::SIGNAL_NESTING as u64 + 1, 1));
}

/// Emitters on several threads: every listener sees the same order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_listeners_see_one_order() {
    let bus = SignalBus::new();
    let seen: [Arc<Mutex<Vec<usize>>>; 2] = Default::default();
    let _sinks =
        seen.clone().map(|seen| bus.attach(move |signal| seen.lock().unwrap().extend(number(signal))));
    let mut subscription = bus.subscribe();
    let emitters = (0..4).map(|emitter| {
        let bus = bus.clone();
        tokio::spawn(async move { (0..100).for_each(|number| bus.emit(tick(emitter * 1000 + number))) })
    });
    for emitter in emitters.collect::<Vec<_>>() {
        emitter.await.unwrap();
    }
    let first = seen[0].lock().unwrap().clone();
    assert_eq!((first.len(), &first), (400, &*seen[1].lock().unwrap()));
    for expected in first {
        assert_eq!(subscription.next_of::<Tick>().await.as_deref().and_then(number), Some(expected));
    }
}

#[tokio::test]
async fn a_listener_that_is_gone_hears_nothing() {
    let bus = SignalBus::new();
    let heard = Arc::new(AtomicU32::new(0));
    let count = heard.clone();
    let sink = bus.attach(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
    });
    assert!(bus.is_heard());
    bus.emit(tick(1));
    drop(sink);
    assert!(!bus.is_heard());
    bus.emit(tick(2));
    assert_eq!(heard.load(Ordering::Relaxed), 1);
    drop(bus.subscribe());
    assert!(!bus.is_heard());
}
