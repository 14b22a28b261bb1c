import { createRequire } from 'node:module'
import fastJsonPatch, { type Operation } from 'fast-json-patch'
import { describe, expect, it } from 'vitest'
import { applyPatch, PatchError, type JsonValue, type PatchOp } from '../src/index.js'
import { equal, freezeDeep } from '../src/patch.js'
import { naiveApply } from './naive.js'
import { seeded } from './rig.js'

interface Case {
  comment?: string
  doc: JsonValue
  patch: PatchOp[]
  expected?: JsonValue
  error?: string
  disabled?: boolean
}
const require = createRequire(import.meta.url)
const suite = [
  ...(require('json-patch-test-suite/tests.json') as Case[]),
  ...(require('json-patch-test-suite/spec_tests.json') as Case[]),
].filter((item) => item.doc !== undefined && !item.disabled)

describe('json-patch-test-suite 1.1.0', () => {
  it('has its cases', () => expect(suite.length).toBeGreaterThan(85))
  for (const [index, { comment, doc, patch, expected, error }] of suite.entries()) {
    it(`${index} ${comment ?? error ?? JSON.stringify(patch).slice(0, 60)}`, () => {
      const before = freezeDeep(structuredClone(doc))
      if (error !== undefined) expect(() => applyPatch(before, patch)).toThrow(PatchError)
      else expect(applyPatch(before, structuredClone(patch))).toEqual(expected ?? doc)
      expect(before).toEqual(doc)
    })
  }
})

describe('applyPatch', () => {
  const base = freezeDeep({ jobs: { a: { state: 'queued', tags: ['x'] }, b: { state: 'running' } }, n: 1 })

  it('shares what it does not touch and freezes what it makes', () => {
    const after = applyPatch(base, [{ op: 'add', path: '/jobs/a/tags/-', value: 'y' }]) as typeof base
    expect(after.jobs.b).toBe(base.jobs.b)
    expect(after.jobs.a).not.toBe(base.jobs.a)
    expect(base.jobs.a.tags).toEqual(['x'])
    expect(Object.isFrozen(after) && Object.isFrozen(after.jobs) && Object.isFrozen(after.jobs.a.tags)).toBe(true)
  })

  it('copies a value of the batch before it edits it', () => {
    const value = { state: 'queued' }
    const ops: PatchOp[] = [
      { op: 'add', path: '/jobs/c', value },
      { op: 'replace', path: '/jobs/c/state', value: 'running' },
    ]
    expect((applyPatch(base, ops) as { jobs: Record<string, unknown> }).jobs.c).toEqual({ state: 'running' })
    expect(value).toEqual({ state: 'queued' })
  })

  it('does not let a copy share what a later operation changes', () => {
    const ops: PatchOp[] = [
      { op: 'replace', path: '/jobs/a/state', value: 'x' },
      { op: 'copy', from: '/jobs/a', path: '/jobs/c' },
      { op: 'replace', path: '/jobs/a/state', value: 'y' },
    ]
    const after = applyPatch(base, ops) as { jobs: Record<string, { state: string }> }
    expect(after.jobs.a?.state).toBe('y')
    expect(after.jobs.c?.state).toBe('x')
  })

  it('leaves nothing behind when a batch fails', () => {
    const ops: PatchOp[] = [
      { op: 'replace', path: '/n', value: 2 },
      { op: 'remove', path: '/absent' },
    ]
    expect(() => applyPatch(base, ops)).toThrow(/remove \/absent/)
    expect(base.n).toBe(1)
  })

  for (const name of ['__proto__', 'constructor', 'prototype']) {
    it(`refuses ${name} in a path (security 3.11)`, () => {
      const value = { polluted: true }
      expect(() => applyPatch(base, [{ op: 'add', path: `/jobs/${name}`, value }])).toThrow('refused')
      expect(() => applyPatch(base, [{ op: 'add', path: `/${name}/x`, value }])).toThrow('refused')
      expect(() => applyPatch(base, [{ op: 'copy', from: `/${name}`, path: '/x' }])).toThrow('refused')
      expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
    })
  }

  it('keeps a __proto__ member of a value an ordinary member', () => {
    const value = JSON.parse('{"__proto__":{"polluted":true}}') as JsonValue
    const ops: PatchOp[] = [
      { op: 'add', path: '/jobs/c', value },
      { op: 'add', path: '/jobs/c/d', value: 1 },
    ]
    const after = applyPatch(base, ops) as { jobs: { c: { polluted?: boolean } } }
    expect(after.jobs.c.polluted).toBeUndefined()
    expect(Object.keys(after.jobs.c)).toEqual(['__proto__', 'd'])
  })

  it('freezes a tree of any depth (W0.2)', () => {
    let deep: JsonValue = 1
    for (let depth = 0; depth < 100_000; depth++) deep = [deep]
    expect(Object.isFrozen((freezeDeep(deep) as JsonValue[])[0])).toBe(true)
  })
})

