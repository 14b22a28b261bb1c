//! Gradient noise and its sums. Only additions and products: the same on every machine.

use super::dice::cell;

pub(super) type Point = [f32; 2];

/// Sixteen directions around the circle, scaled so that noise fills about -1.0..=1.0.
const GRADIENTS: [Point; 16] = [
    [1.5, 0.0],
    [1.3858, 0.5740],
    [1.0607, 1.0607],
    [0.5740, 1.3858],
    [0.0, 1.5],
    [-0.5740, 1.3858],
    [-1.0607, 1.0607],
    [-1.3858, 0.5740],
    [-1.5, 0.0],
    [-1.3858, -0.5740],
    [-1.0607, -1.0607],
    [-0.5740, -1.3858],
    [0.0, -1.5],
    [0.5740, -1.3858],
    [1.0607, -1.0607],
    [1.3858, -0.5740],
];

/// Noise at a point, about -1.0..=1.0, smooth, with features of size 1.
#[inline]
pub(super) fn noise([x, y]: Point, salt: u32) -> f32 {
    let (left, dx) = split(x);
    let (top, dy) = split(y);
    let corner = |i: u32, j: u32| {
        let bits = cell(left.wrapping_add(i), top.wrapping_add(j), salt);
        let [gx, gy] = GRADIENTS[(bits >> 28) as usize];
        gx * (dx - i as f32) + gy * (dy - j as f32)
    };
    let (u, v) = (fade(dx), fade(dy));
    mix(mix(corner(0, 0), corner(1, 0), u), mix(corner(0, 1), corner(1, 1), u), v)
}

/// A sum of `octaves` noises, each finer and weaker than the one before and turned against it.
#[inline]
pub(super) fn clouds(point: Point, octaves: u32, salt: u32) -> f32 {
    let [mut x, mut y] = point;
    let (mut sum, mut weight) = (0.0, 0.5);
    for octave in 0..octaves {
        sum += weight * noise([x, y], salt.wrapping_add(octave.wrapping_mul(0x68BC_21EB)));
        weight *= 0.5;
        [x, y] = [1.62 * x - 1.22 * y + 0.37, 1.22 * x + 1.62 * y - 0.71];
    }
    sum
}

#[inline]
pub(super) fn mix(from: f32, to: f32, share: f32) -> f32 {
    from + (to - from) * share
}

/// A number as its floor, wrapped into the lattice, and the rest of it.
#[inline]
fn split(number: f32) -> (u32, f32) {
    let truncated = number as i32;
    let floor = truncated - i32::from(number < truncated as f32);
    (floor as u32, number - floor as f32)
}

#[inline]
fn fade(t: f32) -> f32 {
    t * t * t * (t * (t * 6.0 - 15.0) + 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_zero_on_the_lattice_and_bounded_between() {
        assert_eq!(noise([3.0, -4.0], 7), 0.0);
        let mut extremes = (0.0f32, 0.0f32);
        for step in 0..20_000u16 {
            let at = f32::from(step);
            let value = noise([at * 0.173 - 900.0, at * 0.091], 7);
            extremes = (extremes.0.min(value), extremes.1.max(value));
        }
        assert!((-1.2..-0.5).contains(&extremes.0) && (0.5..1.2).contains(&extremes.1), "{extremes:?}");
    }

    #[test]
    fn noise_has_no_seam_where_numbers_change_their_sign() {
        let step = 1e-3;
        for at in [-1.0f32, -0.5, 0.0, 0.5, 1.0] {
            let jump = noise([at + step, 0.4], 3) - noise([at - step, 0.4], 3);
            assert!(jump.abs() < 0.02, "{at}: {jump}");
        }
    }
}
