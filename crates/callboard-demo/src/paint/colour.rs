//! Colours: a ramp through OKLab, where equal steps look equal, and the way from light to the bytes of a picture.

use super::dice::Dice;
use super::noise::mix;

/// Light in linear red, green and blue, 0.0 and up.
pub(super) type Light = [f32; 3];

/// Steps of a ramp; more than the eye tells apart.
const RAMP_STEPS: usize = 512;
/// Steps of the table from light to bytes.
const BYTE_STEPS: usize = 4096;
/// The cosine and sine of 10 degrees: hues turn in steps of it.
const TEN_DEGREES: [f32; 2] = [0.984_807_7, 0.173_648_18];
/// The stops of every ramp from night to highlight, as (lightness, chroma).
const STOPS: [(f32, f32); 6] =
    [(0.13, 0.035), (0.29, 0.085), (0.47, 0.135), (0.66, 0.145), (0.82, 0.105), (0.965, 0.03)];
/// How the hue turns along the six stops, in tens of degrees; in the middle all are near the base.
const SCHEMES: [[i32; 6]; 6] = [
    [-5, -3, 0, 1, 4, 6],
    [6, 3, 0, -1, -4, -6],
    [-10, -7, -2, 0, 4, 6],
    [11, 8, 3, 0, -3, -5],
    [-4, -2, -1, 0, 15, 18],
    [19, 17, 2, 0, -3, -5],
];
/// Words that ask for a hue, as tens of degrees in OKLab.
const HUE_WORDS: [(&str, i32); 30] = [
    ("rose", 1),
    ("ruby", 2),
    ("red", 3),
    ("fire", 4),
    ("lava", 4),
    ("ember", 4),
    ("sunset", 5),
    ("orange", 6),
    ("autumn", 6),
    ("copper", 6),
    ("amber", 8),
    ("desert", 8),
    ("gold", 9),
    ("honey", 9),
    ("sun", 9),
    ("yellow", 11),
    ("spring", 13),
    ("green", 14),
    ("forest", 15),
    ("moss", 14),
    ("jade", 17),
    ("teal", 19),
    ("ice", 22),
    ("ocean", 23),
    ("sea", 23),
    ("sky", 25),
    ("blue", 26),
    ("night", 27),
    ("violet", 30),
    ("pink", 35),
];

/// The colours of one picture, from dark to bright.
#[derive(Debug)]
pub(super) struct Ramp {
    lights: Vec<Light>,
}

impl Ramp {
    /// Throws a ramp. Its base hue comes from the prompt's first word for a colour, or from the dice.
    pub(super) fn throw(prompt: &str, dice: &mut Dice) -> Self {
        let thrown = dice.direction();
        let nudge = (dice.bits() % 3) as i32 - 1;
        let base = match asked_hue(prompt) {
            Some(tens) => turn([1.0, 0.0], tens + nudge),
            None => thrown,
        };
        let scheme = dice.pick(&SCHEMES);
        let richness = dice.between(0.9, 1.2);
        let stops: Vec<[f32; 3]> = STOPS
            .iter()
            .zip(scheme)
            .map(|(&(lightness, chroma), tens)| {
                let [a, b] = turn(base, tens);
                [lightness, a * chroma * richness, b * chroma * richness]
            })
            .collect();
        let lights = (0..RAMP_STEPS).map(|step| light_of(between_stops(&stops, step))).collect();
        Self { lights }
    }

    /// The colour at `share` of the way, 0.0 (dark) to 1.0 (bright); beyond, the ends.
    #[inline]
    pub(super) fn at(&self, share: f32) -> Light {
        let last = RAMP_STEPS - 1;
        self.lights[((share.max(0.0) * last as f32) as usize).min(last)]
    }
}

fn asked_hue(prompt: &str) -> Option<i32> {
    let lower = prompt.to_lowercase();
    lower
        .split(|letter: char| !letter.is_alphabetic())
        .find_map(|word| HUE_WORDS.iter().find(|(known, _)| *known == word).map(|(_, tens)| *tens))
}

