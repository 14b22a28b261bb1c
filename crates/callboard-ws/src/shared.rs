//! One message for many connections.

use std::sync::{Arc, OnceLock};

use crate::{Compressor, Encoded, frame};

/// A text message in the forms that connections may want, each made at most once. A clone is cheap.
///
/// It holds the plain frame, and the compressed one from the moment the first connection asks for it.
#[derive(Clone, Debug)]
pub struct SharedText(Arc<Variants>);

#[derive(Debug)]
struct Variants {
    plain: Encoded,
    deflated: OnceLock<Encoded>,
}

impl SharedText {
    /// Encodes the plain frame; nothing is compressed yet.
    pub fn new(text: &str) -> Self {
        Self(Arc::new(Variants { plain: frame::text(text), deflated: OnceLock::new() }))
    }

    /// The frame for a connection: `Some` compressor if it negotiated `permessage-deflate`.
    pub fn for_peer(&self, compressor: Option<&Compressor>) -> &Encoded {
        match compressor {
            Some(compressor) => self.deflated(compressor),
            None => self.plain(),
        }
    }

    /// The uncompressed frame, which every connection can read.
    pub fn plain(&self) -> &Encoded {
        &self.0.plain
    }

    /// The independently compressed frame, or the plain one where compressing does not pay.
    ///
    /// The first caller compresses; callers at the same time wait for it rather than do it again.
    pub fn deflated(&self, compressor: &Compressor) -> &Encoded {
        let make = || compressor.try_deflate(self.text()).unwrap_or_else(|| self.plain().clone());
        self.0.deflated.get_or_init(make)
    }

    /// The message itself.
    pub fn text(&self) -> &str {
        std::str::from_utf8(self.0.plain.payload()).expect("it was built from a str")
    }

    /// What it holds now, for whoever bounds a ring of these.
    pub fn size_bytes(&self) -> usize {
        let deflated = self.0.deflated.get().filter(|frame| frame.is_compressed());
        self.0.plain.size_bytes() + deflated.map_or(0, Encoded::size_bytes)
    }
}
