//! Subscriptions to parts of the state (protocol 3): only what is selected is sent, under its own name and pace.

use crate::kit::{Stage, answer_to, assert_still_served, next, stage, work};
use callboard_exec::Outcome;
use callboard_protocol::{
    Node, Selection, caps,
    error::ErrorCode,
    frame::{ClientFrame, ServerFrame, SnapshotReason, StatePosition, SubRequest, SubStart},
    job::Progress,
};
use callboard_testkit::{Mirror, Socket, hello};
use std::collections::BTreeMap;

fn sub(name: &str, paths: &[&str]) -> SubRequest {
    let paths = paths.iter().map(ToString::to_string).collect();
    SubRequest { sub: name.into(), paths, max_rate_ms: None, resume: None }
}

/// A socket with these subscriptions, how each begins, and the mirrors that they feed.
struct Viewer {
    socket: Socket,
    starts: BTreeMap<String, SubStart>,
    mirrors: BTreeMap<String, Mirror>,
    /// The paths of all operations that came, with the subscription.
    seen: Vec<(String, String)>,
}

impl Viewer {
    async fn open(stage: &Stage, subs: Vec<SubRequest>) -> Viewer {
        let options = stage.server.socket_options();
        let mut socket = Socket::open(stage.server.address(), &options).await.expect("it opens");
        let mut hello = hello(&format!("viewer-{:x}", fastrand::u64(..)), None, None);
        if let ClientFrame::Hello { subs: wanted, .. } = &mut hello {
            *wanted = Some(subs);
        }
        socket.send(&hello).await.expect("it is taken");
        let ServerFrame::Welcome { subs: starts, .. } = next(&mut socket).await else {
            panic!("the first message is the welcome");
        };
        Viewer { socket, starts, mirrors: BTreeMap::new(), seen: Vec::new() }
    }

    /// Takes the next message and says which subscription it was for, if it was about the state.
    async fn take(&mut self) -> Option<String> {
        let frame = next(&mut self.socket).await;
        let sub = match &frame {
            ServerFrame::StatePatch { sub, patch, .. } => {
                let name = sub.clone().unwrap_or("main".into());
                self.seen.extend(patch.iter().map(|op| (name.clone(), op.path().to_string())));
                name
            }
            ServerFrame::StateSnapshot { sub, .. } => sub.clone().unwrap_or("main".into()),
            _ => return None,
        };
        self.mirrors.entry(sub.clone()).or_default().take(frame).expect("the rules are kept");
        Some(sub)
    }

    /// Reads until this subscription shows what the selection shows of the board's state.
    async fn until_equal(&mut self, stage: &Stage, name: &str, paths: &[&str]) {
        let paths: Vec<String> = paths.iter().map(ToString::to_string).collect();
        let selection = Selection::parse(&paths).expect("it selects something");
        loop {
            let expected = selection.project(&stage.server.board.state().document);
            if self.mirrors.get(name).is_some_and(|mirror| *mirror.document() == expected) {
                return;
            }
            self.take().await;
        }
    }
}

/// Runs a job to its end.
async fn run_job(stage: &mut Stage, id: &str, reports: u32) {
    stage.dispatch(work(id, 10)).await.expect("accepted");
    let attempt = stage.attempts.next().await;
    for step in 0..reports {
        let (message, eta_ms) = (None, None);
        let progress = Progress { value: 0.5, message, step: Some(step), steps: Some(reports), eta_ms };
        attempt.context().reporter.progress(progress);
    }
    attempt.finish(Outcome::Succeeded(Node::Null));
    let mut head = stage.server.board.head();
    while stage.server.board.live_job(&id.into()).and_then(|job| job.child("state").cloned())
        != Some("succeeded".into())
    {
        head.changed().await.expect("the board runs");
    }
}

