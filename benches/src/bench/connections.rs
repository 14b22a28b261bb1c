//! What connections cost by how many there are: CPU and bytes of a patch, beside a thread that writes the same bytes
//! to as many sockets; and the memory of one to which nothing happens.

use super::{
    block_on,
    fanout::{self, BESIDE, DEFLATED, GROUP, OPENING, Written},
};
use crate::{
    Done, disk,
    figure::{Figure, Unit},
    helper::Helper,
    net::socket::{Address, Form, Socket},
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use std::time::Duration;

/// A thousand are in `fanout`.
const COUNTS: [usize; 3] = [1, 100, 10_000];
/// Connections that do nothing while memory is measured: those that are there before, and those that come. The
/// allocator takes megabytes at a time, so it is no good to ask for the price of the first few.
const IDLE: [usize; 2] = [1000, 4000];
/// Time in which a new connection gets its first snapshot and what was needed for that is given back.
const SETTLING: Duration = Duration::from_secs(2);

pub(super) fn run() -> Done<Vec<Figure>> {
    let mut figures = Vec::new();
    for form in Form::ALL {
        let name = form.name();
        let [first, further] = block_on(idle_kib(form))?;
        let memory = |which: &str, kib| {
            let figure = format!("{name}: memory per idle connection, {which}");
            Figure::new(figure, kib, Unit::Cost("KiB"))
        };
        figures.push(memory("the first 1000", first));
        figures.push(memory("4000 further", further));
        for count in COUNTS {
            let ours = block_on(fanout::ours(form, count, GROUP))?;
            let raw = block_on(fanout::raw(count, Written::Same(ours.bytes), ours.per_second))?;
            let figure =
                |what: &str, value, unit| Figure::new(format!("{name}, {count}: {what}"), value, unit);
            figures.push(
                figure("CPU per delivered patch", ours.cpu_us, Unit::Cost("us")).beside(BESIDE, raw.cpu_us),
            );
            // What is left for a single connection is less than the noise.
            if count > 1 {
                let delivering =
                    figure("the same without the board's own work", ours.delivering_us, Unit::Cost("us"));
                figures.push(delivering.beside(BESIDE, raw.cpu_us));
            }
            figures.push(figure("bytes of a patch", ours.bytes, Unit::Cost("B")));
            // More than a thousand would be gigabytes; one is not what it is about. A thousand are in `fanout`.
            if form == Form::Chained && count == 100 {
                let each = block_on(fanout::raw(count, Written::Deflated(&ours.patches), ours.per_second))?;
                figures.push(
                    figure("CPU per delivered patch", ours.cpu_us, Unit::Cost("us"))
                        .beside(DEFLATED, each.cpu_us),
                );
            }
        }
    }
    Ok(figures)
}

/// Memory of each of the first connections, and of each that comes then.
async fn idle_kib(form: Form) -> Done<[f64; 2]> {
    let folder = disk::folder()?;
    let mut helper = Helper::start(&["board".as_ref(), folder.path().as_ref(), "1".as_ref()])?;
    let address = Address::parse(&helper.hear()?)?;
    let open = async |count| -> Done<Vec<Socket>> {
        let opening = stream::iter(0..count).map(|_| Socket::open(&address, form));
        let opened = opening.buffer_unordered(OPENING).try_collect().await?;
        tokio::time::sleep(SETTLING).await;
        Ok(opened)
    };
    // What the very first one makes is not the price of the others.
    let _very_first = open(1).await?;
    let none = helper.process().rss_mib()?;
    let _first = open(IDLE[0]).await?;
    let first = helper.process().rss_mib()?;
    let _further = open(IDLE[1]).await?;
    let all = helper.process().rss_mib()?;
    Ok([(first - none) * 1024.0 / IDLE[0] as f64, (all - first) * 1024.0 / IDLE[1] as f64])
}
