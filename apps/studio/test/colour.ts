/** Colour arithmetic for the token tests: WCAG contrast, CIE76 distance, simulated colour vision deficiencies. */

/** Red, green, blue; 0..1, as in a hex colour. */
export type Rgb = readonly [number, number, number]

/** `#rrggbb`. */
export function parseHex(hex: string): Rgb {
  const at = (from: number): number => Number.parseInt(hex.slice(from, from + 2), 16) / 255
  return [at(1), at(3), at(5)]
}

const toLinear = (value: number): number => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
const linear = ([r, g, b]: Rgb): Rgb => [toLinear(r), toLinear(g), toLinear(b)]

/** WCAG 2.2 contrast ratio, 1..21. */
export function contrast(a: Rgb, b: Rgb): number {
  const luminance = (colour: Rgb): number => {
    const [r, g, bl] = linear(colour)
    return 0.2126 * r + 0.7152 * g + 0.0722 * bl
  }
  const [x, y] = [luminance(a), luminance(b)]
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05)
}

/** `color-mix(in srgb, a share, b)`. */
export function mix(a: Rgb, share: number, b: Rgb): Rgb {
  const part = (at: 0 | 1 | 2): number => a[at] * share + b[at] * (1 - share)
  return [part(0), part(1), part(2)]
}

/** Linear RGB matrices for a complete deficiency (Machado, Oliveira, Fernandes 2009). */
export const VISION = {
  normal: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protan: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deutan: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritan: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
} as const satisfies Record<string, readonly number[]>

/** CIE76 distance of two colours as somebody with this vision sees them. */
export function distance(a: Rgb, b: Rgb, vision: readonly number[]): number {
  const [x, y] = [lab(see(linear(a), vision)), lab(see(linear(b), vision))]
  return Math.hypot(x[0] - y[0], x[1] - y[1], x[2] - y[2])
}

function see([r, g, b]: Rgb, m: readonly number[]): Rgb {
  const row = (at: number): number => {
    const value = (m[at] ?? 0) * r + (m[at + 1] ?? 0) * g + (m[at + 2] ?? 0) * b
    return Math.min(1, Math.max(0, value))
  }
  return [row(0), row(3), row(6)]
}

function lab([r, g, b]: Rgb): Rgb {
  const f = (t: number): number => (t > 216 / 24389 ? Math.cbrt(t) : (t * (24389 / 27) + 16) / 116)
  const x = f((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047)
  const y = f(0.2126729 * r + 0.7151522 * g + 0.072175 * b)
  const z = f((0.0193339 * r + 0.119192 * g + 0.9503041 * b) / 1.08883)
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)]
}