#[tokio::test]
async fn only_what_is_selected_is_sent() {
    let mut stage = stage().await;
    run_job(&mut stage, "before", 1).await;
    let paths = ["/jobs/*/progress", "/jobs/*/state"];
    let mut viewer = Viewer::open(&stage, vec![sub("part", &paths), sub("main", &["/summary"])]).await;
    assert_eq!(viewer.starts["part"], SubStart::Snapshot);
    viewer.until_equal(&stage, "part", &paths).await;
    let before = viewer.mirrors["part"].document();
    assert!(before.at("/jobs/before/state").is_some() && before.at("/jobs/before/args").is_none());
    assert!(before.at("/summary").is_none());

    run_job(&mut stage, "after", 3).await;
    viewer.until_equal(&stage, "part", &paths).await;
    viewer.until_equal(&stage, "main", &["/summary"]).await;
    for (sub, path) in &viewer.seen {
        let fits = match sub.as_str() {
            "main" => path.starts_with("/summary"),
            _ => path.starts_with("/jobs/after"),
        };
        assert!(fits, "{sub} was sent {path}");
    }
    // An object that enters the view is an add of what is selected of it.
    let state = viewer.mirrors["part"].document().at("/jobs/after").expect("it entered").to_string();
    assert!(state.contains("state") && !state.contains("args"), "{state}");
}

#[tokio::test]
async fn subscriptions_come_and_go_on_an_open_connection() {
    let mut stage = stage().await;
    let mut viewer = Viewer::open(&stage, vec![]).await;
    // Without a subscription there is no state at all.
    assert_still_served(&mut viewer.socket).await;
    let SubRequest { sub, paths, .. } = sub("jobs", &["/jobs"]);
    let subscribe = ClientFrame::Subscribe { id: "1".into(), sub, paths, max_rate_ms: None, resume: None };
    viewer.socket.send(&subscribe).await.unwrap();
    let ServerFrame::Ack { id, .. } = next(&mut viewer.socket).await else { panic!("no answer") };
    assert_eq!(id, "1");
    let snapshot = next(&mut viewer.socket).await;
    let ServerFrame::StateSnapshot { sub, reason, .. } = &snapshot else { panic!("{snapshot:?}") };
    assert_eq!((sub.as_deref(), *reason), (Some("jobs"), SnapshotReason::View));
    viewer.mirrors.entry("jobs".into()).or_default().take(snapshot).unwrap();
    run_job(&mut stage, "a", 0).await;
    viewer.until_equal(&stage, "jobs", &["/jobs"]).await;

    // The same name twice, and one that is not there.
    viewer.socket.send(&subscribe).await.unwrap();
    let ServerFrame::Error { code, .. } = answer_to(&mut viewer.socket, "1").await else { panic!("twice?") };
    assert_eq!(code, ErrorCode::InvalidArgs);
    let unsubscribe = |id: &str| ClientFrame::Unsubscribe { id: id.into(), sub: "jobs".into() };
    viewer.socket.send(&unsubscribe("2")).await.unwrap();
    assert!(matches!(answer_to(&mut viewer.socket, "2").await, ServerFrame::Ack { .. }));
    viewer.socket.send(&unsubscribe("3")).await.unwrap();
    let ServerFrame::Error { code, .. } = answer_to(&mut viewer.socket, "3").await else { panic!("again?") };
    assert_eq!(code, ErrorCode::NotFound);
    // Nothing follows the answer.
    run_job(&mut stage, "b", 0).await;
    viewer.socket.send(&ClientFrame::Ping { ts: 0.0, id: None }).await.unwrap();
    assert!(matches!(next(&mut viewer.socket).await, ServerFrame::Pong { .. }));
}

#[tokio::test]
async fn a_subscription_resumes_where_it_was() {
    let mut stage = stage().await;
    let paths = ["/jobs/*/state"];
    let mut viewer = Viewer::open(&stage, vec![sub("part", &paths)]).await;
    run_job(&mut stage, "a", 0).await;
    viewer.until_equal(&stage, "part", &paths).await;
    let position = viewer.mirrors["part"].position().cloned();
    let mirror = viewer.mirrors.remove("part").expect("it was fed");
    drop(viewer);
    run_job(&mut stage, "b", 2).await;

    let again = SubRequest { resume: position, ..sub("part", &paths) };
    let mut viewer = Viewer::open(&stage, vec![again]).await;
    assert_eq!(viewer.starts["part"], SubStart::Resumed);
    viewer.mirrors.insert("part".into(), mirror);
    viewer.until_equal(&stage, "part", &paths).await;
    assert_eq!(viewer.mirrors["part"].snapshots, 1, "a patch was enough");

    let lost = ClientFrame::StateResync { sub: Some("part".into()), have: None, reason: None };
    viewer.socket.send(&lost).await.unwrap();
    assert_eq!(viewer.take().await.as_deref(), Some("part"));
    assert_eq!(viewer.mirrors["part"].snapshots, 2);
}

