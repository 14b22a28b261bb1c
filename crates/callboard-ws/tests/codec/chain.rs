//! The keyframed chain: one compressor, many readers, who come and go (sync 3).

use callboard_ws::{Chain, Compressor, DeflateParams, Encoded, Membership, Message, ReadOptions, frame};
use fastrand::Rng;

use crate::kit::*;

/// A client that keeps its window between messages, as every browser does.
const KEEPS: ReadOptions = ReadOptions { deflate: Some(TAKEOVER), ..CLIENT };
const TAKEOVER: DeflateParams = DeflateParams {
    server_no_context_takeover: false,
    client_no_context_takeover: true,
    server_max_window_bits: None,
};

/// What a board says while jobs run.
fn patch(rng: &mut Rng, version: u64) -> String {
    let (job, progress) = (rng.u32(..500), rng.u32(..100));
    format!(
        "{{\"type\":\"state.patch\",\"epoch\":\"01JD3ZK8\",\"fromVersion\":{version},\"toVersion\":{},\"patch\":\
         [{{\"op\":\"replace\",\"path\":\"/jobs/job-{job:04}/progress\",\"value\":{{\"value\":0.{progress:02}}}}}]}}",
        version + 1
    )
}

/// One reader's view of the stream: the bytes it was sent, and what it should read.
#[derive(Default)]
struct Peer {
    membership: Membership,
    bytes: Vec<u8>,
    said: Vec<Message>,
}

impl Peer {
    fn send(&mut self, frame: &Encoded, text: &str) {
        self.bytes.extend_from_slice(frame.as_bytes());
        self.said.push(Message::Text(text.into()));
    }

    fn assert_reads_all(&self, what: &str) {
        let (read, error) = decode_whole(KEEPS, &self.bytes);
        assert_eq!(error, None, "{what}");
        assert!(read == self.said, "{what}: the messages differ");
    }
}

/// Readers who join at any time, miss messages, get folds, snapshots and answers in between, all by the rules.
#[test]
fn readers_who_come_and_go_read_everything() {
    for seed in 0..60 {
        let mut rng = Rng::with_seed(seed);
        let (mut chain, independent) = (Chain::new(6, 16), Compressor::new(6, 0));
        let mut peers: Vec<Peer> = (0..8).map(|_| Peer::default()).collect();
        let mut members = 0;
        for version in 0..200 {
            let text = patch(&mut rng, version);
            let linked = chain.next(&text, rng.u32(..40) == 0);
            for peer in &mut peers {
                if rng.u32(..10) == 0 {
                    // An answer: uncompressed, so it disturbs nothing.
                    peer.send(&frame::text("pong"), "pong");
                }
                match rng.u32(..20) {
                    // It misses this one.
                    0 => peer.membership.leave(),
                    // It gets a fold or a snapshot instead.
                    1 => {
                        peer.membership.leave();
                        peer.send(&independent.text(&text), &text);
                    }
                    _ => match peer.membership.take(&linked).cloned() {
                        Some(frame) => {
                            members += 1;
                            peer.send(&frame, &text);
                        }
                        None => peer.send(&independent.text(&text), &text),
                    },
                }
            }
        }
        assert!(members > 300, "seed {seed}: {members} were sent through the chain");
        peers.iter().for_each(|peer| peer.assert_reads_all(&format!("seed {seed}")));
    }
}

/// Rule 4 is not for nothing: an independent message to a member shifts its window.
#[test]
fn a_compressed_message_from_outside_would_corrupt_the_chain() {
    let mut rng = Rng::with_seed(1);
    let (mut chain, outside) = (Chain::new(6, 64), Compressor::new(6, 0));
    let mut peer = Peer::default();
    for version in 0..20 {
        let text = patch(&mut rng, version);
        let linked = chain.next(&text, false);
        let frame = peer.membership.take(&linked).expect("it joined at the first").clone();
        peer.send(&frame, &text);
        if version == 10 {
            let log = "a line of a log that is long enough to be compressed, line line line".repeat(3);
            let frame = outside.text(&log);
            assert!(frame.is_compressed());
            peer.send(&frame, &log);
        }
    }
    let (read, error) = decode_whole(KEEPS, &peer.bytes);
    assert!(error.is_some() || read != peer.said, "nothing was wrong");
}

/// A keyframe is an independent message: it can be read without a window.
#[test]
fn keyframes_come_when_due_or_wanted_and_stand_alone() {
    let mut rng = Rng::with_seed(2);
    let mut chain = Chain::new(6, 4);
    let keyframes: Vec<bool> =
        (0..12).map(|version| chain.next(&patch(&mut rng, version), version == 6).is_keyframe()).collect();
    let expected = [true, false, false, false, true, false, true, false, false, false, true, false];
    assert_eq!(keyframes, expected);

    for version in 0..8 {
        let text = patch(&mut rng, version);
        let linked = chain.next(&text, false);
        if let (true, Some(frame)) = (linked.is_keyframe(), Membership::default().take(&linked)) {
            assert_eq!(decode_whole(CLIENT, frame.as_bytes()), (vec![Message::Text(text)], None));
        }
    }
}

/// Nobody continues in a chain that is not theirs, even at the same place.
#[test]
fn chains_are_not_mixed_up() {
    let mut rng = Rng::with_seed(3);
    let (mut one, mut other) = (Chain::new(6, 64), Chain::new(6, 64));
    let mut membership = Membership::default();
    assert!(membership.take(&one.next("first", false)).is_some());
    let _keyframe = other.next("first", false);
    assert!(membership.take(&other.next(&patch(&mut rng, 1), false)).is_none());
    assert!(membership.take(&one.next(&patch(&mut rng, 1), false)).is_some());
}

/// Architecture 11: at most 45 bytes for a patch of one operation, on average, header and keyframes included.
#[test]
fn a_small_patch_is_a_few_bytes() {
    const COUNT: u64 = 1024;
    let mut rng = Rng::with_seed(4);
    let mut chain = Chain::new(6, 64);
    let bytes: usize =
        (0..COUNT).map(|version| chain.next(&patch(&mut rng, 10_000 + version), false).size_bytes()).sum();
    let mean = bytes as f64 / COUNT as f64;
    assert!(mean <= 45.0, "{mean} bytes");
}
