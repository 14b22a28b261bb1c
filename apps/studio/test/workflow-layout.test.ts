import { describe, expect, it } from 'vitest'
import { graphSteps, layout, neighbour, type GraphNode } from '../src/features/workflows/layout'

const at = (nodes: readonly GraphNode[]): string[] => nodes.map(({ id, layer, row }) => `${id} ${layer}.${row}`).toSorted()

describe('the graph of a recipe', () => {
  it('takes needs from names and from templates', () => {
    const steps = graphSteps([
      { id: 'a' },
      { id: 'b', args: { x: ['${steps.a.result.y}', '${ steps.a.state }'] } },
      { id: 'c', when: '${steps.b.result} > 1', needs: ['a', 'gone'] },
      { id: 'd', forEach: '${steps.c.result}' },
    ])
    expect(steps.map(({ needs }) => needs.join())).toEqual(['', 'a', 'a,b', 'c'])
    expect(steps.map(({ isList }) => isList)).toEqual([undefined, undefined, undefined, true])
  })

  it('puts each step right of all that it needs, whatever their order', () => {
    const nodes = layout([
      { id: 'end', needs: ['a', 'late'] },
      { id: 'late', needs: ['a'] },
      { id: 'a', needs: [] },
      { id: 'alone', needs: [] },
    ])
    expect(at(nodes)).toEqual(['a 0.0', 'alone 0.1', 'end 2.0', 'late 1.0'])
  })

  it('puts steps beside what they hang on, so that fewer lines cross', () => {
    const nodes = layout([
      { id: 'a', needs: [] },
      { id: 'b', needs: [] },
      { id: 'of-b', needs: ['b'] },
      { id: 'of-a', needs: ['a'] },
    ])
    const rows = new Map(nodes.map(({ id, row }) => [id, row]))
    expect([rows.get('of-a') === rows.get('a'), rows.get('of-b') === rows.get('b')]).toEqual([true, true])
  })

  it('ends with a circle, and with two hundred steps in time', () => {
    expect(layout([{ id: 'a', needs: ['b'] }, { id: 'b', needs: ['a'] }]).length).toBe(2)
    const many = Array.from({ length: 200 }, (_, n) => ({ id: `s${n}`, needs: n === 0 ? [] : [`s${n - 1}`] }))
    const nodes = layout(many)
    expect([nodes.length, nodes.find(({ id }) => id === 's199')?.layer]).toEqual([200, 199])
    expect(layout([])).toEqual([])
  })

  it('is walked with arrow keys: along lines, and up and down within a layer', () => {
    const nodes = layout([
      { id: 'a', needs: [] },
      { id: 'x', needs: ['a'] },
      { id: 'y', needs: ['a'] },
      { id: 'end', needs: ['y'] },
    ])
    expect(neighbour(nodes, 'a', 'ArrowRight')).toBe('x')
    expect(neighbour(nodes, 'x', 'ArrowDown')).toBe('y')
    expect(neighbour(nodes, 'y', 'ArrowUp')).toBe('x')
    expect(neighbour(nodes, 'end', 'ArrowLeft')).toBe('y')
    for (const [id, key] of [['a', 'ArrowLeft'], ['x', 'ArrowUp'], ['a', 'Enter'], ['nope', 'ArrowUp']] as const) {
      expect(neighbour(nodes, id, key)).toBeUndefined()
    }
  })
})
