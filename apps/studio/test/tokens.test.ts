/** The colour tokens are the agreed ones, readable in both themes, and the only colours there are (design: ui 4.4). */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Rgb, VISION, contrast, distance, mix, parseHex } from './colour'

const source = join(import.meta.dirname, '../src')
const tokens = readTokens(readFileSync(join(source, 'styles/tokens.css'), 'utf8'))

/** The table of the design: name, dark, light. */
const TABLE = [
  ['bg', '#0e1116', '#f6f7f9'],
  ['surface', '#151a21', '#ffffff'],
  ['raised', '#1d242d', '#eef1f5'],
  ['line', '#2b343f', '#d5dbe3'],
  ['control', '#5f6c7e', '#848e9c'],
  ['fg', '#e6ebf2', '#161b22'],
  ['muted', '#9aa7b8', '#56616f'],
  ['accent', '#6ea8fe', '#1f5fd0'],
  ['queued', '#a3b1c2', '#56616f'],
  ['running', '#5aa9ff', '#0b62c4'],
  ['retrying', '#f5c044', '#8f6000'],
  ['succeeded', '#4ade9b', '#0a7347'],
  ['failed', '#ff6259', '#96121f'],
  ['cancelled', '#8d98a8', '#626d7b'],
] as const

const THEMES = ['dark', 'light'] as const
const TEXTS = ['fg', 'muted', 'accent', 'queued', 'running', 'retrying', 'succeeded', 'failed', 'cancelled']
const CHANNELS = ['cyan', 'magenta', 'purple']
const GROUNDS = ['bg', 'surface', 'raised']

describe('the tokens', () => {
  it.each(TABLE)('%s is as agreed', (name, dark, light) => {
    expect(tokens.get(name)).toEqual({ dark, light })
  })

  describe.each(THEMES)('%s', (theme) => {
    const colour = (name: string): Rgb => parseHex(tokens.get(name)?.[theme] ?? `no token ${name}`)

    it.each([...TEXTS, ...CHANNELS])('%s is readable on every ground (4.5:1)', (name) => {
      for (const ground of GROUNDS) {
        expect(contrast(colour(name), colour(ground)), `on ${ground}`).toBeGreaterThanOrEqual(4.5)
      }
    })

    it('text on filled buttons and on the ground of a gap is readable', () => {
      expect(contrast(colour('on-accent'), colour('accent'))).toBeGreaterThanOrEqual(4.5)
      expect(contrast(colour('on-accent'), colour('failed'))).toBeGreaterThanOrEqual(4.5)
      const gapGround = mix(colour('retrying'), 0.1, colour('surface'))
      expect(contrast(colour('retrying'), gapGround)).toBeGreaterThanOrEqual(4.5)
    })

    it('borders of controls can be seen (3:1, WCAG 1.4.11)', () => {
      for (const ground of ['bg', 'surface']) {
        expect(contrast(colour('control'), colour(ground)), `on ${ground}`).toBeGreaterThanOrEqual(3)
      }
    })

    it.each(Object.keys(VISION))('state colours differ for %s vision', (vision) => {
      const states = ['running', 'retrying', 'succeeded', 'failed', 'queued']
      const matrix = VISION[vision as keyof typeof VISION]
      for (const [at, a] of states.entries()) {
        for (const b of states.slice(at + 1)) {
          expect(distance(colour(a), colour(b), matrix), `${a} and ${b}`).toBeGreaterThanOrEqual(theme === 'dark' ? 20 : 16)
        }
      }
    })
  })
})

describe('the sources', () => {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((path) => /\.(?:vue|css|ts)$/.test(path))

  it.each(files.filter((path) => !path.endsWith('tokens.css')))('%s has no colour of its own', (path) => {
    const text = readFileSync(join(source, path), 'utf8')
    expect(text.match(/#[0-9a-f]{6}\b|#[0-9a-f]{3}\b(?=[;\s])|\brgba?\(|\bhsla?\(|\boklch\(/gi) ?? []).toEqual([])
  })

  it.each(files.filter((path) => path.endsWith('.vue')))('%s needs no inline style, script or HTML text (CSP)', (path) => {
    const template = readFileSync(join(source, path), 'utf8').split('<style')[0] ?? ''
    expect(template.match(/\sstyle="|v-html|innerHTML|\son[a-z]+="/g) ?? []).toEqual([])
  })
})

function readTokens(css: string): Map<string, { light: string; dark: string }> {
  const found = new Map<string, { light: string; dark: string }>()
  const root = css.slice(0, css.indexOf('@media'))
  for (const [, name, light, dark] of root.matchAll(/--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)) {
    if (name !== undefined && light !== undefined && dark !== undefined) found.set(name, { light, dark })
  }
  return found
}
