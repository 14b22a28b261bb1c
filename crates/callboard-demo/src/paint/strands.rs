//! Strands of light: particles that follow the flow of a scene and leave a little of their colour on every pixel they pass.

use super::colour::Light;
use super::dice::Dice;
use super::noise::Point;
use super::scene::Scene;

/// Strands a step for a picture of 512 by 512; others in proportion.
const STRANDS_PER_PIXEL: f32 = 700.0 / (512.0 * 512.0);
/// A strand's length in shares of the shorter side.
const LENGTH: (f32, f32) = (0.12, 0.5);

/// The light that strands have left, per pixel.
pub(super) struct Strands {
    width: usize,
    height: usize,
    lights: Vec<Light>,
    flights: u64,
}

impl Strands {
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self { width, height, lights: vec![[0.0; 3]; width * height], flights: 0 }
    }

    /// Lets one more flight of strands go.
    pub(super) fn fly(&mut self, scene: &Scene) {
        self.flights += 1;
        let mut dice = Dice::part(scene.key, self.flights);
        let count = (self.lights.len() as f32 * STRANDS_PER_PIXEL).max(1.0) as usize;
        for _ in 0..count {
            self.trace(scene, &mut dice);
        }
    }

    /// The light at a pixel, independent of the number of flights.
    #[inline]
    pub(super) fn at(&self, index: usize) -> Light {
        let share = 1.0 / self.flights.max(1) as f32;
        self.lights[index].map(|part| part * share)
    }

    fn trace(&mut self, scene: &Scene, dice: &mut Dice) {
        let side = self.width.min(self.height) as f32;
        let mut at = [dice.unit() * self.width as f32, dice.unit() * self.height as f32];
        let colour = scene.ramp.at(dice.between(0.4, 0.85));
        let strength = dice.between(0.3, 1.0);
        let length = (dice.between(LENGTH.0, LENGTH.1) * side).max(2.0);
        let mut course = [0.0, 0.0];
        for step in 0..length as u32 {
            let age = step as f32 / length;
            let weight = strength * 4.0 * age * (1.0 - age);
            self.splat(at, colour.map(|part| part * weight));
            let drift = scene.drift(self.to_scene(at));
            // At the seam of a kaleidoscope a strand could only tremble on the spot: it ends there.
            if drift[0] * course[0] + drift[1] * course[1] < 0.0 {
                return;
            }
            course = drift;
            at = [at[0] + course[0], at[1] + course[1]];
        }
    }

    fn to_scene(&self, [x, y]: Point) -> Point {
        let scale = 2.0 / self.width.min(self.height) as f32;
        [(x - 0.5 * self.width as f32) * scale, (y - 0.5 * self.height as f32) * scale]
    }

    /// Spreads `light` over the four pixels around `at`; outside of the picture it is lost.
    fn splat(&mut self, [x, y]: Point, light: Light) {
        let (x, y) = (x - 0.5, y - 0.5);
        if x < 0.0 || y < 0.0 {
            return;
        }
        let (column, row) = (x as usize, y as usize);
        if column + 1 >= self.width || row + 1 >= self.height {
            return;
        }
        let (right, low) = (x - column as f32, y - row as f32);
        let corner = row * self.width + column;
        let shares = [
            (corner, (1.0 - right) * (1.0 - low)),
            (corner + 1, right * (1.0 - low)),
            (corner + self.width, (1.0 - right) * low),
            (corner + self.width + 1, right * low),
        ];
        for (index, share) in shares {
            for (sum, part) in self.lights[index].iter_mut().zip(light) {
                *sum += part * share;
            }
        }
    }
}
