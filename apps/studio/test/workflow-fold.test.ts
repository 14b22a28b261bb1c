import { describe, expect, it } from 'vitest'
import { foldGraph, ITEMS_DRAWN, worst, type FoldStep } from '../src/features/workflows/fold'
import { layout } from '../src/features/workflows/layout'

const none: ReadonlySet<string> = new Set()
const brief = (steps: readonly FoldStep[], open: ReadonlySet<string> = none): string[] =>
  foldGraph(steps, open).map(({ id, kind, label, count, needs }) => `${kind} ${id} "${label}" ${count ?? 1} <- ${needs.join()}`)

/** `fetch`, then `count` alike, then `end`. */
function fan(count: number): FoldStep[] {
  const alike = Array.from({ length: count }, (_, n): FoldStep => ({ id: `encode-${n}`, needs: ['fetch'] }))
  return [{ id: 'fetch', needs: [] }, ...alike, { id: 'end', needs: alike.map(({ id }) => id) }]
}

describe('the folds of a graph', () => {
  it('leaves a few steps as they are', () => {
    expect(foldGraph(fan(8), none).length).toBe(10)
  })

  it('makes one node of more than eight steps with the same neighbours, and lines lead to it', () => {
    expect(brief(fan(9))).toEqual(['step fetch "fetch" 1 <- ', 'group ~encode-0 "encode" 9 <- fetch', 'step end "end" 1 <- ~encode-0'])
  })

  it('unfolds what is asked for, and says where it is folded again', () => {
    const units = foldGraph(fan(9), new Set(['~encode-0']))
    expect(units.length).toBe(11)
    expect(units.filter(({ fold }) => fold === '~encode-0').length).toBe(9)
    expect(units.filter(({ isToggle }) => isToggle).map(({ id }) => id)).toEqual(['encode-0'])
    expect(units.at(-1)?.needs.length).toBe(9)
  })

  it('draws a list as one node with the number of its items, and unfolded as its items', () => {
    const steps: FoldStep[] = [{ id: 'split', needs: [], items: 3 }, { id: 'sum', needs: ['split'] }]
    expect(brief(steps)).toEqual(['step split "split" 3 <- ', 'step sum "sum" 1 <- split'])
    expect(brief(steps, new Set(['split']))).toEqual([
      'item split:0 "split 0" 1 <- ',
      'item split:1 "split 1" 1 <- ',
      'item split:2 "split 2" 1 <- ',
      'step sum "sum" 1 <- split:0,split:1,split:2',
    ])
  })

  it('does not fold a list among steps that stand beside it', () => {
    const steps = [...fan(9), { id: 'each', needs: ['fetch'], isList: true }]
    const ends = steps.map((step) => (step.id === 'end' ? { ...step, needs: [...step.needs, 'each'] } : step))
    expect(brief(ends)).toEqual([
      'step fetch "fetch" 1 <- ',
      'group ~encode-0 "encode" 9 <- fetch',
      'step end "end" 1 <- ~encode-0,each',
      'step each "each" 1 <- fetch',
    ])
  })

  it('draws the first of very many items, and counts the others', () => {
    const units = foldGraph([{ id: 'split', needs: [], items: 10_000 }], new Set(['split']))
    expect([units.length, units.at(-1)?.kind, units.at(-1)?.count]).toEqual([ITEMS_DRAWN + 1, 'rest', 10_000 - ITEMS_DRAWN])
  })

  it('is placed in time with three hundred nodes, folded or not', () => {
    expect(brief(fan(298)).length).toBe(3)
    const nodes = layout(foldGraph(fan(298), new Set(['~encode-0'])))
    expect([nodes.length, Math.max(...nodes.map(({ row }) => row))]).toEqual([300, 297])
  })

  it('takes names without a common beginning, and no steps at all', () => {
    const names = 'abcdefghij'.split('').map((id): FoldStep => ({ id, needs: [] }))
    expect(foldGraph(names, none).map(({ label }) => label)).toEqual(['a…'])
    expect(foldGraph([], none)).toEqual([])
  })
})

describe('the state of several', () => {
  it('is that which asks for attention', () => {
    expect(worst(['succeeded', 'running', 'failed'])).toBe('failed')
    expect(worst(['succeeded', 'waiting', 'running'])).toBe('running')
    expect(worst(['succeeded', 'skipped'])).toBe('succeeded')
    expect(worst([])).toBe('waiting')
  })
})
