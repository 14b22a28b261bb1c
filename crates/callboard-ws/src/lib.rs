//! A WebSocket codec whose frames are encoded and compressed once and written to any number of connections.
//!
//! It is RFC 6455 with `permessage-deflate` (RFC 7692), for both roles, over anything that reads and writes:
//! an upgraded HTTP connection on the server, a TCP or TLS stream in the client. It knows nothing of
//! Callboard's messages and keeps no limits of its own: the caller brings [`Limits`].
//!
//! - **Out:** an [`Encoded`] is a complete frame in refcounted bytes. [`SharedText`] holds one message in both
//!   forms, plain and compressed, and compresses at most once however many connections want it.
//!   A [`Writer`] sends a batch of frames with vectored writes and copies none of them.
//! - **In:** a [`Reader`] turns bytes into [`Message`]s. It is cancel-safe, allocates only for bytes that have
//!   arrived, and answers bad input with an error that names its close code. The rules themselves are in
//!   [`Decoder`], which does no I/O.
//! - **Before both:** [`negotiate`] on the server and [`ClientHandshake`] in the client agree on the upgrade.
//!
//! # Compression
//! The server asks every client for `client_no_context_takeover`, so reading needs no inflate state between
//! messages. It sends compressed messages of two kinds. *Independent* ones are each made with a reset compressor,
//! which is why one frame fits all connections, whenever they joined. The messages of a [`Chain`] may also refer to
//! the ones since its last keyframe: a small patch is a quarter of the size, and still compressed once for all.
//!
//! # Example
//! One message, encoded once, to two connections of which only the first negotiated compression:
//!
//! ```
//! use callboard_ws::{Compressor, Limits, Message, ReadOptions, Reader, Role, SharedText, Writer};
//! use callboard_ws::DeflateParams;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let limits = Limits { max_frame_bytes: 1 << 16, max_message_bytes: 1 << 16, max_inflated_bytes: 1 << 20 };
//! let compressor = Compressor::new(6, 64);
//! let patch = SharedText::new(&r#"{"type":"state.patch"}"#.repeat(10));
//!
//! for deflate in [Some(DeflateParams::default()), None] {
//!     let (server, client) = tokio::io::duplex(4096);
//!     let mut writer = Writer::new(server, Role::Server);
//!     writer.write(patch.for_peer(deflate.is_some().then_some(&compressor))).await?;
//!
//!     let options = ReadOptions { role: Role::Client, limits, deflate, accept_binary: false };
//!     let mut reader = Reader::new(client, options);
//!     assert_eq!(reader.next().await?, Some(Message::Text(patch.text().to_owned())));
//! }
//! # Ok(())
//! # }
//! ```

mod accept;
mod buffer;
mod chain;
mod client;
mod close;
mod decoder;
mod deflate;
mod error;
mod extensions;
pub mod frame;
mod handshake;
mod header;
mod inflate;
mod mask;
pub mod masked;
mod message;
mod options;
mod outgoing;
mod reader;
mod shared;
mod writer;

pub use accept::accept_key;
pub use chain::{Chain, Linked, Membership};
pub use client::{ClientHandshake, Established};
pub use close::{CloseFrame, close_code};
pub use decoder::{Decoder, Progress};
pub use deflate::{Compressor, Deflater};
pub use error::{DecodeError, HandshakeError, Limit, ReadError, Violation};
pub use extensions::DeflateParams;
pub use frame::Encoded;
pub use handshake::{Accept, negotiate};
pub use message::Message;
pub use options::{Limits, ReadOptions, Role};
pub use outgoing::Outgoing;
pub use reader::Reader;
pub use shared::SharedText;
pub use writer::Writer;
