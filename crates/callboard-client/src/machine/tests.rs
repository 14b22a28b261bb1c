//! Scripts: inputs in, exact effects out.

use super::{Input, script::*};
use crate::{ClientError, Code, Phase};
use callboard_protocol::{
    Epoch,
    error::ErrorCode,
    frame::{ServerFrame, SubStart},
};

#[test]
fn a_connection_begins_in_order() {
    let mut script = Script::new();
    assert_eq!(script.give(Input::Start), ["open deflate=true"]);
    assert_eq!(script.phase(), "connecting");
    assert_eq!(script.give(Input::Opened { deflate: true }), ["hello #0 state - log -"]);
    assert_eq!(script.frame(welcome(SubStart::Snapshot)), [""; 0]);
    assert_eq!(script.phase(), "resyncing");
    assert_eq!(script.frame(snapshot(5, "{}")), ["publish"]);
    assert_eq!(script.phase(), "open");
    assert_eq!(script.frame(history(0, 3)), ["lines 1..3"]);
    assert_eq!(script.frame(patch(5, 6)), ["publish"]);
    assert_eq!(script.frame(append(3, 4)), ["lines 4..4"]);
    assert!(script.machine.view().live);
}

/// S3.12, W3.5, invariant 2: a hole is mended by exactly one request.
#[test]
fn a_gap_asks_once() {
    let mut script = Script::opened();
    assert_eq!(script.frame(patch(7, 8)), ["resync gap have 5", "publish"]);
    assert_eq!((script.phase(), script.machine.view().live), ("resyncing", false));
    assert_eq!(script.frame(patch(8, 9)), [""; 0]);
    assert_eq!(script.frame(pong("7", 9, 0)), [""; 0]);
    assert_eq!(script.frame(patch(5, 9)), ["publish"]);
    assert_eq!((script.phase(), script.machine.view().position.unwrap().version), ("open", 9));
    assert_eq!((script.machine.telemetry().resyncs, script.machine.telemetry().gaps), (1, 1));
}

