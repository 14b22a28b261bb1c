//! Inputs that are worth keeping, found by the fuzz targets and made by hand: what the targets check holds for each.

#[expect(unreachable_pub, reason = "it is part of the library of the fuzz targets")]
#[path = "../../../../fuzz/src/decoder.rs"]
mod decoder;
#[expect(unreachable_pub, reason = "it is part of the library of the fuzz targets")]
#[path = "../../../../fuzz/src/handshake.rs"]
mod handshake;

#[expect(unreachable_pub, reason = "it is shared by two crates")]
#[path = "../../../../fuzz/src/inputs.rs"]
mod inputs;

#[test]
fn streams_of_bytes() {
    inputs::each("decoder", decoder::check);
}

#[test]
fn upgrades() {
    inputs::each("handshake", handshake::check);
}
