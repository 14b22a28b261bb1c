//! Pictures on disk: complete or not there, never half of one.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use crate::DemoError;

/// Writes `pixels` (rows of red, green, blue) as a PNG to `file`, replacing it as a whole.
pub(super) fn write(file: &Path, width: u32, height: u32, pixels: &[u8]) -> Result<(), DemoError> {
    let partial = file.with_extension("png.partial");
    let written = encode(&partial, width, height, pixels)
        .and_then(|()| fs::rename(&partial, file).map_err(png::EncodingError::from));
    written.map_err(|error| {
        // The message of the job is about the picture; a leftover goes with the working folder in any case.
        let _ = fs::remove_file(&partial);
        DemoError::Write { file: file.to_owned(), why: error.to_string() }
    })
}

fn encode(file: &Path, width: u32, height: u32, pixels: &[u8]) -> Result<(), png::EncodingError> {
    let mut out = BufWriter::new(File::create(file)?);
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_source_srgb(png::SrgbRenderingIntent::Perceptual);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(out.flush()?)
}