#[test]
fn a_patch_that_does_not_fit_asks_for_everything() {
    let mut script = Script::opened();
    let mut frame = patch(5, 6);
    let ServerFrame::StatePatch { patch, .. } = &mut frame else { panic!() };
    *patch = serde_json::from_str(r#"[{"op":"remove","path":"/nothing"}]"#).unwrap();
    assert_eq!(script.frame(frame), ["resync apply_failed have -", "publish"]);
    assert_eq!(script.frame(snapshot(8, "{}")), ["publish"]);
}

#[test]
fn a_server_that_sends_nonsense_is_not_asked_in_a_loop() {
    let mut script = Script::opened();
    assert_eq!(script.frame(patch(7, 8)), ["resync gap have 5", "publish"]);
    script.frame(snapshot(5, "{}"));
    assert_eq!(script.frame(patch(7, 8)), ["publish"]);
    assert_eq!(script.wait_for_deadline(), (250, vec!["resync gap have 5".into()]));
}

#[test]
fn a_snapshot_that_does_not_come_ends_the_connection() {
    let mut script = Script::new();
    script.give(Input::Start);
    script.connect(SubStart::Snapshot);
    script.wait(9_000);
    script.frame(pong("1", 5, 0));
    assert_eq!(script.wait(1000), ["hang up 1000"]);
    assert_eq!(script.phase(), "waiting");
}

/// X11: the next connection says what is there, and goes on from it.
#[test]
fn a_drop_resumes() {
    let mut script = Script::opened();
    script.frame(history(0, 3));
    assert_eq!(script.drop_with(1001), ["publish"]);
    assert!(!script.machine.view().live);
    assert_eq!(script.delay(), Some(500));
    assert_eq!(script.wait_for_deadline(), (500, vec!["open deflate=true".into()]));
    assert_eq!(script.connect(SubStart::Resumed), ["hello #1 state e:5 log e:3", "publish"]);
    assert_eq!((script.phase(), script.machine.view().live), ("open", true));
    assert_eq!(script.frame(patch(5, 7)), ["publish"]);
}

/// A server may greet with a snapshot that is a little old, and lead on from there.
#[test]
fn the_mirror_is_live_when_it_has_reached_the_head_of_the_greeting() {
    let mut script = Script::new();
    script.give(Input::Start);
    script.connect(SubStart::Snapshot);
    assert_eq!(script.frame(snapshot(3, "{}")), ["publish"]);
    assert_eq!((script.phase(), script.machine.view().live), ("resyncing", false));
    assert_eq!(script.frame(patch(3, 5)), ["publish"]);
    assert_eq!((script.phase(), script.machine.view().live), ("open", true));
}

#[test]
fn invalidated_state_is_not_resumed() {
    let mut script = Script::opened();
    script.drop_with(4003);
    script.wait_for_deadline();
    assert_eq!(script.connect(SubStart::Snapshot), ["hello #1 state - log -"]);
    script.frame(snapshot(7, "{}"));
    script.drop_with(1001);
    script.wait_for_deadline();
    assert_eq!(script.connect(SubStart::Resumed), ["hello #2 state e:7 log -", "publish"]);
}

#[test]
fn bad_compression_is_gone_without() {
    let mut script = Script::opened();
    script.drop_with(4008);
    assert_eq!(script.wait_for_deadline().1, ["open deflate=false"]);
}

/// W3.1, X16, S3.23, invariant 1.
#[test]
fn tries_are_unlimited_and_delays_bounded() {
    let mut script = Script::opened();
    script.drop_with(1012);
    let mut delays = vec![script.delay().unwrap()];
    for _ in 0..1000 {
        assert_eq!(script.wait_for_deadline().1, ["open deflate=true"]);
        script.give(Input::Refused(ClientError::offline("nobody listens")));
        delays.push(script.delay().unwrap());
    }
    assert_eq!(delays[..7], [500, 1800, 3240, 5832, 10_498, 15_000, 15_000]);
    assert_eq!(delays.last(), Some(&15_000));
    assert_eq!(script.machine.telemetry().consecutive_failures, 1001);
}

#[test]
fn delays_begin_anew_after_30_seconds_of_health() {
    let mut script = Script::opened();
    for expected in [500, 1800, 3240] {
        script.drop_with(1012);
        assert_eq!(script.delay(), Some(expected));
        script.wait_for_deadline();
        script.connect(SubStart::Resumed);
    }
    for _ in 0..3 {
        script.wait(9_999);
        script.frame(ServerFrame::Ping { ts: 0.0, at: None });
    }
    script.wait(100);
    script.drop_with(1012);
    assert_eq!(script.delay(), Some(500));
}

/// S0.31, S0.34, invariant 5.
#[test]
fn telemetry_tells_the_truth() {
    let mut script = Script::opened();
    script.wait(1000);
    script.drop_with(1001);
    assert_eq!(script.machine.telemetry().last_disconnected_at.unwrap().0, 1000);
    script.wait_for_deadline();
    script.give(Input::Refused(ClientError::offline("nobody listens")));
    script.wait_for_deadline();
    assert_eq!((script.machine.telemetry().attempt, script.machine.telemetry().total_downtime_ms), (2, 0));
    script.connect(SubStart::Resumed);
    let telemetry = script.machine.telemetry();
    assert_eq!((telemetry.attempt, telemetry.consecutive_failures, telemetry.connections), (0, 0, 2));
    assert_eq!(telemetry.total_downtime_ms, 500 + 1800);
    assert_eq!(telemetry.last_error.as_ref().unwrap().error.message(), "nobody listens");
}

#[test]
fn terminal_codes_stop() {
    for (code, word) in [(4500, "unauthorized"), (4501, "forbidden"), (4502, "unsupported"), (4505, "closed")]
    {
        let mut script = Script::opened();
        script.submit(1, None);
        let settled = format!("1 {word} in doubt");
        assert_eq!(script.drop_with(code), [settled.as_str(), "stop", "publish"]);
        let Phase::Closed { error: Some(error) } = &script.machine.telemetry().phase else { panic!() };
        assert_eq!(error.code().as_str(), word);
        assert_eq!(script.machine.deadline(), None);
        assert_eq!(script.submit(2, Some("k")), ["2 closed"]);
    }
    for code in [1000, 1001, 1011, 1013, 4000, 4002, 4499] {
        let mut script = Script::opened();
        script.drop_with(code);
        assert_eq!(script.phase(), "waiting", "{code}");
    }
}

#[test]
fn a_refusal_that_is_final_stops() {
    let mut script = Script::new();
    script.give(Input::Start);
    script.submit(1, Some("k"));
    let error = ClientError::new(Code::Server(ErrorCode::Unauthorized), "no");
    assert_eq!(script.give(Input::Refused(error)), ["1 unauthorized", "stop"]);
}

/// X12, S3.24.
#[test]
fn silence_is_asked_and_then_ended() {
    let mut script = Script::opened();
    assert_eq!(script.wait_for_deadline(), (10_000, vec!["ping 1".into()]));
    script.wait(3);
    assert_eq!(script.frame(pong("1", 5, 0)), [""; 0]);
    assert_eq!(script.machine.telemetry().rtt_ms, Some(3));
    assert_eq!(script.wait_for_deadline(), (10_000, vec!["ping 2".into()]));
    assert_eq!(script.wait_for_deadline(), (5_000, vec!["hang up 4000".into(), "publish".into()]));
    assert_eq!(script.phase(), "waiting");
    assert_eq!(script.machine.telemetry().last_error.as_ref().unwrap().close_code, None);
}

#[test]
fn a_servers_ping_is_answered() {
    assert_eq!(Script::opened().frame(ServerFrame::Ping { ts: 1.0, at: None }), ["pong"]);
}

/// Protocol 5: a silent loss is found within one heartbeat.
#[test]
fn a_pong_finds_what_never_came() {
    let mut script = Script::opened();
    script.frame(history(0, 3));
    assert_eq!(script.frame(pong("x", 5, 3)), [""; 0]);
    assert_eq!(script.frame(pong("x", 8, 9)), ["resync gap have 5", "replay 3", "publish"]);
}

/// Invariants 3 and 4.
#[test]
fn unanswered_commands_are_sent_again_with_the_same_key() {
    let mut script = Script::opened();
    assert_eq!(script.submit(1, None), ["cmd 1 me:1"]);
    assert_eq!(script.submit(2, Some("mine")), ["cmd 2 mine"]);
    assert_eq!(script.submit(3, None), [""; 0]);
    assert_eq!(script.frame(ack("1")), ["1 done at 9", "cmd 3 me:3"]);
    assert_eq!(script.frame(ack("1")), [""; 0]);
    script.drop_with(1012);
    assert_eq!(script.submit(4, None), ["4 offline"]);
    assert_eq!(script.submit(5, Some("later")), [""; 0]);
    script.wait_for_deadline();
    let effects = script.connect(SubStart::Resumed);
    assert_eq!(effects, ["hello #1 state e:5 log -", "cmd 2 mine", "cmd 3 me:3", "publish"]);
    assert_eq!(script.frame(ack("2")), ["2 done at 9", "cmd 5 later"]);
    assert_eq!(
        script.give(Input::Close),
        ["hang up 1000", "3 closed in doubt", "5 closed in doubt", "stop", "publish"]
    );
}

#[test]
fn a_command_without_an_answer_times_out() {
    let mut script = Script::opened();
    script.submit(1, None);
    for _ in 0..2 {
        script.wait(9_999);
        script.frame(ServerFrame::Ping { ts: 0.0, at: None });
    }
    script.wait(9_999);
    assert_eq!(script.wait(3)[0], "1 timeout in doubt");
}

#[test]
fn a_rejection_settles_its_command() {
    let mut script = Script::opened();
    script.submit(1, None);
    let error = |re: Option<&str>| ServerFrame::Error {
        re: re.map(str::to_owned),
        code: ErrorCode::Conflict,
        message: "no".into(),
        retryable: false,
        details: None,
    };
    assert_eq!(script.frame(error(None)), [""; 0]);
    assert_eq!(script.frame(error(Some("1"))), ["1 conflict"]);
}

#[test]
fn a_message_that_was_too_big_is_not_sent_again() {
    let mut script = Script::opened();
    script.submit(1, None);
    assert_eq!(script.drop_with(1009), ["1 too_large", "publish"]);
}

#[test]
fn goaway_leaves_within_the_window() {
    let goaway = || ServerFrame::Goaway { reason: "deploy".into(), reconnect_after_ms: (1000, 3000) };
    let mut script = Script::opened();
    script.frame(goaway());
    assert_eq!(script.wait_for_deadline(), (2000, vec!["hang up 1000".into(), "publish".into()]));
    assert_eq!(script.wait_for_deadline(), (0, vec!["open deflate=true".into()]));
    // Or the server closes first; the delay is kept.
    let mut script = Script::opened();
    script.frame(goaway());
    script.wait(500);
    script.drop_with(1001);
    assert_eq!(script.delay(), Some(1500));
}

#[test]
fn a_greeting_that_does_not_come_is_given_up() {
    let mut script = Script::new();
    script.give(Input::Start);
    assert_eq!(script.wait_for_deadline(), (10_000, vec!["hang up 4001".into()]));
    script.wait_for_deadline();
    script.give(Input::Opened { deflate: false });
    assert_eq!(script.wait_for_deadline(), (10_000, vec!["hang up 4001".into()]));
}

#[test]
fn the_user_may_retry_now_or_close() {
    let mut script = Script::opened();
    assert_eq!(script.give(Input::RetryNow), [""; 0]);
    script.drop_with(1012);
    assert_eq!(script.give(Input::RetryNow), ["open deflate=true"]);
    script.give(Input::Refused(ClientError::offline("nobody listens")));
    assert_eq!(script.delay(), Some(1000));
    assert_eq!(script.give(Input::Close), ["stop"]);
    assert_eq!(script.machine.telemetry().phase, Phase::Closed { error: None });
    assert_eq!(script.give(Input::Close), [""; 0]);
}

/// S3.17: parameters are adopted from the greeting and from the state.
#[test]
fn the_servers_parameters_are_adopted() {
    let mut script = Script::opened();
    let mut config = callboard_protocol::config::ServerConfig::default();
    config.logs.capacity = 9;
    config.ws.heartbeat_interval_ms = 1000;
    let json = format!(r#"{{"serverConfig":{}}}"#, serde_json::to_string(&config).unwrap());
    assert_eq!(script.frame(snapshot(6, &json)), ["publish", "keep 9 lines"]);
    assert_eq!(script.wait_for_deadline(), (1000, vec!["ping 1".into()]));
    config.ws.reconnect_enabled = false;
    let json = format!(r#"{{"serverConfig":{}}}"#, serde_json::to_string(&config).unwrap());
    script.frame(snapshot(7, &json));
    assert_eq!(script.drop_with(1012), ["stop", "publish"]);
}

/// Protocol 3: a mirror that has another checksum went astray; it is made anew, once.
#[test]
fn another_checksum_asks_for_everything_once() {
    let check = |version, sum| ServerFrame::StateCheck { sub: None, epoch: Epoch::new("e"), version, sum };
    let mut script = Script::opened();
    let sum = callboard_protocol::checksum(&script.machine.view().state);
    // Kept at version 5; the mirror moves on before the sum comes.
    assert_eq!(script.frame(check(5, None)), [""; 0]);
    assert_eq!(script.frame(patch(5, 6)), ["publish"]);
    assert_eq!(script.frame(check(5, Some(sum))), [""; 0]);
    // A version that is not here is not compared.
    assert_eq!(script.frame(check(9, None)), [""; 0]);
    assert_eq!(script.frame(check(9, Some(sum))), [""; 0]);
    assert_eq!((script.machine.telemetry().checks, script.machine.telemetry().mismatches), (1, 0));
    assert_eq!(script.frame(check(6, None)), [""; 0]);
    assert_eq!(script.frame(check(6, Some(!sum))), ["resync checksum have -", "publish"]);
    assert_eq!(script.phase(), "resyncing");
    assert_eq!(script.frame(check(6, Some(!sum))), [""; 0]);
    assert_eq!(script.frame(snapshot(6, "{}")), ["publish"]);
    let telemetry = script.machine.telemetry();
    assert_eq!((telemetry.checks, telemetry.mismatches, telemetry.resyncs, telemetry.gaps), (2, 1, 1, 0));
    assert_eq!(script.phase(), "open");
}
