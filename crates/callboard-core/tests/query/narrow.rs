//! What an index can answer of a query.

use crate::records::NOW;
use callboard_core::{Narrow, Query};
use callboard_protocol::{Time, job::JobState};

fn narrow(text: &str) -> Narrow {
    Query::parse(text).expect(text).narrow(NOW)
}

#[test]
fn names_and_states_come_out() {
    let found = narrow("state:failed,running -state:running kind:mail.send queue:gpu error:/x/");
    assert_eq!(found.states, [JobState::Failed]);
    assert_eq!((found.kind.as_deref(), found.queue.as_deref()), (Some("mail.send"), Some("gpu")));
    let found = narrow("kind:mail.* queue:a,b -kind:x");
    assert_eq!((found.kind, found.queue), (None, None), "an index of names answers one name");
    assert!(narrow("").has_all_states());
    assert!(narrow("state:failed state:running").states.is_empty(), "nothing can fit");
}

#[test]
fn times_bound_when_a_job_was_accepted() {
    let hour = 3_600_000;
    let bounds = |text: &str| {
        let found = narrow(text);
        let offset = |at: Option<Time>| at.map(|at| at.0 - NOW.0);
        (offset(found.created_from), offset(found.created_until))
    };
    assert_eq!(bounds("created:>=now-2h created:<now-1h"), (Some(-2 * hour), Some(-hour - 1)));
    assert_eq!(bounds("age:>1h"), (None, Some(-hour)));
    assert_eq!(bounds("age:<1h"), (Some(-hour - 1), None));
    assert_eq!(bounds("finished:<=now-1h"), (None, Some(-hour)), "it was accepted before it ended");
    assert_eq!(bounds("finished:>now-1h"), (None, None));
    assert_eq!(bounds("created:>now-1h created:>now-2h"), (Some(-hour + 1), None), "the narrower one holds");
    assert_eq!(bounds("-created:<now created:<now,>now"), (None, None));
}
