//! Whether a drain decays: the same as [`super::drain`], with a million finished jobs stored before, beside none.

use super::{block_on, drain};
use crate::{
    Done, disk,
    figure::{Figure, Unit},
    history,
    measure::{ROUNDS, Took, median},
};

const FINISHED: u64 = 1_000_000;

pub(super) fn run() -> Done<Vec<Figure>> {
    let folder = disk::folder()?;
    block_on(async {
        drain::on(folder.path(), 0).await?;
        history::fill(folder.path(), FINISHED).await
    })?;
    let (mut full, mut fresh) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        full.push(block_on(drain::on(folder.path(), drain::JOBS))?);
        let folder = disk::folder()?;
        fresh.push(block_on(drain::on(folder.path(), drain::JOBS))?);
    }
    let both = |value: fn(&Took) -> f64| (median(full.iter().map(value)), median(fresh.iter().map(value)));
    let figure = |name, (value, beside), unit| Figure::new(name, value, unit).beside("without them", beside);
    Ok(vec![
        figure("drain with 1 000 000 finished jobs", both(Took::per_second), Unit::PerSecond("jobs")),
        figure("the same: CPU", both(Took::cpu_us), Unit::Cost("us/job")),
    ])
}