fn turn([mut x, mut y]: [f32; 2], tens: i32) -> [f32; 2] {
    let [cos, sin] = TEN_DEGREES;
    for _ in 0..tens.rem_euclid(36) {
        [x, y] = [x * cos - y * sin, x * sin + y * cos];
    }
    [x, y]
}

fn between_stops(stops: &[[f32; 3]], step: usize) -> [f32; 3] {
    let at = step as f32 / (RAMP_STEPS - 1) as f32 * (stops.len() - 1) as f32;
    let left = (at as usize).min(stops.len() - 2);
    let share = at - left as f32;
    std::array::from_fn(|part| mix(stops[left][part], stops[left + 1][part], share))
}

/// OKLab to linear light; what a screen cannot show is cut off.
fn light_of([lightness, a, b]: [f32; 3]) -> Light {
    let cube = |root: f32| root * root * root;
    let l = cube(lightness + 0.396_337_78 * a + 0.215_803_76 * b);
    let m = cube(lightness - 0.105_561_346 * a - 0.063_854_17 * b);
    let s = cube(lightness - 0.089_484_18 * a - 1.291_485_5 * b);
    [
        (4.076_741_7 * l - 3.307_711_6 * m + 0.230_969_94 * s).max(0.0),
        (-1.268_438 * l + 2.609_757_4 * m - 0.341_319_38 * s).max(0.0),
        (-0.004_196_086_3 * l - 0.703_418_6 * m + 1.707_614_7 * s).max(0.0),
    ]
}

/// Turns light into the bytes of a picture (sRGB), softly where it is too bright.
pub(super) struct Film {
    bytes: Vec<u8>,
}

impl Film {
    pub(super) fn new() -> Self {
        let byte = |step: usize| (encode(step as f64 / (BYTE_STEPS - 1) as f64) * 255.0 + 0.5) as u8;
        Self { bytes: (0..BYTE_STEPS).map(byte).collect() }
    }

    #[inline]
    pub(super) fn expose(&self, light: f32) -> u8 {
        let toned = light * (2.51 * light + 0.03) / (light * (2.43 * light + 0.59) + 0.14);
        let step = (toned.clamp(0.0, 1.0) * (BYTE_STEPS - 1) as f32 + 0.5) as usize;
        self.bytes[step.min(BYTE_STEPS - 1)]
    }
}

/// The sRGB curve, with the power of 5/12 as roots: `powf` differs between machines.
fn encode(light: f64) -> f64 {
    if light <= 0.003_130_8 {
        return 12.92 * light;
    }
    let quarter = light.sqrt().sqrt();
    1.055 * cube_root(quarter * quarter * quarter * quarter * quarter) - 0.055
}

/// Newton's method; 60 rounds are enough from anywhere in 0.0..=1.0.
fn cube_root(number: f64) -> f64 {
    (0..60).fold(1.0, |root, _| (2.0 * root + number / (root * root)) / 3.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_is_that_of_srgb() {
        for step in 0..=100 {
            let light = f64::from(step) / 100.0;
            let expected =
                if light <= 0.003_130_8 { 12.92 * light } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 };
            assert!((encode(light) - expected).abs() < 1e-9, "{light}");
        }
    }

    #[test]
    fn a_ramp_goes_from_dark_to_bright() {
        let ramp = Ramp::throw("anything", &mut Dice::of("anything", 3));
        let bright = |share| ramp.at(share).iter().sum::<f32>();
        assert!(bright(0.0) < bright(0.5) && bright(0.5) < bright(1.0));
        assert_eq!(ramp.at(-1.0), ramp.at(0.0));
        assert_eq!(ramp.at(9.0), ramp.at(1.0));
        assert_eq!(ramp.at(f32::NAN), ramp.at(0.0));
    }

    #[test]
    fn a_word_for_a_colour_is_heard() {
        assert_eq!(asked_hue("A forest at dawn"), Some(15));
        assert_eq!(asked_hue("deep-BLUE, sea"), Some(26));
        assert_eq!(asked_hue("reddish"), None);
    }

    #[test]
    fn white_light_is_white() {
        let [r, g, b] = light_of([1.0, 0.0, 0.0]);
        assert!([r, g, b].iter().all(|part| (part - 1.0).abs() < 1e-3), "{r} {g} {b}");
    }
}
