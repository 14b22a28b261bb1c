//! Stored bytes: one byte names the format, then JSON or zstd of JSON. The hash chain is over these bytes.
//!
//! Old bytes stay as they are for ever; a new format gets a new first byte.

use crate::{
    caps::{BODY_BYTES, DEPTH, PLAIN_BYTES},
    error::{DecodeError, EncodeError},
};
use callboard_protocol::Commit;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::ser::{Formatter, Serializer};
use std::io::Write;

const JSON: u8 = 1;
const JSON_ZSTD: u8 = 2;
/// Level 1 is within a few percent of level 3 on JSON, at half its time.
const LEVEL: i32 = 1;
/// Buffers that grew over this are not kept.
const KEPT_BYTES: usize = 1 << 20;

/// The stored form of a commit.
///
/// # Errors
/// Larger than [`BODY_BYTES`], or nested so deep that it could not be read back.
pub fn encode(commit: &Commit) -> Result<Vec<u8>, EncodeError> {
    Packer::default().pack(commit, BODY_BYTES)
}

/// The commit in its stored form.
///
/// # Errors
/// The bytes are no commit, or of a newer format.
pub fn decode(bytes: &[u8]) -> Result<Commit, DecodeError> {
    unpack(bytes, BODY_BYTES)
}

/// What the next commit's `prev` must be: the first 16 bytes of BLAKE3 over the stored form, 32 hex digits.
pub fn hash(stored: &[u8]) -> String {
    blake3::hash(stored).to_hex()[..32].to_owned()
}

/// Packs values one after the other with the same buffers.
#[derive(Default)]
pub(crate) struct Packer {
    json: Vec<u8>,
    compressed: Vec<u8>,
    zstd: Option<zstd::bulk::Compressor<'static>>,
}

impl Packer {
    /// The stored form of a value of at most `limit` bytes of JSON.
    pub(crate) fn pack(&mut self, value: &impl Serialize, limit: usize) -> Result<Vec<u8>, EncodeError> {
        self.json.clear();
        let mut measured = Measured::default();
        value
            .serialize(&mut Serializer::with_formatter(&mut self.json, &mut measured))
            .map_err(|error| EncodeError::Failed(error.to_string()))?;
        let packed = match self.json.len() {
            bytes if bytes > limit => Err(EncodeError::TooLarge { bytes, limit }),
            _ if measured.deepest > DEPTH => Err(EncodeError::TooDeep),
            _ => self.compress(),
        };
        self.json.shrink_to(KEPT_BYTES);
        self.compressed.shrink_to(KEPT_BYTES);
        packed
    }

    fn compress(&mut self) -> Result<Vec<u8>, EncodeError> {
        if self.json.len() <= PLAIN_BYTES {
            return Ok(prefixed(JSON, &self.json));
        }
        let failed = |error: std::io::Error| EncodeError::Failed(error.to_string());
        let compressor = match &mut self.zstd {
            Some(compressor) => compressor,
            empty => empty.insert(zstd::bulk::Compressor::new(LEVEL).map_err(failed)?),
        };
        self.compressed.clear();
        self.compressed.reserve(zstd::zstd_safe::compress_bound(self.json.len()));
        compressor.compress_to_buffer(&self.json, &mut self.compressed).map_err(failed)?;
        Ok(prefixed(JSON_ZSTD, &self.compressed))
    }
}

fn prefixed(format: u8, bytes: &[u8]) -> Vec<u8> {
    let mut stored = Vec::with_capacity(bytes.len() + 1);
    stored.push(format);
    stored.extend_from_slice(bytes);
    stored
}

/// Reads what [`Packer::pack`] made.
pub(crate) fn unpack<T: DeserializeOwned>(stored: &[u8], limit: usize) -> Result<T, DecodeError> {
    let malformed = |error: String| DecodeError::Malformed(error);
    let parse = |json: &[u8]| serde_json::from_slice(json).map_err(|error| malformed(error.to_string()));
    match stored.split_first() {
        Some((&JSON, json)) => parse(json),
        Some((&JSON_ZSTD, packed)) => {
            parse(&zstd::bulk::decompress(packed, limit).map_err(|error| malformed(error.to_string()))?)
        }
        Some((&format, _)) => Err(DecodeError::UnknownFormat(format)),
        None => Err(malformed("no bytes".into())),
    }
}

/// Writes compact JSON and notes how deep arrays and objects are nested.
#[derive(Default)]
struct Measured {
    depth: usize,
    deepest: usize,
}

impl Measured {
    fn enter(&mut self) {
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
    }
}

impl Formatter for &mut Measured {
    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> std::io::Result<()> {
        self.enter();
        writer.write_all(b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> std::io::Result<()> {
        self.depth -= 1;
        writer.write_all(b"]")
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> std::io::Result<()> {
        self.enter();
        writer.write_all(b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> std::io::Result<()> {
        self.depth -= 1;
        writer.write_all(b"}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use callboard_protocol::Node;

    fn nested(levels: usize) -> Node {
        (0..levels).fold(Node::from("x"), |inner, _| vec![inner].into())
    }

    #[test]
    fn small_is_plain_large_is_compressed_both_come_back() {
        for (json_bytes, format) in [(2, JSON), (PLAIN_BYTES, JSON), (PLAIN_BYTES + 1, JSON_ZSTD)] {
            let value = Node::from("x".repeat(json_bytes - 2));
            let stored = Packer::default().pack(&value, BODY_BYTES).expect("fits");
            assert_eq!(stored[0], format);
            assert_eq!(unpack::<Node>(&stored, BODY_BYTES), Ok(value));
        }
    }

    #[test]
    fn what_could_not_be_read_back_is_not_stored() {
        let mut packer = Packer::default();
        let stored = packer.pack(&nested(DEPTH), BODY_BYTES).expect("fits");
        assert_eq!(unpack::<Node>(&stored, BODY_BYTES), Ok(nested(DEPTH)));
        assert_eq!(packer.pack(&nested(DEPTH + 1), BODY_BYTES), Err(EncodeError::TooDeep));
        assert_eq!(packer.pack(&"four", 5), Err(EncodeError::TooLarge { bytes: 6, limit: 5 }));
        assert_eq!(packer.pack(&"four", 6).expect("fits"), b"\x01\"four\"");
    }

    #[test]
    fn brackets_in_texts_do_not_nest() {
        for (json, expected) in [("1", 0), ("[]", 1), (r#"{"a":[{}],"b":[]}"#, 3), (r#"["[[\"[[\\",{}]"#, 2)]
        {
            let value: Node = serde_json::from_str(json).expect("JSON");
            let (mut written, mut measured) = (Vec::new(), Measured::default());
            value.serialize(&mut Serializer::with_formatter(&mut written, &mut measured)).expect("writes");
            assert_eq!((written.as_slice(), measured.deepest), (json.as_bytes(), expected), "{json}");
        }
    }

    #[test]
    fn foreign_bytes_are_an_error() {
        assert_eq!(decode(b"\x07{}"), Err(DecodeError::UnknownFormat(7)));
        for bytes in [&b""[..], b"\x01", b"\x01{}", b"\x02nonsense", b"\x01[1"] {
            assert!(matches!(decode(bytes), Err(DecodeError::Malformed(_))), "{bytes:?}");
        }
    }

    #[test]
    fn the_hash_is_half_of_blake3() {
        assert_eq!(hash(b""), "af1349b9f5f9a1a6a0404dea36dcc949");
    }
}
