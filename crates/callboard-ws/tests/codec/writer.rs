//! Vectored writes, partial writes, cancelled writes.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use callboard_ws::{Encoded, Message, Role, Writer, frame};
use fastrand::Rng;
use tokio::io::AsyncWrite;

use crate::kit::*;

/// Takes random parts of what it is given, and often nothing yet.
struct Sink {
    taken: Vec<u8>,
    calls: usize,
    /// `None` takes everything at once.
    rng: Option<Rng>,
}

impl AsyncWrite for Sink {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(data)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let all = slices.iter().map(|slice| &slice[..]).collect::<Vec<_>>().concat();
        let count = match &mut self.rng {
            Some(rng) => {
                if rng.bool() {
                    return Poll::Pending;
                }
                rng.usize(1..=all.len().min(300))
            }
            None => all.len(),
        };
        self.calls += 1;
        self.taken.extend(&all[..count]);
        Poll::Ready(Ok(count))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn frames(count: usize) -> (Vec<Encoded>, Vec<Message>) {
    let texts = (0..count).map(|i| format!("message {i} {}", "x".repeat(i * 7 % 400)));
    texts.map(|text| (frame::text(&text), Message::Text(text))).unzip()
}

#[tokio::test]
async fn a_batch_is_one_call() {
    let mut writer = Writer::new(Sink { taken: Vec::new(), calls: 0, rng: None }, Role::Server);
    let (batch, said) = frames(64);
    writer.write_frames(&batch).await.expect("the sink takes everything");
    assert_eq!(writer.get_ref().calls, 1);
    assert_eq!(decode_whole(CLIENT, &writer.get_ref().taken), (said, None));
    writer.write(&batch[3]).await.expect("the sink takes everything");
    writer.write_frames(&frames(130).0).await.expect("the sink takes everything");
    assert_eq!(writer.get_ref().calls, 1 + 1 + 3);
    assert_eq!(writer.bytes_written(), writer.get_ref().taken.len() as u64);
    assert_eq!(writer.pending_bytes(), 0);
}

/// Each flush is dropped when it has to wait; the stream stays whole and in order.
#[test]
fn a_cancelled_write_goes_on_where_it_stopped() {
    for seed in 0..100 {
        let sink = Sink { taken: Vec::new(), calls: 0, rng: Some(Rng::with_seed(seed)) };
        let mut writer = Writer::new(sink, Role::Server);
        let (batch, said) = frames(150);
        for some in batch.chunks(11) {
            writer.queue(some);
            let flush = pin!(writer.flush()).poll(&mut Context::from_waker(Waker::noop()));
            assert!(matches!(flush, Poll::Pending | Poll::Ready(Ok(()))));
        }
        while writer.pending_bytes() > 0 {
            let _ = pin!(writer.flush()).poll(&mut Context::from_waker(Waker::noop()));
        }
        assert_eq!(decode_whole(CLIENT, &writer.get_ref().taken), (said, None), "seed {seed}");
    }
}

#[tokio::test]
async fn a_transport_that_takes_nothing_is_an_error() {
    let mut nothing: [u8; 0] = [];
    let mut writer = Writer::new(io::Cursor::new(&mut nothing[..]), Role::Server);
    let error = writer.write(&frame::text("x")).await.expect_err("there is no room");
    assert_eq!(error.kind(), io::ErrorKind::WriteZero);
}
