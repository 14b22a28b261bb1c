//! A way to a server that goes wrong: bytes come late, twice, cut, or not at all. TCP promises that none of this
//! happens within a connection; boxes on the way, and servers with faults, break that promise.
//!
//! Frames from the server are told apart, so that a whole patch can be lost as if the server had never sent it.
//! What is compressed is only delayed or cut off: a broken window is a matter of the codec's own tests.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    task::AbortHandle,
};

/// How often things go wrong, each as a chance in a thousand for one frame from the server.
#[derive(Clone, Copy, Debug, Default)]
pub struct WireFaults {
    /// It comes up to `delay_ms` later, and so does all that follows.
    pub delay: u32,
    /// The longest delay.
    pub delay_ms: u64,
    /// A patch never comes.
    pub lose: u32,
    /// A patch comes twice.
    pub repeat: u32,
    /// A patch comes after the frame that follows it.
    pub swap: u32,
    /// Bytes within it come twice: the stream is broken from there on.
    pub mangle: u32,
    /// It ends in the middle, and with it the connection.
    pub truncate: u32,
}

/// What was done to the frames of all connections.
#[derive(Debug, Default)]
pub struct WireCounts {
    /// Connections that were made.
    pub connections: AtomicU64,
    /// Patches that were lost.
    pub lost: AtomicU64,
    /// All faults.
    pub faults: AtomicU64,
}

/// See the module. Dropping it ends all connections.
pub struct FaultyProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: AbortHandle,
}

struct Shared {
    to: SocketAddr,
    own: SocketAddr,
    faults: Mutex<WireFaults>,
    rng: Mutex<fastrand::Rng>,
    counts: WireCounts,
    lose_next: AtomicU64,
}

impl FaultyProxy {
    /// A way to `to`; the same seed draws the same faults.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start(to: SocketAddr, faults: WireFaults, seed: u64) -> io::Result<FaultyProxy> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            to,
            own: address,
            faults: Mutex::new(faults),
            rng: Mutex::new(fastrand::Rng::with_seed(seed)),
            counts: WireCounts::default(),
            lose_next: AtomicU64::new(0),
        });
        let accepting = tokio::spawn(accept(listener, shared.clone())).abort_handle();
        Ok(FaultyProxy { address, shared, accepting })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has done.
    pub fn counts(&self) -> &WireCounts {
        &self.shared.counts
    }

    /// From now on so often.
    pub fn set_faults(&self, faults: WireFaults) {
        *self.shared.faults.lock().unwrap_or_else(PoisonError::into_inner) = faults;
    }

    /// The next patches, this many, never come.
    pub fn lose_next(&self, patches: u64) {
        self.shared.lose_next.store(patches, Ordering::SeqCst);
    }
}

impl Drop for FaultyProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    // Its connections end with it.
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((near, _)) = listener.accept().await {
        shared.counts.connections.fetch_add(1, Ordering::Relaxed);
        let shared = shared.clone();
        connections.spawn(async move {
            // An end on either side is the end of both.
            if let Ok(far) = TcpStream::connect(shared.to).await {
                let _ = (near.set_nodelay(true), far.set_nodelay(true));
                let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
                tokio::select! {
                    _ = up(near_in, far_out, &shared) => {}
                    _ = down(far_in, near_out, &shared) => {}
                }
            }
        });
        while connections.try_join_next().is_some() {}
    }
}

/// From the client: as it is, but for the name of the server, which is the proxy's in the request.
async fn up(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, shared: &Shared) -> io::Result<()> {
    let mut bytes = vec![0; 64 * 1024];
    let count = from.read(&mut bytes).await?;
    let head =
        String::from_utf8_lossy(&bytes[..count]).replace(&shared.own.to_string(), &shared.to.to_string());
    to.write_all(head.as_bytes()).await?;
    loop {
        match from.read(&mut bytes).await? {
            0 => return Ok(()),
            count => to.write_all(&bytes[..count]).await?,
        }
    }
}

