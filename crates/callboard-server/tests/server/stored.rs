//! Going on from further back than what is in memory: out of the journal, while that is cheap (protocol 9.4, sync 5).

use crate::kit::{Stage, follow, next, stage};
use callboard_protocol::{
    caps,
    frame::{ClientFrame, ServerFrame, StatePosition, SubRequest, SubStart},
};
use callboard_testkit::{Mirror, hello};
use serde_json::json;

/// More changes than are kept in memory, all of one place.
async fn many_changes(stage: &Stage) {
    let board = &stage.server.board;
    for start in (0..caps::RING_CHANGES + 500).step_by(500) {
        let writes =
            (start..start + 500).map(|n| async move { board.set("/app.n", &json!({ "value": n })).await });
        for written in futures_util::future::join_all(writes).await {
            written.expect("a write is taken");
        }
    }
}

fn stored_folds(stage: &Stage) -> u64 {
    stage.server.counters().into_iter().find(|(name, _)| *name == "storedFolds").expect("it is counted").1
}

#[tokio::test]
async fn somebody_who_was_away_for_long_gets_one_patch_out_of_the_journal() {
    let stage = stage().await;
    let (mut socket, _, version) = stage.socket(None).await;
    let mut mirror = Mirror::default();
    follow(&mut socket, &mut mirror, version).await;
    drop(socket);
    let old = mirror.clone();
    many_changes(&stage).await;
    let board = &stage.server.board;
    assert!(board.since(version).is_none(), "it is no longer in memory");
    let window = board.since_stored(version).await.expect("the journal leads there");
    assert_eq!(
        (window.from, window.to, window.changes().count() as u64),
        (version, board.state().version, board.state().version - version,)
    );

    // What is shown may be behind by the pause between two patches: then there would be one more.
    let (mut other, _, _) = stage.socket(None).await;
    follow(&mut other, &mut Mirror::default(), board.state().version).await;
    drop(other);

    let (mut socket, resumed, head) = stage.socket(mirror.position().cloned()).await;
    assert!(resumed);
    follow(&mut socket, &mut mirror, head).await;
    assert_eq!((mirror.snapshots, mirror.patches, mirror.document()), (1, 1, &board.state().document));
    // It follows on from there like anybody else.
    let accepted = board.set("/app.n", &json!({ "value": "after" })).await.unwrap();
    follow(&mut socket, &mut mirror, accepted.version).await;
    assert_eq!(mirror.document(), &board.state().document);

    // A gap that is found late is closed in the same way.
    let have = old.position().cloned();
    socket.send(&ClientFrame::StateResync { sub: None, have, reason: Some("gap".into()) }).await.unwrap();
    let mut mended = old;
    follow(&mut socket, &mut mended, mirror.version()).await;
    assert_eq!((mended.snapshots, mended.document()), (1, mirror.document()));
    // It leads on from the patch that was made before.
    assert_eq!(stored_folds(&stage), 1);
}

/// After a restart everybody is behind by the same window: it is read once, and nobody needs a snapshot.
#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_that_is_behind_by_the_same_window_shares_one_patch() {
    let stage = stage().await;
    let (mut socket, _, version) = stage.socket(None).await;
    let mut mirror = Mirror::default();
    follow(&mut socket, &mut mirror, version).await;
    drop(socket);
    many_changes(&stage).await;
    let board = &stage.server.board;
    let head = board.state().version;
    let crowd = (0..50).map(|_| {
        let mut mirror = mirror.clone();
        let stage = &stage;
        async move {
            let (mut socket, resumed, _) = stage.socket(mirror.position().cloned()).await;
            follow(&mut socket, &mut mirror, head).await;
            (resumed, mirror)
        }
    });
    for (resumed, mirror) in futures_util::future::join_all(crowd).await {
        assert!(resumed && mirror.document() == &board.state().document);
        assert_eq!(mirror.snapshots, 1);
    }
    assert_eq!(stored_folds(&stage), 1);
}

#[tokio::test]
async fn a_view_goes_on_too_and_a_version_that_nobody_made_does_not() {
    let stage = stage().await;
    let epoch = stage.server.board.epoch().clone();
    let version = stage.server.board.set("/app.n", &json!({ "value": -1 })).await.unwrap().version;
    many_changes(&stage).await;
    let options = stage.server.socket_options();
    let mut socket = callboard_testkit::Socket::open(stage.server.address(), &options).await.unwrap();
    let ClientFrame::Hello { protocol, client, auth, logs, caps, connection_count, .. } =
        hello("v", None, None)
    else {
        unreachable!("it makes hellos")
    };
    let sub = |sub: &str, paths: &[&str], version| SubRequest {
        sub: sub.into(),
        paths: paths.iter().map(ToString::to_string).collect(),
        max_rate_ms: None,
        resume: Some(StatePosition { epoch: epoch.clone(), version }),
    };
    let subs = Some(vec![sub("n", &["/app.n"], version), sub("future", &["/app.n"], version + 1_000_000)]);
    socket
        .send(&ClientFrame::Hello { protocol, client, auth, subs, logs, caps, connection_count })
        .await
        .unwrap();
    let ServerFrame::Welcome { subs, .. } = next(&mut socket).await else { panic!("no welcome") };
    assert_eq!((subs["n"], subs["future"]), (SubStart::Resumed, SubStart::Snapshot));
    let ServerFrame::StatePatch { sub, from_version, patch, .. } = next(&mut socket).await else {
        panic!("no patch")
    };
    assert_eq!((sub.as_deref(), from_version, patch.len()), (Some("n"), version, 1));
}