#[tokio::test]
async fn what_cannot_be_served_is_said() {
    let stage = stage().await;
    let other = StatePosition { epoch: "another".into(), version: 1 };
    let wrong = [
        sub("", &[""]),
        sub("none", &[]),
        sub("no pointer", &["jobs"]),
        SubRequest { max_rate_ms: Some(caps::SUB_RATE_MS + 1), ..sub("slow", &[""]) },
        SubRequest { paths: vec!["/a".into(); caps::SUB_PATHS + 1], ..sub("many", &[]) },
    ];
    let names: Vec<String> = wrong.iter().map(|request| request.sub.clone()).collect();
    let good = SubRequest { resume: Some(other), ..sub("good", &["/meta"]) };
    let subs = wrong.into_iter().chain([good]).collect();
    let mut viewer = Viewer::open(&stage, subs).await;
    assert_eq!(viewer.starts.len(), 1);
    for name in names {
        let ServerFrame::Error { re, code, .. } = next(&mut viewer.socket).await else { panic!("served?") };
        assert_eq!((re, code), (Some(name), ErrorCode::InvalidArgs));
    }
    let ServerFrame::StateSnapshot { reason, .. } = next(&mut viewer.socket).await else {
        panic!("no state")
    };
    assert_eq!(reason, SnapshotReason::Epoch);

    let many = (0..=caps::SUBSCRIPTIONS).map(|number| sub(&format!("s{number}"), &["/meta/status"]));
    let mut viewer = Viewer::open(&stage, many.collect()).await;
    assert_eq!(viewer.starts.len(), caps::SUBSCRIPTIONS);
    let ServerFrame::Error { code, .. } = next(&mut viewer.socket).await else { panic!("served?") };
    assert_eq!(code, ErrorCode::Overloaded);
}

/// X9: views are bounded, and given back when nobody needs them.
#[tokio::test]
async fn views_are_bounded_and_given_back() {
    let stage = stage().await;
    let view = |number: usize| sub(&format!("s{number}"), &["/meta"]);
    let mut viewers = Vec::new();
    for first in (0..caps::VIEWS).step_by(caps::SUBSCRIPTIONS) {
        let subs = (first..first + caps::SUBSCRIPTIONS).map(view).collect();
        let viewer = Viewer::open(&stage, subs).await;
        assert_eq!(viewer.starts.len(), caps::SUBSCRIPTIONS);
        viewers.push(viewer);
    }
    let refused = Viewer::open(&stage, vec![view(caps::VIEWS)]).await;
    assert!(refused.starts.is_empty(), "it is one too many");
    let shared = Viewer::open(&stage, vec![view(0)]).await;
    assert_eq!(shared.starts.len(), 1, "what is served already can be shared");
    viewers.clear();
    // The server notices that they are gone.
    while Viewer::open(&stage, vec![view(caps::VIEWS)]).await.starts.is_empty() {}
}

/// Changes within `maxRateMs` come as one patch.
#[tokio::test]
async fn a_slow_subscription_gets_one_patch_for_many() {
    let mut stage = stage().await;
    let slow = SubRequest { max_rate_ms: Some(60_000), ..sub("slow", &["/jobs"]) };
    let mut viewer = Viewer::open(&stage, vec![slow, sub("main", &[""])]).await;
    while viewer.mirrors.len() < 2 {
        viewer.take().await;
    }
    for number in 0..10 {
        run_job(&mut stage, &format!("job-{number}"), 0).await;
        viewer.until_equal(&stage, "main", &[""]).await;
    }
    let patches = |viewer: &Viewer, name: &str| viewer.mirrors[name].patches;
    assert!(patches(&viewer, "slow") <= 1, "{} came", patches(&viewer, "slow"));
    assert!(patches(&viewer, "main") >= 10);
    tokio::time::pause();
    tokio::time::advance(std::time::Duration::from_secs(60)).await;
    tokio::time::resume();
    viewer.until_equal(&stage, "slow", &["/jobs"]).await;
    assert!(patches(&viewer, "slow") <= 2, "{} came", patches(&viewer, "slow"));
}
