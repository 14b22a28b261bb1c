//! What a picture is of: every choice that the prompt and the seed make, and the height and colour they give a point.

use super::colour::Ramp;
use super::dice::Dice;
use super::noise::{Point, clouds, mix};

/// Octaves of the height and of the warps under it. More would be finer than a pixel.
const HEIGHT_OCTAVES: u32 = 5;
const WARP_OCTAVES: u32 = 3;

/// How heights are read.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    /// Soft folds, like cloth or smoke.
    Silk,
    /// Sharp crests, like mountains from above or lightning.
    Crests,
    /// Bands, like cut stone.
    Agate,
}

/// The sine and cosine of half a sector, by the number of mirrors.
const SECTORS: [(u32, Point); 5] = [
    (3, [0.866_025_4, 0.5]),
    (4, [0.707_106_77, 0.707_106_77]),
    (5, [0.587_785_24, 0.809_017]),
    (6, [0.5, 0.866_025_4]),
    (8, [0.382_683_43, 0.923_879_5]),
];

/// One picture, before it is painted.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) ramp: Ramp,
    /// Salts the noises and the strands.
    pub(super) key: u32,
    /// Where the light comes from: x, y, and up.
    pub(super) lamp: [f32; 3],
    /// How deep the folds look, about 1.0.
    pub(super) relief: f32,
    /// How much the strands shine, 0.0 and up.
    pub(super) glow: f32,
    form: Form,
    mirrors: Option<(u32, Point)>,
    origin: Point,
    turn: Point,
    zoom: f32,
    warps: [f32; 2],
    bands: f32,
    grain: Point,
    flow: f32,
}

/// What is seen at a point.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Look {
    /// About -1.0..=1.0.
    pub(super) height: f32,
    /// Where on the ramp its colour is, about 0.0..=1.0.
    pub(super) shade: f32,
}

impl Scene {
    pub(super) fn new(prompt: &str, seed: u64) -> Self {
        let mut dice = Dice::of(prompt, seed);
        let ramp = Ramp::throw(prompt, &mut dice);
        let form = dice.pick(&[Form::Silk, Form::Silk, Form::Crests, Form::Agate]);
        let mirrors = if dice.unit() < 0.3 { Some(dice.pick(&SECTORS)) } else { None };
        let lamp_side = dice.between(-0.7, 0.7);
        Self {
            ramp,
            form,
            mirrors,
            key: dice.bits(),
            lamp: normal([lamp_side, -0.6, 0.75]),
            relief: dice.between(0.7, 1.3),
            glow: dice.between(0.35, 0.9),
            origin: [dice.between(-40.0, 40.0), dice.between(-40.0, 40.0)],
            turn: dice.direction(),
            zoom: dice.between(0.42, 0.85),
            warps: [dice.between(1.2, 2.6), dice.between(1.4, 2.8)],
            bands: dice.between(3.0, 6.0),
            grain: [dice.between(0.75, 1.0), dice.between(1.0, 1.6)],
            flow: dice.between(0.7, 1.6),
        }
    }

    /// What is seen at `point`, where the picture's shorter side goes from -1.0 to 1.0.
    #[inline]
    pub(super) fn look(&self, point: Point) -> Look {
        let [x, y] = self.place(point);
        let field = |at: Point, part: u32| clouds(at, WARP_OCTAVES, self.key.wrapping_add(part));
        let [near, far] = self.warps;
        let first = [field([x, y], 1), field([x + 5.2, y + 1.3], 2)];
        let at = [x + near * first[0], y + near * first[1]];
        let second = [field([at[0] + 1.7, at[1] + 9.2], 3), field([at[0] + 8.3, at[1] + 2.8], 4)];
        let at = [x + far * second[0], y + far * second[1]];
        let height = self.form(clouds(at, HEIGHT_OCTAVES, self.key.wrapping_add(5)));
        let drift = first[0] * first[0] + first[1] * first[1];
        let shade = 0.42 + 0.62 * height + 0.55 * second[1] + 0.35 * drift - 0.1 * first[0];
        Look { height, shade }
    }

    /// The direction that a strand takes at `point`: along the lines of equal height of a slow field, of length 1.
    #[inline]
    pub(super) fn drift(&self, point: Point) -> Point {
        const STEP: f32 = 0.01;
        let slope = |[x, y]: Point| clouds([x * self.flow, y * self.flow], 2, self.key.wrapping_add(9));
        let [x, y] = point;
        let here = slope(self.place([x, y]));
        let across = slope(self.place([x + STEP, y])) - here;
        let down = slope(self.place([x, y + STEP])) - here;
        let length = (across * across + down * down).sqrt().max(1e-9);
        [down / length, -across / length]
    }

    fn place(&self, point: Point) -> Point {
        let [x, y] = match self.mirrors {
            Some((count, half)) => mirror(point, count, half),
            None => point,
        };
        let [cos, sin] = self.turn;
        let [gx, gy] = self.grain;
        [
            (x * cos - y * sin) * self.zoom * gx + self.origin[0],
            (x * sin + y * cos) * self.zoom * gy + self.origin[1],
        ]
    }

    fn form(&self, height: f32) -> f32 {
        match self.form {
            Form::Silk => height * 1.25,
            Form::Crests => {
                let crest = 1.0 - 2.2 * height.abs();
                crest * crest.abs() * 1.3 - 0.45
            }
            Form::Agate => {
                let band = height * self.bands;
                let share = band - band.floor();
                let triangle = (2.0 * share - 1.0).abs();
                mix(height * 1.3, triangle * triangle * (3.0 - 2.0 * triangle) - 0.5, 0.45)
            }
        }
    }
}

/// Folds the plane into one sector of a kaleidoscope.
fn mirror([x, y]: Point, count: u32, [sin, cos]: Point) -> Point {
    let (mut x, mut y) = (x, y.abs());
    for _ in 0..count {
        let over = (y * cos - x * sin).max(0.0) * 2.0;
        (x, y) = (x + over * sin, (y - over * cos).abs());
    }
    [x, y]
}

fn normal([x, y, z]: [f32; 3]) -> [f32; 3] {
    let length = (x * x + y * y + z * z).sqrt();
    [x / length, y / length, z / length]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kaleidoscope_repeats_its_sector() {
        // A quarter turn maps a picture with four mirrors onto itself.
        let (count, half) = SECTORS[1];
        let [x, y] = mirror([0.3, 0.7], count, half);
        let [turned_x, turned_y] = mirror([-0.7, 0.3], count, half);
        assert!((x - turned_x).abs() < 1e-5 && (y - turned_y).abs() < 1e-5);
        assert!(y >= 0.0 && y <= x + 1e-5);
    }

    #[test]
    fn looks_are_finite_and_differ_from_prompt_to_prompt() {
        let look = |prompt| Scene::new(prompt, 1).look([0.25, -0.5]);
        assert!(look("a").height.is_finite() && look("a").shade.is_finite());
        assert_eq!(look("a"), look("a"));
        assert_ne!(look("a"), look("b"));
        let [x, y] = Scene::new("a", 1).drift([0.1, 0.1]);
        assert!((x * x + y * y - 1.0).abs() < 1e-3);
    }
}
