//! What a painter takes.

use std::io::Read;

use super::dice;
use crate::DemoError;
use crate::fields::Fields;

const KNOWN: [&str; 5] = ["prompt", "seed", "steps", "width", "height"];
const STEPS_DEFAULT: u64 = 20;
const SIDE_DEFAULT: u64 = 512;
/// A picture of this side weighs about 120 MB while it is painted.
const SIDE_MAX: u64 = 2048;
/// Below, there is nothing to see.
const SIDE_MIN: u64 = 16;

/// Checked args: every number is in its range.
#[derive(Debug)]
pub(super) struct PaintArgs {
    pub(super) prompt: String,
    pub(super) seed: u64,
    /// 1..=200
    pub(super) steps: u64,
    /// Pixels, 16..=2048
    pub(super) width: u32,
    /// Pixels, 16..=2048
    pub(super) height: u32,
}

impl PaintArgs {
    pub(super) fn read(input: impl Read) -> Result<Self, DemoError> {
        let fields = Fields::read(input, &KNOWN)?;
        let prompt = fields.required_text("prompt", 1..=2000)?.to_owned();
        let seed = fields.whole("seed", 0..=u64::MAX)?.unwrap_or_else(|| dice::seed_of(&prompt));
        let steps = fields.whole("steps", 1..=200)?.unwrap_or(STEPS_DEFAULT);
        let side = |field| -> Result<u32, DemoError> {
            let side = fields.whole(field, SIDE_MIN..=SIDE_MAX)?.unwrap_or(SIDE_DEFAULT);
            Ok(u32::try_from(side).expect("a side is at most 2048"))
        };
        Ok(Self { seed, steps, width: side("width")?, height: side("height")?, prompt })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(args: &str) -> String {
        PaintArgs::read(args.as_bytes()).expect_err(args).to_string()
    }

    #[test]
    fn only_the_prompt_is_required() {
        let args = PaintArgs::read(r#"{"prompt":"x","width":null}"#.as_bytes()).expect("fits");
        assert_eq!((args.steps, args.width, args.height), (20, 512, 512));
        assert_eq!(args.seed, dice::seed_of("x"));
        let most = r#"{"prompt":"x","seed":18446744073709551615,"steps":200,"width":16,"height":2048}"#;
        let args = PaintArgs::read(most.as_bytes()).expect("fits");
        assert_eq!((args.seed, args.steps, args.width, args.height), (u64::MAX, 200, 16, 2048));
    }

    #[test]
    fn a_bad_field_is_named_with_its_value_and_what_would_fit() {
        let table = [
            (r"{}", "the field `prompt` is missing; it must be a text of 1 to 2000 characters"),
            (
                r#"{"prompt":""}"#,
                "the field `prompt` is 0 characters long; it must be a text of 1 to 2000 characters",
            ),
            (r#"{"prompt":7}"#, "the field `prompt` is 7; it must be a text of 1 to 2000 characters"),
            (
                r#"{"prompt":"x","steps":0}"#,
                "the field `steps` is 0; it must be a whole number from 1 to 200",
            ),
            (
                r#"{"prompt":"x","steps":201}"#,
                "the field `steps` is 201; it must be a whole number from 1 to 200",
            ),
            (
                r#"{"prompt":"x","steps":2.5}"#,
                "the field `steps` is 2.5; it must be a whole number from 1 to 200",
            ),
            (
                r#"{"prompt":"x","width":15}"#,
                "the field `width` is 15; it must be a whole number from 16 to 2048",
            ),
            (
                r#"{"prompt":"x","height":"tall"}"#,
                "the field `height` is \"tall\"; it must be a whole number from 16 to 2048",
            ),
            (
                r#"{"prompt":"x","seed":-1}"#,
                "the field `seed` is -1; it must be a whole number from 0 to 18446744073709551615",
            ),
            (
                r#"{"prompt":"x","stepz":1}"#,
                "unknown field \"stepz\"; the fields are prompt, seed, steps, width, height",
            ),
        ];
        for (args, expected) in table {
            assert_eq!(refusal(args), expected);
        }
    }

    #[test]
    fn a_prompt_is_counted_in_characters() {
        let args = |count| format!(r#"{{"prompt":"{}"}}"#, "é".repeat(count));
        assert!(PaintArgs::read(args(2000).as_bytes()).is_ok());
        assert!(refusal(&args(2001)).contains("is 2001 characters long"));
    }
}
