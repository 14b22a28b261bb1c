import { describe, expect, it } from 'vitest'
import { applyPatch, type JsonValue } from '../src/index.js'
import { changesBetween, diff, stateAt } from '../src/history/index.js'
import { job, rig, seeded } from './rig.js'

const past: Record<number, JsonValue> = {
  3: { meta: { n: 1 }, jobs: { a: job('a') as never }, results: {} },
  7: { meta: { n: 2, 'x/~y': [1] }, jobs: { b: job('b') as never }, results: {} },
}
/** A server that knows these versions, or one that knows no past at all. */
function board(knowsPast = true): ReturnType<typeof rig>['client'] {
  const fetch = async (url: string): Promise<Response> => {
    const version = knowsPast ? Number(new URL(url).searchParams.get('at')) : 9
    const data = past[version]
    if (knowsPast && !data) return Response.json({ code: 'not_found', message: 'forgotten', retryable: false }, { status: 404 })
    return Response.json({ epoch: 'e1', version, data: data ?? {} })
  }
  return rig({ fetch: fetch as typeof globalThis.fetch }).client
}

describe('time travel', () => {
  it('reads the state as it was, frozen, and leaves the present alone', async () => {
    const client = board()
    const then = await stateAt(client, 3)
    expect([then.position, then.state, then.jobs.ids(), then.results.size]).toEqual([
      { epoch: 'e1', version: 3 },
      { meta: { n: 1 } },
      ['a'],
      0,
    ])
    expect(Object.isFrozen(then) && Object.isFrozen(then.state['meta'])).toBe(true)
    expect(client.position.get()).toBeUndefined()
  })

  it('says what is not to be had', async () => {
    await expect(stateAt(board(), 4)).rejects.toMatchObject({ code: 'not_found' })
    await expect(stateAt(board(false), 3)).rejects.toMatchObject({ code: 'unsupported' })
    for (const version of [-1, 1.5, NaN]) await expect(stateAt(board(), version)).rejects.toMatchObject({ code: 'invalid_args' })
  })

  it('tells what lies between two versions, forwards and backwards', async () => {
    for (const [from, to] of [[3, 7], [7, 3]] as const) {
      const ops = await diff(board(), from, to)
      expect(applyPatch(past[from] as JsonValue, ops)).toEqual(past[to])
    }
    expect(await diff(board(), 3, 3)).toEqual([])
  })

  it('finds operations that lead there, for any two documents (2 000 seeds)', () => {
    for (let seed = 1; seed <= 2000; seed++) {
      const below = seeded(seed)
      const any = (depth: number): JsonValue => {
        const kind = below(depth ? 6 : 4)
        if (kind < 2) return below(3)
        if (kind === 2) return null
        if (kind === 3) return [below(2)]
        return Object.fromEntries(Array.from({ length: below(4) }, () => [['a', 'b/c', '~d', ''][below(4)], any(depth - 1)]))
      }
      const [before, after] = [any(3), any(3)]
      expect(applyPatch(before, changesBetween(before, after)), `seed ${seed}`).toEqual(after)
    }
  })
})
