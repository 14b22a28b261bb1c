//! The canvas: what all steps saw so far, per pixel, and how it is developed into a picture.

use super::colour::{Film, Light};
use super::dice::{cell, unit};
use super::scene::Scene;
use super::strands::Strands;

/// How far from its pixel the first look may stray, as a share of the shorter side. It narrows from step to step.
const STRAY: f32 = 0.035;
/// The share of a pixel that the last look strays: enough to smooth edges.
const STRAY_LEAST: f32 = 0.6;

/// Sums of looks. A later look counts more, so that the wide ones at the start fade away.
#[derive(Clone, Copy, Default)]
struct Pixel {
    light: Light,
    height: f32,
}

/// A picture in the making.
pub(super) struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<Pixel>,
    weight: f32,
    /// The done share of the steps, 0.0..=1.0.
    done: f32,
    strands: Strands,
}

impl Canvas {
    /// An empty canvas; sides in pixels, not zero.
    pub(super) fn new(width: u32, height: u32) -> Self {
        let (width, height) = (width as usize, height as usize);
        let pixels = vec![Pixel::default(); width * height];
        Self { width, height, pixels, weight: 0.0, done: 0.0, strands: Strands::new(width, height) }
    }

    /// Does step `step` of `steps`: one more look at every pixel, one more flight of strands.
    pub(super) fn refine(&mut self, scene: &Scene, step: u64, steps: u64) {
        self.done = step as f32 / steps as f32;
        let weight = self.done * self.done * self.done * self.done * self.done;
        self.weight += weight;
        let side = self.width.min(self.height) as f32;
        let blur = 1.0 - self.done;
        let stray = STRAY_LEAST + STRAY * side * blur * blur;
        let salt = scene.key.wrapping_add((step as u32).wrapping_mul(0x27D4_EB2F));
        let (mid_x, mid_y, scale) = (0.5 * self.width as f32, 0.5 * self.height as f32, 2.0 / side);
        for (index, pixel) in self.pixels.iter_mut().enumerate() {
            let (column, row) = (index % self.width, index / self.width);
            let (across, down) = jitter(column as u32, row as u32, salt);
            let x = column as f32 + 0.5 + stray * across - mid_x;
            let y = row as f32 + 0.5 + stray * down - mid_y;
            let look = scene.look([x * scale, y * scale]);
            pixel.height += weight * look.height;
            for (sum, part) in pixel.light.iter_mut().zip(scene.ramp.at(look.shade)) {
                *sum += weight * part;
            }
        }
        self.strands.fly(scene);
    }

    /// The picture as it is now: rows of red, green and blue bytes.
    pub(super) fn develop(&self, scene: &Scene) -> Vec<u8> {
        let film = Film::new();
        let mut bytes = Vec::with_capacity(self.pixels.len() * 3);
        for index in 0..self.pixels.len() {
            bytes.extend(self.lit(scene, index).map(|light| film.expose(light)));
        }
        bytes
    }

    /// The light of a pixel: its colour in the lamp's light, strands on it, darker towards the corners.
    fn lit(&self, scene: &Scene, index: usize) -> Light {
        let share = 1.0 / self.weight.max(f32::MIN_POSITIVE);
        let (diffuse, shine) = self.lamp_light(scene, index, share);
        let strand = self.strands.at(index).map(|part| part * scene.glow * 1.3);
        let cover = strand.iter().sum::<f32>() / 3.0;
        let cover = cover / (0.8 + cover);
        let corner = self.corner(index);
        std::array::from_fn(|part| {
            let wash = self.pixels[index].light[part] * share * diffuse + shine;
            let glow = strand[part] / (0.7 + strand[part]);
            (wash * (1.0 - 0.3 * cover) + glow) * corner * 0.62
        })
    }

    /// How much of the lamp's light a pixel scatters and how much it mirrors; the slope is that of its neighbours' heights.
    fn lamp_light(&self, scene: &Scene, index: usize, share: f32) -> (f32, f32) {
        let (column, row) = (index % self.width, index / self.width);
        let height_at = |column: usize, row: usize| self.pixels[row * self.width + column].height;
        let (left, right) = (column.saturating_sub(1), (column + 1).min(self.width - 1));
        let (above, below) = (row.saturating_sub(1), (row + 1).min(self.height - 1));
        let side = self.width.min(self.height) as f32;
        // Heights are unsure while looks still stray: the folds rise as the picture comes into focus.
        let depth = 0.045 * scene.relief * side * share * self.done * self.done;
        let slope_x = (height_at(left, row) - height_at(right, row)) * depth;
        let slope_y = (height_at(column, above) - height_at(column, below)) * depth;
        let length = (slope_x * slope_x + slope_y * slope_y + 1.0).sqrt();
        let [x, y, up] = scene.lamp;
        let facing = (slope_x * x + slope_y * y + up) / length;
        let bright = facing.max(0.0);
        let square = bright * bright;
        let fourth = square * square;
        let sixteenth = fourth * fourth * fourth * fourth;
        (0.35 + 0.9 * bright, 0.1 * sixteenth * sixteenth)
    }

    fn corner(&self, index: usize) -> f32 {
        let x = (index % self.width) as f32 / self.width as f32 - 0.5;
        let y = (index / self.width) as f32 / self.height as f32 - 0.5;
        1.0 - 0.8 * (x * x + y * y)
    }
}

/// Two numbers in -0.5..0.5 for a pixel and a step.
#[inline]
fn jitter(column: u32, row: u32, salt: u32) -> (f32, f32) {
    let bits = cell(column, row, salt);
    (unit(bits) - 0.5, unit(bits.wrapping_mul(0x9E37_79B1) ^ salt.rotate_left(9)) - 0.5)
}
