//! Embeds the built Studio, when there is one: every file under `apps/studio/dist` with its compressed siblings.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

fn main() {
    let dist =
        Path::new(&env::var("CARGO_MANIFEST_DIR").expect("set by cargo")).join("../../apps/studio/dist");
    println!("cargo::rerun-if-changed={}", dist.display());
    let mut files = Vec::new();
    collect(&dist, &mut files);
    files.sort();
    let mut code = String::from("pub(super) static FILES: &[(&str, &[u8])] = &[\n");
    for file in &files {
        let name = file.strip_prefix(&dist).expect("found below it").to_string_lossy().replace('\\', "/");
        let path = file.canonicalize().expect("a file that was just listed");
        println!("cargo::rerun-if-changed={}", path.display());
        code.push_str(&format!("    ({name:?}, include_bytes!({:?})),\n", path.to_string_lossy()));
    }
    code.push_str("];\n");
    let target = PathBuf::from(env::var("OUT_DIR").expect("set by cargo")).join("studio_files.rs");
    fs::write(target, code).expect("the build folder can be written");
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}