/// From the server: frame by frame.
async fn down(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, shared: &Shared) -> io::Result<()> {
    let mut buffer = Vec::new();
    let mut is_upgraded = false;
    let mut held: Option<Vec<u8>> = None;
    while from.read_buf(&mut buffer).await? > 0 {
        while let Some(length) = if is_upgraded { frame_length(&buffer) } else { head_length(&buffer) } {
            let frame: Vec<u8> = buffer.drain(..length).collect();
            if !is_upgraded {
                is_upgraded = true;
                to.write_all(&frame).await?;
                continue;
            }
            let fate = shared.fate(&frame);
            if fate.delay > Duration::ZERO {
                tokio::time::sleep(fate.delay).await;
            }
            match fate.what {
                What::Pass => to.write_all(&frame).await?,
                What::Lose => {}
                What::Repeat => to.write_all(&[&frame[..], &frame[..]].concat()).await?,
                What::Swap => {
                    held = Some(frame);
                    continue;
                }
                What::Mangle(from, end) => to.write_all(&[&frame[..end], &frame[from..]].concat()).await?,
                What::Truncate(length) => return to.write_all(&frame[..length]).await,
            }
            if let Some(frame) = held.take() {
                to.write_all(&frame).await?;
            }
        }
    }
    Ok(())
}

/// What becomes of a frame.
struct Fate {
    delay: Duration,
    what: What,
}

enum What {
    Pass,
    Lose,
    Repeat,
    Swap,
    /// The bytes between these two come twice.
    Mangle(usize, usize),
    /// So many bytes come.
    Truncate(usize),
}

impl Shared {
    fn fate(&self, frame: &[u8]) -> Fate {
        let faults = *self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        let mut happens = |chance: u32| rng.u32(0..1000) < chance;
        let is_patch = payload(frame).starts_with(br#"{"type":"state.patch""#);
        let is_plain = payload(frame).starts_with(b"{");
        let is_delayed = happens(faults.delay);
        let chances = [
            (is_patch, faults.lose),
            (is_patch, faults.repeat),
            (is_patch, faults.swap),
            (is_plain && frame.len() > 8, faults.mangle),
            (frame.len() > 8, faults.truncate),
        ];
        let hit = chances.map(|(may, chance)| may && happens(chance)).iter().position(|hit| *hit);
        let wanted = is_patch
            && self
                .lose_next
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
                .is_ok();
        let what = match (wanted, hit) {
            (true, _) | (_, Some(0)) => What::Lose,
            (_, Some(1)) => What::Repeat,
            (_, Some(2)) => What::Swap,
            (_, Some(3)) => {
                What::Mangle(rng.usize(4..frame.len() - 3), rng.usize(frame.len() - 3..frame.len()))
            }
            (_, Some(_)) => What::Truncate(rng.usize(1..frame.len())),
            (_, None) => What::Pass,
        };
        self.counts.lost.fetch_add(u64::from(matches!(what, What::Lose)), Ordering::Relaxed);
        self.counts.faults.fetch_add(u64::from(!matches!(what, What::Pass)), Ordering::Relaxed);
        let delay = Duration::from_millis(if is_delayed { rng.u64(0..=faults.delay_ms) } else { 0 });
        Fate { delay, what }
    }
}

/// Up to the end of an HTTP head.
fn head_length(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}

/// The length of the whole frame at the start, once it is there. Servers do not mask.
fn frame_length(bytes: &[u8]) -> Option<usize> {
    let (header, length) = header(bytes)?;
    (bytes.len() >= header + length).then_some(header + length)
}

/// The lengths of a frame's header and payload.
fn header(bytes: &[u8]) -> Option<(usize, usize)> {
    let number = |bytes: &[u8]| bytes.iter().fold(0usize, |number, byte| number << 8 | usize::from(*byte));
    match bytes.get(1)? & 0x7f {
        126 => Some((4, number(bytes.get(2..4)?))),
        127 => Some((10, number(bytes.get(2..10)?))),
        short => Some((2, usize::from(short))),
    }
}

/// What a frame carries.
fn payload(frame: &[u8]) -> &[u8] {
    header(frame).map_or(&[], |(header, _)| &frame[header..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_told_apart() {
        let short = [0x81, 2, b'{', b'}'];
        let long: Vec<u8> = [&[0x81, 126, 1, 0][..], &[b'x'; 256]].concat();
        let both = [&short[..], &long].concat();
        assert_eq!((frame_length(&both), frame_length(&both[4..])), (Some(4), Some(260)));
        assert_eq!((frame_length(&both[..3]), frame_length(&both[4..100])), (None, None));
        assert_eq!((payload(&short), payload(&long).len()), (&b"{}"[..], 256));
    }
}
