//! Legal streams, however they are cut: into frames by the sender, into chunks by the network.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use callboard_ws::{DeflateParams, ReadOptions, Reader};
use fastrand::Rng;

use crate::kit::*;
use crate::sender::Sender;

fn options(seed: u64) -> ReadOptions {
    let takeover = Some(DeflateParams::default());
    match seed % 4 {
        0 => SERVER,
        1 => CLIENT,
        2 => ReadOptions { deflate: takeover, ..SERVER },
        _ => ReadOptions { deflate: takeover, ..CLIENT },
    }
}

#[test]
fn random_fragments_in_random_chunks() {
    for seed in 0..1500 {
        let options = options(seed);
        let (bytes, said) = Sender::new(seed, options).stream();
        let mut rng = Rng::with_seed(seed);
        let most = [2, 50, 5000, 100_000][rng.usize(..4)];
        let (read, error) = decode(options, &bytes, || rng.usize(1..=most));
        assert_eq!(error, None, "seed {seed}");
        assert!(read == said, "seed {seed}: the messages differ");
    }
}

/// `next` is dropped and called anew whenever it has to wait, as `select!` does.
#[test]
fn a_reader_that_is_cancelled_at_every_wait_loses_nothing() {
    for seed in 0..300 {
        let options = options(seed);
        let (bytes, said) = Sender::new(seed, options).stream();
        let mut reader = Reader::new(Trickle { bytes, at: 0, rng: Rng::with_seed(seed) }, options);
        let mut read = Vec::new();
        loop {
            let mut cx = Context::from_waker(Waker::noop());
            match pin!(reader.next()).poll(&mut cx) {
                Poll::Pending => {}
                Poll::Ready(Ok(Some(message))) => read.push(message),
                Poll::Ready(end) => break assert!(matches!(end, Ok(None)), "seed {seed}: {end:?}"),
            }
        }
        assert!(read == said, "seed {seed}: the messages differ");
    }
}

/// Bytes that came with the handshake are read first.
#[tokio::test]
async fn a_prefix_is_read_first() {
    let (bytes, said) = Sender::new(12, SERVER).stream();
    for split in [0, 1, 7, bytes.len() / 2, bytes.len()] {
        let (prefix, rest) = bytes.split_at(split);
        let mut reader = Reader::with_prefix(rest, SERVER, prefix);
        let mut read = Vec::new();
        while let Some(message) = reader.next().await.expect("the stream is legal") {
            read.push(message);
        }
        assert!(read == said, "split at {split}: the messages differ");
        assert_eq!(reader.bytes_read(), bytes.len() as u64);
    }
}
