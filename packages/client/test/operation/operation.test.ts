import { describe, expect, it } from 'vitest'
import {
  createAction,
  createAsyncOperation,
  createCancelledOperation,
  createErrorOperation,
  createOperationReducer,
  createPendingOperation,
  createSelector,
  createSuccessOperation,
  duration,
  isCancelled,
  isError,
  isIdle,
  isLoading,
  isSuccess,
  isTerminal,
  updateOperationState,
  type AsyncOperation,
} from '../../src/operation/index.js'

const all: Record<AsyncOperation['state'], AsyncOperation<number>> = {
  idle: createAsyncOperation(),
  pending: createPendingOperation(10),
  success: createSuccessOperation(1, 20),
  error: createErrorOperation('e', 20),
  cancelled: createCancelledOperation(20),
}

describe('AsyncOperation (S1.19)', () => {
  it('is frozen, and says what it is', () => {
    const questions = { isIdle, isLoading, isSuccess, isError, isCancelled, isTerminal }
    const answers = Object.entries(all).map(([name, operation]) => {
      expect(Object.isFrozen(operation), name).toBe(true)
      return [name, ...Object.entries(questions).flatMap(([question, f]) => (f(operation) ? [question] : []))]
    })
    expect(answers).toEqual([
      ['idle', 'isIdle'],
      ['pending', 'isLoading'],
      ['success', 'isSuccess', 'isTerminal'],
      ['error', 'isError', 'isTerminal'],
      ['cancelled', 'isCancelled', 'isTerminal'],
    ])
  })

  it.each([
    ['idle', { state: 'idle' }, { state: 'idle' }],
    ['success', { state: 'idle' }, { state: 'idle' }],
    ['idle', { state: 'pending' }, { state: 'pending', startTime: 99 }],
    ['pending', { state: 'pending' }, { state: 'pending', startTime: 10 }],
    ['success', { state: 'pending' }, { state: 'pending', startTime: 99 }],
    ['error', { state: 'pending' }, { state: 'pending', startTime: 99 }],
    ['pending', { state: 'success', data: 2 }, { state: 'success', startTime: 10, endTime: 99, data: 2 }],
    ['error', { state: 'success', data: 2 }, { state: 'success', endTime: 99, data: 2 }],
    ['pending', { state: 'error', error: 'x' }, { state: 'error', startTime: 10, endTime: 99, error: 'x' }],
    ['success', { state: 'error', error: 'x' }, { state: 'error', endTime: 99, error: 'x' }],
    ['pending', { state: 'cancelled' }, { state: 'cancelled', startTime: 10, endTime: 99 }],
    ['success', { state: 'cancelled' }, { state: 'cancelled', endTime: 99, data: 1 }],
  ] as const)('%s and %o', (from, change, to) => {
    expect(updateOperationState(all[from], change, 99)).toStrictEqual(to)
  })

  it('knows how long it took', () => {
    expect(duration(all.idle, 5)).toBeUndefined()
    expect(duration(all.pending, 15)).toBe(5)
    expect(duration(updateOperationState(all.pending, { state: 'cancelled' }, 40), 1000)).toBe(30)
  })
})

describe('actions (S1.20)', () => {
  const reduce = createOperationReducer<number>('load')
  const act = (type: string, payload?: unknown) => ({ ...createAction(type, payload), timestamp: 50 })

  it('have a time and join by a cause', () => {
    const action = createAction('load/pending', { a: 1 }, 'c1')
    expect(action).toMatchObject({ type: 'load/pending', payload: { a: 1 }, correlationId: 'c1' })
    expect(typeof action.timestamp).toBe('number')
    expect(createAction('x', 1)).not.toHaveProperty('correlationId')
  })

  it('move the operation by their suffix', () => {
    const pending = reduce(all.idle, act('load/pending'))
    expect(pending).toEqual({ state: 'pending', startTime: 50 })
    expect(reduce(pending, act('load/fulfilled', 3))).toMatchObject({ state: 'success', data: 3 })
    expect(reduce(pending, act('load/rejected', 'no'))).toMatchObject({ state: 'error', error: 'no' })
    expect(reduce(pending, act('load/cancelled'))).toMatchObject({ state: 'cancelled' })
  })

  it('that are of others, or unknown, give the same object', () => {
    for (const type of ['save/pending', 'load/done', 'load', '/pending', 'pending']) {
      expect(reduce(all.success, act(type)), type).toBe(all.success)
    }
    expect(createOperationReducer<number>()(all.idle, act('any/thing/pending'))).toMatchObject({ state: 'pending' })
  })
})

describe('createSelector (S1.21)', () => {
  it('selects when the state is another object, and keeps a result that is equal', () => {
    let calls = 0
    const even = createSelector(
      (state: { readonly list: readonly number[] }) => (calls++, state.list.filter((item) => item % 2 === 0)),
      (a, b) => a.length === b.length && a.every((item, index) => item === b[index]),
    )
    const state = { list: [1, 2] }
    const first = even(state)
    expect([even(state), even({ list: [2, 3] }), even({ list: [4] })]).toEqual([[2], [2], [4]])
    expect(even(state)).toEqual(first)
    expect(calls).toBe(4)
    const same = createSelector((state: { readonly list: readonly number[] }) => state.list.length)
    expect([same({ list: [1] }), same({ list: [2] })]).toEqual([1, 1])
    const list = even({ list: [6] })
    expect(even({ list: [6, 7] })).toBe(list)
  })
})
