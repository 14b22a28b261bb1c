//! Inputs that are worth keeping, found by the fuzz targets and made by hand: what the targets check holds for each.

use std::{fs, path::Path};

#[expect(unreachable_pub, reason = "it is part of the library of the fuzz targets")]
#[path = "../../../../fuzz/src/decoder.rs"]
mod decoder;
#[expect(unreachable_pub, reason = "it is part of the library of the fuzz targets")]
#[path = "../../../../fuzz/src/handshake.rs"]
mod handshake;

fn each(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/kept").join(target);
    let files = fs::read_dir(&folder).expect("the folder of the target");
    let mut count = 0;
    for file in files {
        let path = file.expect("a file").path();
        eprintln!("{}", path.display());
        check(&fs::read(&path).expect("readable"));
        count += 1;
    }
    assert!(count >= 20, "{target} has {count} inputs");
}

#[test]
fn streams_of_bytes() {
    each("decoder", decoder::check);
}

#[test]
fn upgrades() {
    each("handshake", handshake::check);
}
