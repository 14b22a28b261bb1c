//! Inputs that are worth keeping, found by the fuzz targets and made by hand: what the targets check holds for each.

#[expect(unreachable_pub, reason = "it is part of the library of the fuzz targets")]
#[path = "../../../fuzz/src/frames.rs"]
mod frames;
#[expect(unreachable_pub, reason = "it is part of the library of the fuzz targets")]
#[path = "../../../fuzz/src/selection.rs"]
mod selection;

#[expect(unreachable_pub, reason = "it is shared by two crates")]
#[path = "../../../fuzz/src/inputs.rs"]
mod inputs;

#[test]
fn messages() {
    inputs::each("frames", frames::check);
}

#[test]
fn paths_documents_and_patches() {
    inputs::each("selection", selection::check);
}
