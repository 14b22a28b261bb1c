//! Whether mirrors are what they should be: a mark, and later the checksum of that version (protocol 3, X11).

use crate::kit::{follow, next, stage};
use callboard_protocol::{
    caps, checksum,
    frame::{ClientFrame, ServerFrame},
};
use callboard_testkit::{Mirror, Socket, hello};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn the_checksum_of_a_marked_version_is_told_to_those_who_want_it() {
    let stage = stage().await;
    // The view begins with its first client, and is checked when it is old enough.
    drop(stage.socket(None).await);
    tokio::time::pause();
    tokio::time::advance(Duration::from_millis(caps::CHECK_MS + 1)).await;
    tokio::time::resume();
    let mut asking = Socket::open(stage.server.address(), &stage.server.socket_options()).await.unwrap();
    let mut greeting = hello("asking", None, None);
    if let ClientFrame::Hello { caps, .. } = &mut greeting {
        *caps = Some(vec!["parts".into(), "check".into()]);
    }
    asking.send(&greeting).await.unwrap();
    let (mut silent, ..) = stage.socket(None).await;
    let (mut mirror, mut other) = (Mirror::default(), Mirror::default());
    let head = stage.server.board.state().version;
    follow(&mut asking, &mut mirror, head).await;
    follow(&mut silent, &mut other, head).await;

    let board = &stage.server.board;
    let set = |n: f64| async move { board.set("/app.n", &json!({ "value": n, "text": "Größe" })).await };
    let version = set(0.5).await.unwrap().version;
    let mut seen = Vec::new();
    let mut kept = None;
    while seen.len() < 2 {
        match next(&mut asking).await {
            ServerFrame::StateCheck { version, sum, .. } => {
                seen.push((version, sum));
                if sum.is_none() {
                    kept = Some(mirror.document().clone());
                    // The mirror moves on before the sum is there.
                    set(0.75).await.unwrap();
                }
            }
            frame => drop(mirror.take(frame).expect("the rules are kept")),
        }
    }
    let sum = checksum(&kept.expect("it was marked"));
    assert_eq!(seen, [(version, None), (version, Some(sum))]);
    assert_eq!(stage.server.counters().iter().find(|(name, _)| *name == "checks"), Some(&("checks", 1)));
    // Nobody else hears of it, and it is not told again soon.
    let last = set(1.5).await.unwrap().version;
    while other.version() < last {
        let frame = next(&mut silent).await;
        assert!(!matches!(frame, ServerFrame::StateCheck { .. }));
        other.take(frame).expect("the rules are kept");
    }
    follow(&mut asking, &mut mirror, last).await;
    assert_eq!(mirror.document(), &board.state().document);
}
