//! Bytes that mean nothing: an answer or an error, never a panic and never a loop.

use callboard_ws::ReadOptions;
use fastrand::Rng;

use crate::kit::*;

const INPUTS: u64 = 200_000;

const LIKELY: [u8; 8] =
    [TEXT, BINARY, FIN, FIN | TEXT, FIN | BINARY, FIN | PING, FIN | RSV1 | TEXT, RSV1 | BINARY];

/// Half of it noise, half of it begun like frames so that it gets past the first check.
fn garbage(rng: &mut Rng, options: ReadOptions) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..rng.usize(..80)).map(|_| rng.u8(..)).collect();
    if rng.bool() {
        for _ in 0..rng.usize(1..6) {
            let first =
                if rng.u8(..8) == 0 { rng.u8(..) } else { *rng.choice(&LIKELY).expect("it is not empty") };
            let payload: Vec<u8> = (0..rng.usize(..40)).map(|_| rng.u8(..)).collect();
            let frame = if options == SERVER { masked(first, &payload) } else { unmasked(first, &payload) };
            bytes.splice(0..0, frame);
        }
    }
    bytes
}

#[test]
fn two_hundred_thousand_inputs() {
    let (mut messages, mut errors) = (0, 0);
    for seed in 0..INPUTS {
        let mut rng = Rng::with_seed(seed);
        let options = if rng.bool() { SERVER } else { CLIENT };
        let bytes = garbage(&mut rng, options);
        let (read, error) = decode(options, &bytes, || rng.usize(1..40));
        assert!(read.len() <= bytes.len() / 2, "seed {seed}: a message costs two bytes at least");
        messages += read.len();
        errors += usize::from(error.is_some());
    }
    assert!(messages > 10_000 && errors > 100_000, "the inputs reach both ends: {messages}, {errors}");
}
