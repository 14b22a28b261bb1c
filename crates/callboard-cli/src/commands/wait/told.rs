//! Which of the jobs that are waited for were told of.

use super::{Bars, Wanted, tell};
use crate::{failure::Failure, text::form::Output};
use callboard_protocol::{JobId, job::Job};
use std::collections::HashSet;

/// See the module.
pub(super) struct Told {
    ids: Vec<JobId>,
    told: HashSet<JobId>,
}

impl Told {
    pub(super) fn new(ids: &[JobId]) -> Told {
        Told { ids: ids.to_vec(), told: HashSet::new() }
    }

    /// Whether nothing was told of a job yet; now it is.
    pub(super) fn is_first(&mut self, id: &JobId) -> bool {
        self.told.insert(id.clone())
    }

    /// Tells of those that have ended, and draws the others.
    pub(super) fn draw(
        &mut self,
        bars: &mut Bars,
        job: impl Fn(&JobId) -> Option<Job>,
        wanted: &Wanted,
        out: &Output,
    ) -> Result<(), Failure> {
        let jobs: Vec<Job> = self.ids.iter().filter(|id| !self.told.contains(*id)).filter_map(job).collect();
        let (ended, open): (Vec<Job>, Vec<Job>) =
            jobs.into_iter().partition(|job| job.state.is_terminal() || wanted.is_met(job));
        bars.clear();
        for job in ended.iter().filter(|job| self.told.insert(job.id.clone())) {
            tell(job, out, bars.studio())?;
        }
        bars.draw(&open, Some(self.done(&open)), out);
        Ok(())
    }

    /// The part of all that is done; a job without progress has none.
    fn done(&self, open: &[Job]) -> f64 {
        let open_done: f64 =
            open.iter().filter_map(|job| job.progress.as_ref()).map(|progress| progress.value).sum();
        let over = self.ids.len().saturating_sub(open.len()) as f64;
        (over + open_done) / self.ids.len().max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::progress::tests::job;
    use callboard_protocol::job::Progress;

    #[test]
    fn the_taskbar_has_the_part_of_all() {
        let told = Told::new(&["a", "b", "c", "d"].map(JobId::new));
        let mut half = job("running");
        half.progress = Some(Progress { value: 0.5, ..Progress::default() });
        assert_eq!(told.done(&[half, job("queued")]), 0.625);
        assert_eq!((told.done(&[]), Told::new(&[]).done(&[])), (1.0, 0.0));
    }
}
