//! A result that is shown from the cache at once and made anew all the same: stale while revalidate.
//!
//! Run it with `cargo run -p callboard-examples --bin cache`.
#![expect(clippy::print_stdout, reason = "an example talks to the person who runs it")]

use callboard::{
    CachePolicy, DataSource, Dispatcher, DomainEvent, EventJob, InvalidateCache, JobFailure, RunContext,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicI32, Ordering},
    },
    time::Duration,
};

/// What is asked for.
struct Forecast {
    city: String,
}

/// What everybody hears of it.
#[derive(Debug)]
struct Weather {
    city: String,
    degrees: i32,
}

impl DomainEvent for Weather {
    fn topic(&self) -> &str {
        "weather.known"
    }
}

impl EventJob for Forecast {
    const KIND: &'static str = "weather.forecast";
    type Output = i32;
    type Event = Weather;

    fn event(&self, degrees: &i32, _: DataSource) -> Weather {
        Weather { city: self.city.clone(), degrees: *degrees }
    }

    fn cache(&self) -> Option<CachePolicy> {
        let key = format!("weather/{}", self.city);
        Some(CachePolicy::new(key).ttl(Duration::from_secs(600)).revalidate())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dispatcher = Dispatcher::default();
    let thermometer = AtomicI32::new(20);
    dispatcher.register(move |_: Arc<Forecast>, _: RunContext| {
        let degrees = thermometer.fetch_add(1, Ordering::Relaxed);
        async move {
            tokio::time::sleep(Duration::from_millis(50)).await;
            Ok::<_, JobFailure>(degrees)
        }
    })?;
    let mut events = dispatcher.bus().subscribe();
    let mut heard = async || {
        let signal = events.next_of::<Weather>().await.ok_or("the bus was closed")?;
        let Weather { city, degrees } = signal.get().ok_or("another event")?;
        println!("event: {city} has {degrees} degrees ({:?})", signal.source);
        Ok::<_, &str>(())
    };
    let forecast = || Forecast { city: "Oslo".into() };

    println!("result: {:?}", dispatcher.dispatch(forecast()).await?);
    heard().await?;
    // The handle settles with what is cached; the new value comes as an event of its own.
    println!("result: {:?}", dispatcher.dispatch(forecast()).await?);
    heard().await?;
    heard().await?;
    println!("forgotten: {}", dispatcher.dispatch(InvalidateCache::prefix("weather/")).result().await?);
    println!("result: {:?}", dispatcher.dispatch(forecast()).await?);
    Ok(())
}
