import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createIds } from '../src/ids.js'
import { VERSION } from '../src/version.js'
import * as entry from '../src/index.js'

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')

describe('the package', () => {
  it('says its version', () => expect(VERSION).toBe((JSON.parse(read('package.json')) as { version: string }).version))

  it('has no dependencies and no default export', () => {
    expect(JSON.parse(read('package.json'))).not.toHaveProperty('dependencies')
    expect(Object.keys(entry).sort()).toEqual([
      'CallboardError',
      'PatchError',
      'applyPatch',
      'attachBrowser',
      'createClient',
      'defaultConfig',
      'systemClock',
    ])
  })

  it.each(['react', 'vue', 'svelte'])('has a small %s binding', (name) => {
    expect(read(`src/${name}/index.ts`).split('\n').length).toBeLessThan(150)
  })

  it('speaks every message of spec/frames.json', () => {
    const frames = JSON.parse(readFileSync(new URL('../../../spec/frames.json', import.meta.url), 'utf8')) as {
      server: { type: string }[]
    }
    const readers = read('src/session.ts') + read('src/check/index.ts')
    for (const { type } of frames.server) expect(readers, type).toMatch(new RegExp(`(case|frame.type !==) '${type}'`))
  })
})

describe('ids', () => {
  it('are UUIDv7, unique, and sort in the order they were made', () => {
    let now = 1_700_000_000_000.7
    const make = createIds(() => now)
    const ids = Array.from({ length: 5000 }, (_, index) => {
      if (index === 3000) now -= 60_000
      return make()
    })
    expect(new Set(ids).size).toBe(5000)
    expect([...ids].sort()).toEqual(ids)
    for (const id of ids) expect(id).toMatch(/^018bcfe[0-9a-f]-[0-9a-f]{4}-7[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/)
  })
})
