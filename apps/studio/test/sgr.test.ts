/** Colours of terminals in lines of a log (design: ui 1.1, the log's P0). */
import { describe, expect, it } from 'vitest'
import { type Stretch, plainText, stretches } from '../src/lib/sgr'

const E = '\u001b'

/** Only what is said of a stretch. */
const looks = (text: string): readonly Stretch[] =>
  stretches(text).map((stretch) => Object.fromEntries(Object.entries(stretch).filter(([, value]) => value)) as never)

describe('stretches', () => {
  it.each<[string, readonly Stretch[]]>([
    ['', []],
    ['plain [31m text', [{ text: 'plain [31m text' }]],
    [`${E}[31mred${E}[0m plain`, [{ text: 'red', color: 'red' }, { text: ' plain' }]],
    [`${E}[1;4;92mok${E}[m.`, [{ text: 'ok', color: 'green', bold: true, underline: true }, { text: '.' }]],
    [`${E}[1mb${E}[22;3mi${E}[23m.`, [{ text: 'b', bold: true }, { text: 'i', italic: true }, { text: '.' }]],
    [`${E}[38;5;196mr${E}[38;5;240mg${E}[39mn`, [{ text: 'r', color: 'red' }, { text: 'g', color: 'muted' }, { text: 'n' }]],
    [`${E}[38;2;60;120;250mb${E}[38:2::160:90:255mp`, [{ text: 'b', color: 'blue' }, { text: 'p', color: 'purple' }]],
    [`${E}[48;5;196;33my`, [{ text: 'y', color: 'yellow' }]],
    [`${E}[38;9mstill`, [{ text: 'still' }]],
  ])('%j', (text, expected) => {
    expect(looks(text)).toEqual(expected)
  })

  it('leaves out what would move a cursor, set a title or write to a clipboard', () => {
    expect(plainText(`a${E}[2K${E}[1;1Hb${E}]0;title\u0007c${E}]52;c;eA==${E}\\d${E}(Be\u0008\r\tf`)).toBe('abcde\tf')
  })

  it('comes to an end with anything', () => {
    expect(stretches(`x${E}`)).toEqual([{ text: 'x' }])
    expect(plainText(`x${E}[31`)).toBe('x')
    expect(plainText(`x${E}]0;never ended`)).toBe('x')
    let seed = 7
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below
    const signs = [E, '[', ']', '3', '8', ';', ':', '5', '2', 'm', '\u0007', '\\', 'a', ' ']
    for (let round = 0; round < 2000; round += 1) {
      const text = Array.from({ length: random(40) }, () => signs[random(signs.length)]).join('')
      const found = stretches(text)
      expect(found.map((stretch) => stretch.text).join('')).toBe(plainText(text))
      expect(plainText(text)).not.toMatch(/\u001b|\u0007/u)
    }
  })
})
