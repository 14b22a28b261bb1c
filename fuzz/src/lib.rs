//! What the fuzz targets check. The tests of the crates check the same with the inputs in `kept/`.

pub mod decoder;
pub mod frames;
pub mod handshake;
pub mod selection;
