//! Many clients that come and go while the state changes, on ways where frames are late, lost, repeated, swapped,
//! broken and cut: when it is quiet all have what the server has, bit for bit (X11, X16, S3.12, W3.1, W3.5).

use crate::kit::{Stage, flood, scripted, work};
use callboard::Writes;
use callboard_client::{Client, Options};
use callboard_exec::Outcome;
use callboard_protocol::config::{Settings, Source};
use callboard_testkit::{FaultyProxy, Mirror, Socket, SocketOptions, TempServer, WireFaults, hello, soon};
use fastrand::Rng;
use serde_json::json;
use std::{net::SocketAddr, sync::atomic::Ordering, time::Duration};
use tokio::{task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;

const SEED: u64 = 11;
/// Changes that are asked for at once.
const BATCH: usize = 25;

/// One of the two ways: every fault, a few in a hundred frames.
const FAULTS: WireFaults =
    WireFaults { delay: 200, delay_ms: 20, lose: 40, repeat: 40, swap: 40, mangle: 20, truncate: 20 };

/// A board whose clients try again at once and ask early whether somebody is there.
async fn quick_stage() -> Stage {
    let (mut options, faults, attempts) = scripted();
    let mut settings = Settings::default();
    for (name, value) in
        [("ws.reconnectMinMs", "100"), ("ws.reconnectMaxMs", "400"), ("ws.heartbeatIntervalMs", "500")]
    {
        settings.put_text(name, value, Source::Environment(name.into())).expect("a setting");
    }
    options.settings = settings;
    let server = TempServer::with(options, "/").await.expect("it starts");
    Stage { server, faults, attempts }
}

fn options(stage: &Stage, at: SocketAddr, deflate: bool) -> Options {
    let mut options = Options::new(&format!("http://{at}/"), stage.server.token()).expect("an address");
    options.deflate = deflate;
    options.ws = stage.server.board.server_config().borrow().ws.clone();
    options
}

/// Twenty to thirty seconds of CPU: half a million changes are read by mirrors in a build for tests.
#[tokio::test(flavor = "multi_thread")]
async fn restless_clients_on_faulty_ways_all_arrive_at_the_same_state() {
    converge(50, 10_000).await;
}

async fn converge(crowd: u64, mutations: usize) {
    let mut stage = quick_stage().await;
    let proxy = FaultyProxy::start(stage.server.address(), FAULTS, SEED).await.expect("a port");
    let stop = CancellationToken::new();
    let mut clients = JoinSet::new();
    for number in 0..crowd {
        let at = if number % 2 == 0 { proxy.address() } else { stage.server.address() };
        // Of each four: two on the faulty way, two that read compressed frames.
        let options = options(&stage, at, number % 4 < 2);
        clients.spawn(restless(options, stop.clone(), Rng::with_seed(SEED + number)));
    }
    mutate(&mut stage, mutations, Rng::with_seed(SEED)).await;
    proxy.set_faults(WireFaults::default());
    stop.cancel();
    let clients = soon("the clients stay", clients.join_all()).await.expect("in time");
    let state = stage.server.board.state();
    let wanted = state.document.to_string();
    for client in clients {
        let arrived = client.wait_for(|view| {
            let is_there = view.position.as_ref().is_some_and(|position| position.version >= state.version);
            (view.live && is_there).then(|| view.clone())
        });
        let Ok(view) = timeout(Duration::from_secs(20), arrived).await else {
            panic!("seed {SEED}: {:?} is not {}: {:?}", client.position(), state.version, client.telemetry());
        };
        let view = view.expect("it is open");
        assert_eq!(view.position.map(|position| position.version), Some(state.version), "seed {SEED}");
        assert!(view.state.to_string() == wanted, "seed {SEED}: a mirror is not the state");
        let telemetry = client.telemetry();
        assert!(telemetry.resyncs <= telemetry.gaps, "seed {SEED}: asked more than once: {telemetry:?}");
        client.close().await;
    }
    let counts = proxy.counts();
    let (connections, faults) =
        (counts.connections.load(Ordering::Relaxed), counts.faults.load(Ordering::Relaxed));
    assert!(connections > crowd / 2 && faults > 0, "{connections} connections, {faults} faults");
}

/// Connects, follows for a while, leaves or stays, and is connected when it is told to stop.
async fn restless(options: Options, stop: CancellationToken, mut rng: Rng) -> Client {
    loop {
        let client = Client::connect(options.clone());
        let stay = async {
            for _ in 0..rng.u32(1..50) {
                let _ = client.changed().await;
            }
            tokio::time::sleep(Duration::from_millis(rng.u64(0..50))).await;
        };
        tokio::select! {
            () = stay => client.close().await,
            () = stop.cancelled() => return client,
        }
    }
}

/// Writes of every form, and jobs that run and end.
async fn mutate(stage: &mut Stage, count: usize, mut rng: Rng) {
    let board = stage.server.board.clone();
    for turn in 0..count / BATCH {
        let writes = (0..BATCH - 1).map(|_| {
            let (board, write) = (board.clone(), write(&mut rng));
            async move { board.write(write).await.map(drop).or_else(|error| gone(&error)) }
        });
        for written in futures_util::future::join_all(writes).await {
            written.expect("a write is taken");
        }
        stage.dispatch(work(&format!("job-{turn}"), rng.usize(0..400))).await.expect("accepted");
        stage.attempts.next().await.finish(Outcome::Succeeded(turn.to_string().into()));
        // So that there are many patches, however quick this machine is.
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // The end of the last job is stored after its attempt has ended.
    let mut head = board.head();
    let finished = || board.state().document.at("/summary/succeeded").and_then(|count| count.as_u64());
    while finished() != Some((count / BATCH) as u64) {
        head.changed().await.expect("the board is open");
    }
}

fn write(rng: &mut Rng) -> Writes {
    let path = format!("/app.shop/s{}/i{}", rng.u32(0..8), rng.u32(0..40));
    let length = rng.usize(0..60);
    let text: String = std::iter::repeat_with(|| rng.alphanumeric()).take(length).collect();
    let writes = Writes::default();
    let writes = match rng.u32(0..10) {
        0 => return writes.delete(&path),
        1 => writes.set(&path, &json!([rng.u32(..), text, null])),
        2 => writes.merge(&path, &json!({ "text": text, "gone": null, "at": { "x": rng.f64() } })),
        3 => writes.set(&format!("/app.count/{text}~1"), &rng.i32(..)),
        4 => writes.set(&path, &text).and_then(|writes| writes.set("/app.last", &path)),
        _ => writes.set(&path, &json!({ "n": rng.u64(0..1 << 50), "text": text })),
    };
    writes.expect("it has a JSON form")
}

/// What is deleted may be gone already.
fn gone(error: &callboard::Rejection) -> Result<(), String> {
    match error.code {
        callboard_protocol::error::ErrorCode::NotFound => Ok(()),
        _ => Err(error.to_string()),
    }
}

/// S3.12: one patch that never comes is one gap and one resync, however much follows it, and needs no snapshot.
#[tokio::test(flavor = "multi_thread")]
async fn one_gap_is_one_resync() {
    let stage = quick_stage().await;
    let proxy =
        FaultyProxy::start(stage.server.address(), WireFaults::default(), SEED).await.expect("a port");
    let client = Client::connect(options(&stage, proxy.address(), false));
    soon("it is connected", client.ready()).await.unwrap().unwrap();
    proxy.lose_next(1);
    for number in 0..300 {
        stage.server.board.set("/app.n/value", &number).await.unwrap();
        if number % 10 == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    let state = stage.server.board.state();
    let arrived = client.wait_for(|view| (view.live && view.state == state.document).then_some(()));
    soon("it is whole again", arrived).await.unwrap().unwrap();
    let telemetry = client.telemetry();
    assert_eq!((telemetry.gaps, telemetry.resyncs, telemetry.snapshots), (1, 1, 1));
    assert_eq!((telemetry.connections, proxy.counts().lost.load(Ordering::Relaxed)), (1, 1));
    client.close().await;
}

/// The last patch before a silence is lost: nothing follows that would show it but the heartbeat (protocol 5).
#[tokio::test(flavor = "multi_thread")]
async fn a_silent_loss_is_found_within_a_heartbeat() {
    let stage = quick_stage().await;
    let proxy =
        FaultyProxy::start(stage.server.address(), WireFaults::default(), SEED).await.expect("a port");
    let client = Client::connect(options(&stage, proxy.address(), false));
    soon("it is connected", client.ready()).await.unwrap().unwrap();
    proxy.lose_next(1);
    stage.server.board.set("/app.n", &json!({ "value": 1 })).await.unwrap();
    let state = stage.server.board.state();
    let arrived = client.wait_for(|view| (view.state == state.document).then_some(()));
    soon("it is found", arrived).await.unwrap().unwrap();
    assert_eq!((client.telemetry().gaps, client.telemetry().resyncs), (1, 1));
    client.close().await;
}

/// Sync 1.4, W1.8: somebody who does not read for a while costs no memory and nobody's time: what happened meanwhile is
/// folded when he reads again.
#[tokio::test(flavor = "multi_thread")]
async fn a_stalled_client_arrives_by_folding() {
    let stage = quick_stage().await;
    let plain = SocketOptions { deflate: false, ..stage.server.socket_options() };
    let mut stalled = Socket::open(stage.server.address(), &plain).await.expect("it opens");
    stalled.send(&hello("stalled", None, None)).await.expect("it is taken");
    let frames = flood(&stage).await;
    let state = stage.server.board.state();
    let mut mirror = Mirror::default();
    while mirror.version() < state.version {
        let frame = soon("a message", stalled.next()).await.unwrap().expect("it is not shown out");
        mirror.take(frame).expect("the rules are kept");
    }
    assert!(mirror.document() == &state.document);
    assert!(mirror.patches < frames, "{} patches of {frames}", mirror.patches);
    let counted =
        |name| stage.server.counters().into_iter().find(|(other, _)| *other == name).expect("counted").1;
    assert_eq!(counted("stalled"), 0);
    let made = counted("folds") + counted("snapshots");
    assert!((2..=4).contains(&made), "{made} were made for one who was behind");
}
