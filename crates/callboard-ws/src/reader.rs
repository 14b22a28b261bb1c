//! Messages from a transport.

use tokio::io::AsyncRead;

use crate::buffer::ReadBuffer;
use crate::{Decoder, Message, Progress, ReadError, ReadOptions};

/// Reads messages from one connection.
///
/// While it waits between messages it holds no buffer. It never answers: pings, closes and errors are
/// for the caller, who has the writer.
pub struct Reader<R> {
    io: R,
    decoder: Decoder,
    buffer: ReadBuffer,
    bytes_read: u64,
    finished: bool,
}

impl<R: AsyncRead + Unpin> Reader<R> {
    /// A reader at the first byte after the handshake.
    pub fn new(io: R, options: ReadOptions) -> Self {
        Self::with_prefix(io, options, &[])
    }

    /// A reader that begins with bytes which came in the same read as the end of the handshake.
    pub fn with_prefix(io: R, options: ReadOptions, prefix: &[u8]) -> Self {
        let bytes_read = prefix.len() as u64;
        let (decoder, buffer) = (Decoder::new(options), ReadBuffer::new(prefix));
        Self { io, decoder, buffer, bytes_read, finished: false }
    }

    /// The next message; `None` after a close message, after an error, or when the transport ended between
    /// two messages (a peer that is gone without a close).
    ///
    /// Cancel-safe: a dropped call loses nothing, so it may stand in a `select!` loop.
    ///
    /// # Errors
    /// Each is final. [`ReadError::close_code`] says what to tell the peer.
    pub async fn next(&mut self) -> Result<Option<Message>, ReadError> {
        while !self.finished {
            let result = self.decoder.decode(self.buffer.unread());
            let Progress { used, message } = result.inspect_err(|_| self.finished = true)?;
            self.buffer.consume(used);
            self.finished = self.decoder.is_closed();
            if message.is_some() {
                return Ok(message);
            }
            self.fill().await?;
        }
        Ok(None)
    }

    /// Bytes received so far, also those of an unfinished message.
    ///
    /// A heartbeat should watch this rather than messages: a large message is not silence.
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// The transport.
    pub fn get_ref(&self) -> &R {
        &self.io
    }

    async fn fill(&mut self) -> Result<(), ReadError> {
        let between = self.decoder.is_between_messages();
        let result = self.buffer.fill(&mut self.io, between).await;
        let count = result.inspect_err(|_| self.finished = true)?;
        self.bytes_read += count as u64;
        if count > 0 {
            return Ok(());
        }
        self.finished = true;
        if between && self.buffer.is_empty() { Ok(()) } else { Err(ReadError::Truncated) }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;
    use crate::{Limits, Role, frame};

    /// A large message grows the buffer to its maximum; the wait after it gives the memory back.
    #[tokio::test]
    async fn memory_is_given_back_when_the_connection_waits() {
        let limits =
            Limits { max_frame_bytes: 1 << 20, max_message_bytes: 1 << 20, max_inflated_bytes: 1 << 20 };
        let options = ReadOptions { role: Role::Client, limits, deflate: None, accept_binary: false };
        let (mut server, client) = tokio::io::duplex(1 << 20);
        let mut reader = Reader::new(client, options);
        assert_eq!(reader.buffer.capacity(), 0);

        server.write_all(frame::text(&"a".repeat(500_000)).as_bytes()).await.unwrap();
        assert!(matches!(reader.next().await, Ok(Some(Message::Text(text))) if text.len() == 500_000));
        assert!(reader.buffer.capacity() > 16 * 1024);

        // One poll that finds nothing, then dropped: `select!` with a branch that is ready.
        tokio::select! {
            biased;
            message = reader.next() => panic!("nothing was sent, got {message:?}"),
            () = std::future::ready(()) => {}
        }
        assert_eq!(reader.buffer.capacity(), 0);
        assert_eq!(reader.bytes_read(), 500_010);
    }
}
