//! The painter: a picture from a prompt and a seed, refined step by step.
//!
//! It draws folds of warped noise with strands of light that follow a flow, which no two prompts share. Every step adds one more
//! look at every point and a new flight of strands; the looks start wide and come into focus, so a preview is an honest stage
//! of the picture. It is deterministic: the same args give the same bytes, with arithmetic that every machine does alike.

mod args;
mod canvas;
mod colour;
mod dice;
mod noise;
mod picture;
mod scene;
mod strands;

use std::io::{Read, Write};
use std::path::Path;

use serde_json::json;

use self::args::PaintArgs;
use self::canvas::Canvas;
use self::scene::Scene;
use crate::DemoError;
use crate::report::{Progress, Reporter};

/// The finished picture, in the working folder.
const IMAGE: &str = "image.png";
/// The newest stage of it; replaced as a whole each time.
const PREVIEW: &str = "preview.png";
const MIME: &str = "image/png";
/// How many stages of a picture are shown, the last being the picture itself.
const STAGES: u64 = 4;

/// Checks args without painting, so that a server can refuse them before it accepts the job.
///
/// # Errors
///
/// Args that do not fit.
pub fn check(input: impl Read) -> Result<(), DemoError> {
    PaintArgs::read(input).map(drop)
}

/// Paints the picture that `input` describes into `out_dir` and reports on the way.
///
/// `input` holds one JSON object: `prompt` (1 to 2000 characters, required), `seed` (default: from the prompt), `steps`
/// (1 to 200, default 20), `width` and `height` (16 to 2048 pixels, default 512). The result repeats them all, with
/// `"artifact":"image.png"`. At about every quarter of the steps `preview.png` is written anew and reported.
///
/// # Errors
///
/// Args that do not fit, a folder that cannot be written, or reports that nobody reads.
pub fn run(input: impl Read, report: &mut dyn Write, out_dir: &Path) -> Result<(), DemoError> {
    let args = PaintArgs::read(input)?;
    let mut report = Reporter::new(report);
    let scene = Scene::new(&args.prompt, args.seed);
    let mut canvas = Canvas::new(args.width, args.height);
    for step in 1..=args.steps {
        canvas.refine(&scene, step, args.steps);
        report.progress(Progress {
            value: step as f64 / args.steps as f64,
            message: &format!("step {step} of {}", args.steps),
            step: Some((step, args.steps)),
        })?;
        if ends_stage(step, args.steps) {
            let file = if step == args.steps { IMAGE } else { PREVIEW };
            picture::write(&out_dir.join(file), args.width, args.height, &canvas.develop(&scene))?;
            report.artifact(file, MIME)?;
        }
    }
    let PaintArgs { prompt, seed, steps, width, height } = args;
    report.result(&json!({
        "prompt": prompt, "seed": seed, "steps": steps, "width": width, "height": height, "artifact": IMAGE,
    }))
}

/// Whether the picture is shown after `step`; always after the last one.
fn ends_stage(step: u64, steps: u64) -> bool {
    step * STAGES / steps > (step - 1) * STAGES / steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_shown_at_every_quarter_and_at_the_end() {
        let shown = |steps| (1..=steps).filter(|step| ends_stage(*step, steps)).collect::<Vec<_>>();
        assert_eq!(shown(20), [5, 10, 15, 20]);
        assert_eq!(shown(1), [1]);
        assert_eq!(shown(2), [1, 2]);
        assert_eq!(shown(3), [1, 2, 3]);
        assert_eq!(shown(7), [2, 4, 6, 7]);
    }
}
