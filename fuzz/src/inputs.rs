//! Inputs that are worth keeping, found by the targets and made by hand: what a target checks holds for each.

use std::{fs, path::Path};

/// Checks all inputs of a target. `fuzz/` is two folders above the crate whose tests call this.
pub fn each(target: &str, check: fn(&[u8])) {
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
