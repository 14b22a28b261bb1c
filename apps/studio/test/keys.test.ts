import { describe, expect, it } from 'vitest'
import { KeyMap } from '../src/lib/keys'

function pressed(key: string, part: Partial<KeyboardEvent> = {}): KeyboardEvent {
  return { key, ctrlKey: false, metaKey: false, altKey: false, isComposing: false, preventDefault() {}, ...part } as KeyboardEvent
}

function recorder(): { keys: KeyMap; did: string[] } {
  const keys = new KeyMap()
  const did: string[] = []
  const binding = (name: string) => ({ keys: [name], label: name, run: () => did.push(name) })
  keys.add({ title: 'shell', bindings: [binding('g b'), binding('g l'), binding('c'), binding('?')] })
  return { keys, did }
}

describe('KeyMap', () => {
  it('runs single keys and sequences', () => {
    const { keys, did } = recorder()
    for (const [key, at] of [['c', 0], ['g', 10], ['b', 500], ['g', 600], ['l', 700]] as const) keys.handle(pressed(key), at)
    expect(did).toEqual(['c', 'g b', 'g l'])
  })

  it('forgets a sequence that took too long or went elsewhere', () => {
    const { keys, did } = recorder()
    keys.handle(pressed('g'), 0)
    keys.handle(pressed('b'), 1500)
    keys.handle(pressed('g'), 2000)
    keys.handle(pressed('x'), 2100)
    keys.handle(pressed('b'), 2200)
    expect(did).toEqual([])
  })

  it('leaves chords of the browser and the system alone', () => {
    const { keys, did } = recorder()
    for (const part of [{ ctrlKey: true }, { metaKey: true }, { altKey: true }, { isComposing: true }]) {
      expect(keys.handle(pressed('c', part), 0)).toBe(false)
    }
    expect(did).toEqual([])
  })

  it('lets a page overrule the shell, until the page is gone', () => {
    const { keys, did } = recorder()
    const off = keys.add({ title: 'page', bindings: [{ keys: ['c'], label: 'other', run: () => did.push('page c') }] })
    keys.handle(pressed('c'), 0)
    off()
    keys.handle(pressed('c'), 10)
    expect(did).toEqual(['page c', 'c'])
  })

  it('can be turned off (WCAG 2.1.4)', () => {
    const { keys, did } = recorder()
    keys.enabled = false
    expect(keys.handle(pressed('c'), 0)).toBe(false)
    expect(did).toEqual([])
  })
})
