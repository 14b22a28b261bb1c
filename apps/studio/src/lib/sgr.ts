/**
 * Text that programs write for terminals (ECMA-48): colours and weight are kept, everything else that such a text can ask of a
 * terminal is left out. Colours become those of Studio, so that they are readable on either ground.
 */

/** The colours there are; a component that shows them says `data-color`. */
export type SgrColor = 'red' | 'yellow' | 'green' | 'cyan' | 'blue' | 'purple' | 'magenta' | 'muted'

/** A stretch of text in one look. */
export interface Stretch {
  readonly text: string
  readonly color?: SgrColor | undefined
  readonly bold?: boolean
  readonly italic?: boolean
  readonly underline?: boolean
}

type Look = Omit<Stretch, 'text'>

const ESC = String.fromCharCode(27)
const BEL = String.fromCharCode(7)
/**
 * What is no text: control sequences (their parameters and their last character are the groups), strings such as a title up to
 * their end, other sequences, and control characters but the tab and the end of a line.
 */
const CONTROL = new RegExp(
  [
    String.raw`${ESC}\[([0-?]*)[ -/]*([@-~]|$)`,
    String.raw`${ESC}[\]P^_X][^${BEL}${ESC}]*(?:${BEL}|${ESC}\\|$)`,
    String.raw`${ESC}[ -/]*[0-~]?`,
    String.raw`[\u0000-\u0008\u000b-\u001f\u007f]`,
  ].join('|'),
  'g',
)

/** Whether there is anything to do; most lines have nothing. */
const CONTROLS = new RegExp(String.raw`[\u0000-\u0008\u000b-\u001f\u007f]`)

const BASE: readonly (SgrColor | undefined)[] = ['muted', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', undefined]
/** The steps of the colour cube of 256 colours. */
const STEPS = [0, 95, 135, 175, 215, 255] as const

/** The stretches of a text, none of them empty. */
export function stretches(text: string): readonly Stretch[] {
  if (!CONTROLS.test(text)) return text === '' ? [] : [{ text }]
  const found: Stretch[] = []
  let look: Look = {}
  let from = 0
  const take = (until: number): void => {
    if (until > from) found.push({ ...look, text: text.slice(from, until) })
  }
  for (const match of text.matchAll(CONTROL)) {
    take(match.index)
    from = match.index + match[0].length
    if (match[2] === 'm') look = changed(look, match[1] ?? '')
  }
  take(text.length)
  return found
}

/** The text alone. */
export function plainText(text: string): string {
  return CONTROLS.test(text) ? text.replace(CONTROL, '') : text
}

/** The look after the parameters of one `m`. */
function changed(look: Look, parameters: string): Look {
  let next = look
  const codes = parameters.split(';')
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] ?? ''
    if (code === '38' || code === '48') {
      const [color, used] = extended(codes.slice(at + 1))
      if (code === '38') next = { ...next, color }
      at += used
    } else if (code.startsWith('38:')) {
      next = { ...next, color: extended(code.split(':').slice(1).filter(Boolean))[0] }
    } else {
      next = { ...next, ...simple(Number(code)) }
    }
  }
  return next
}

function simple(code: number): Look {
  if (code === 0) return { color: undefined, bold: false, italic: false, underline: false }
  if (code === 1) return { bold: true }
  if (code === 2) return { color: 'muted' }
  if (code === 22) return { bold: false }
  if (code === 3 || code === 23) return { italic: code === 3 }
  if (code === 4 || code === 24) return { underline: code === 4 }
  if (code === 39) return { color: undefined }
  if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) return { color: BASE[code % 10] }
  return {}
}

/** A colour out of 256 (`5;n`) or of light (`2;r;g;b`), and how many parameters say so. */
function extended([kind, ...values]: readonly string[]): readonly [SgrColor | undefined, number] {
  const [first = 0, second = 0, third = 0] = values.map(Number)
  if (kind === '2') return [nearest(first, second, third), 4]
  if (kind !== '5') return [undefined, 0]
  if (first < 16) return [BASE[first % 8], 2]
  if (first >= 232) return [first < 244 ? 'muted' : undefined, 2]
  const step = (place: number): number => STEPS[Math.floor((first - 16) / place) % 6] ?? 0
  return [nearest(step(36), step(6), step(1)), 2]
}

/** The colour of Studio that has about the hue of this light; a grey has none. */
function nearest(red: number, green: number, blue: number): SgrColor | undefined {
  const most = Math.max(red, green, blue)
  const span = most - Math.min(red, green, blue)
  if (span < 40) return most < 140 ? 'muted' : undefined
  const sixth = most === red ? (green - blue) / span : most === green ? 2 + (blue - red) / span : 4 + (red - green) / span
  const hue = (sixth * 60 + 360) % 360
  if (hue < 20 || hue >= 340) return 'red'
  if (hue < 75) return 'yellow'
  if (hue < 165) return 'green'
  if (hue < 200) return 'cyan'
  if (hue < 255) return 'blue'
  return hue < 290 ? 'purple' : 'magenta'
}