describe('random documents and batches', () => {
  it('gives what a naive applier gives, and refuses what it refuses (5 000 seeds)', () => {
    let refused = 0
    for (let seed = 1; seed <= 5000; seed++) {
      const below = seeded(seed)
      const doc = freezeDeep(randomValue(below, 3))
      const ops = randomOps(below, doc, 1 + below(4))
      const before = structuredClone(doc)
      const expected = attempt(() => naiveApply(doc, ops))
      const mine = attempt(() => applyPatch(doc, structuredClone(ops)))
      const note = `seed ${seed} ${JSON.stringify({ doc, ops })}`
      expect(equal(doc, before), note).toBe(true)
      expect(mine, note).toEqual(expected)
      if (mine === undefined) refused++
      else assertFrozen(mine)
    }
    expect(refused).toBeGreaterThan(500)
    expect(refused).toBeLessThan(4500)
  })

  it('gives what fast-json-patch gives where both accept', () => {
    let both = 0
    for (let seed = 1; seed <= 3000; seed++) {
      const below = seeded(seed)
      const doc = freezeDeep({ a: randomValue(below, 3), b: randomValue(below, 2) })
      const ops = randomOps(below, doc, 1 + below(3)) as Operation[]
      const theirs = attempt(
        () => fastJsonPatch.applyPatch(structuredClone(doc), structuredClone(ops), true, true).newDocument,
      )
      const mine = attempt(() => applyPatch(doc, structuredClone(ops) as PatchOp[]))
      if (theirs === undefined || mine === undefined) continue
      both++
      expect(mine, `seed ${seed} ${JSON.stringify({ doc, ops })}`).toEqual(theirs)
    }
    expect(both).toBeGreaterThan(300)
  })
})

function attempt<T>(f: () => T): T | undefined {
  try {
    return f()
  } catch {
    return undefined
  }
}
const keys = ['a', 'b', 'c~1', '0', '1']
function randomValue(below: (n: number) => number, depth: number): JsonValue {
  const kind = below(depth > 0 ? 6 : 3)
  if (kind === 0) return below(10)
  if (kind === 1) return `s${below(5)}`
  if (kind === 2) return null
  if (kind === 3) return Array.from({ length: below(4) }, () => randomValue(below, depth - 1))
  return Object.fromEntries(
    keys.filter(() => below(2) === 0).map((key) => [key.replace('~1', '/'), randomValue(below, depth - 1)]),
  )
}
/** Mostly about members that are there, so that most batches go far. */
function randomOps(below: (n: number) => number, doc: JsonValue, count: number): PatchOp[] {
  const known = pointers(doc)
  const path = (): string => `${known[below(known.length)]}${below(3) ? '' : `/${keys[below(keys.length)]}`}`
  return Array.from({ length: count }, () => {
    const op = (['add', 'replace', 'remove', 'copy', 'move', 'add'] as const)[below(6)] as string
    if (op === 'copy' || op === 'move') return { op, from: path(), path: path() } as PatchOp
    return { op, path: path(), value: randomValue(below, 1) } as PatchOp
  })
}
function pointers(value: JsonValue, at = ''): string[] {
  if (typeof value !== 'object' || value === null) return [at]
  const children = Object.entries(value).flatMap(([key, child]) =>
    pointers(child as JsonValue, `${at}/${key.replace('/', '~1')}`),
  )
  return [at, ...children]
}
function assertFrozen(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  expect(Object.isFrozen(value)).toBe(true)
  for (const child of Object.values(value)) assertFrozen(child)
}
