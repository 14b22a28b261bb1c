//! The painter as a whole: what it reports, what it writes, and that it always paints the same.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;

use callboard_demo::paint;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Paints and returns the reports.
fn run(args: &Value, folder: &Path) -> Vec<Value> {
    let mut reports = Vec::new();
    paint::run(args.to_string().as_bytes(), &mut reports, folder).expect("good args");
    let text = String::from_utf8(reports).expect("JSON is text");
    text.lines().map(|line| serde_json::from_str(line).expect("every line is JSON")).collect()
}

fn picture(args: &Value) -> Vec<u8> {
    let folder = TempDir::new().expect("a temporary folder");
    run(args, folder.path());
    fs::read(folder.path().join("image.png")).expect("a picture")
}

fn pixels(file: &Path) -> (u32, u32, Vec<u8>) {
    let decoder = png::Decoder::new(BufReader::new(File::open(file).expect("a picture")));
    let mut reader = decoder.read_info().expect("a PNG");
    let mut bytes = vec![0; reader.output_buffer_size().expect("it fits into memory")];
    let info = reader.next_frame(&mut bytes).expect("a whole PNG");
    assert_eq!((info.color_type, info.bit_depth), (png::ColorType::Rgb, png::BitDepth::Eight));
    (info.width, info.height, bytes)
}

#[test]
fn it_reports_each_step_previews_the_picture_and_the_result() {
    let folder = TempDir::new().expect("a temporary folder");
    let args = json!({"prompt": "a quiet ocean", "seed": 7, "steps": 8, "width": 48, "height": 32});
    let reports = run(&args, folder.path());
    let preview = json!({"artifact": {"path": "preview.png", "name": "preview.png", "mime": "image/png"}});
    let image = json!({"artifact": {"path": "image.png", "name": "image.png", "mime": "image/png"}});
    let mut expected = Vec::new();
    for step in 1..=8 {
        let message = format!("step {step} of 8");
        let value = f64::from(step) / 8.0;
        expected.push(json!({"progress": {"value": value, "message": message, "step": step, "steps": 8}}));
        if matches!(step, 2 | 4 | 6) {
            expected.push(preview.clone());
        }
    }
    expected.push(image);
    let mut result = args.clone();
    result["artifact"] = json!("image.png");
    expected.push(json!({"result": result}));
    assert_eq!(reports, expected);
    let mut names: Vec<_> = fs::read_dir(folder.path()).expect("the folder").flatten().collect();
    names.sort_by_key(std::fs::DirEntry::file_name);
    let names: Vec<_> = names.iter().map(|entry| entry.file_name()).collect();
    assert_eq!(names, ["image.png", "preview.png"], "no leftovers");
}

#[test]
fn a_picture_has_the_size_that_was_asked_for_and_something_on_it() {
    let folder = TempDir::new().expect("a temporary folder");
    for (width, height) in [(16, 16), (16, 200), (333, 17)] {
        run(&json!({"prompt": "size", "steps": 2, "width": width, "height": height}), folder.path());
        for file in ["image.png", "preview.png"] {
            let (is_width, is_height, bytes) = pixels(&folder.path().join(file));
            assert_eq!((is_width, is_height), (width, height));
            let (dark, bright) = (bytes.iter().min(), bytes.iter().max());
            assert!(bright.expect("pixels") - dark.expect("pixels") > 40, "{file} is almost flat");
        }
    }
}

#[test]
fn the_same_args_give_the_same_bytes_and_others_give_others() {
    let args = |prompt: &str, seed: u64, steps: u32| json!({"prompt": prompt, "seed": seed, "steps": steps, "width": 64, "height": 64});
    let first = picture(&args("embers", 1, 3));
    assert_eq!(first, picture(&args("embers", 1, 3)));
    assert_ne!(first, picture(&args("embers", 2, 3)), "another seed");
    assert_ne!(first, picture(&args("ember", 1, 3)), "another prompt");
    assert_ne!(first, picture(&args("embers", 1, 4)), "more steps");
}

#[test]
fn without_a_seed_the_prompt_gives_one() {
    let folder = TempDir::new().expect("a temporary folder");
    let args = json!({"prompt": "embers", "steps": 1, "width": 16, "height": 16});
    let reports = run(&args, folder.path());
    let mut again = args.clone();
    again["seed"] = reports.last().expect("reports")["result"]["seed"].clone();
    assert!(again["seed"].is_u64());
    assert_eq!(picture(&args), picture(&again));
}

#[test]
fn every_machine_paints_alike() {
    let folder = TempDir::new().expect("a temporary folder");
    run(&json!({"prompt": "alike", "seed": 1, "steps": 3, "width": 40, "height": 24}), folder.path());
    let (_, _, bytes) = pixels(&folder.path().join("image.png"));
    // FNV-1a over the pixels, not over the file: a compressor may change.
    let mark = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |mark, byte| {
        (mark ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    assert_eq!(mark, GOLDEN, "the look changed: {mark:#x}; if on purpose, salt the style anew");
}

/// The mark of one small picture.
const GOLDEN: u64 = 0x5e18_6f8b_34c8_baa3;

#[test]
fn a_folder_that_is_not_there_is_named() {
    let folder = TempDir::new().expect("a temporary folder");
    let missing = folder.path().join("missing");
    let args = r#"{"prompt":"x","steps":1,"width":16,"height":16}"#;
    let error = paint::run(args.as_bytes(), &mut Vec::new(), &missing).expect_err("no such folder");
    assert!(
        error.to_string().starts_with("cannot write") && error.to_string().contains("missing"),
        "{error}"
    );
}

#[test]
fn it_stops_when_nobody_reads_the_reports() {
    struct Closed;
    impl std::io::Write for Closed {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let folder = TempDir::new().expect("a temporary folder");
    let args = r#"{"prompt":"x","steps":200,"width":16,"height":16}"#;
    let error = paint::run(args.as_bytes(), &mut Closed, folder.path()).expect_err("nobody reads");
    assert!(error.to_string().starts_with("cannot report"), "{error}");
    assert!(!folder.path().join("image.png").exists());
}
