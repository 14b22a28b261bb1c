/** Where the steps of a recipe stand: layers from left to right, each step right of all that it needs. Pure. */

/** What is to be placed. `needs` are ids of others. */
export interface GraphStep {
  readonly id: string
  readonly needs: readonly string[]
  /** It is done for each item of a list. */
  readonly isList?: boolean
}

/** A placed step: its layer from the left and its place in it from the top. */
export interface GraphNode {
  readonly id: string
  readonly layer: number
  readonly row: number
  readonly needs: readonly string[]
}

/** Sweeps that put steps near to what they hang on; more hardly ever help. */
const SWEEPS = 4

/** What a step of a recipe says about others. */
export interface RecipeStep {
  readonly id: string
  readonly needs?: readonly string[] | undefined
  readonly when?: string | undefined
  readonly args?: unknown
  readonly forEach?: unknown
}

/** The steps with all that they need: those that are named, and those that their templates look at. */
export function graphSteps(steps: readonly RecipeStep[]): GraphStep[] {
  const known = new Set(steps.map(({ id }) => id))
  return steps.map(({ id, needs = [], when = '', args, forEach }) => {
    const text = `${JSON.stringify([args, forEach])}${when}`
    const named = [...text.matchAll(/\$\{\s*steps\.([^.}]+)/g)].map((match) => match[1] ?? '')
    const all = [...new Set([...needs, ...named])].filter((need) => known.has(need) && need !== id)
    return { id, needs: all, ...(forEach !== undefined && { isList: true }) }
  })
}

/** Places the steps. A circle, which a server refuses, does no harm. */
export function layout(steps: readonly GraphStep[]): GraphNode[] {
  const layers = inLayers(steps, depths(steps))
  const after = followers(steps)
  const needs = new Map(steps.map((step) => [step.id, step.needs]))
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const rows = rowsOf(layers)
    const beside = sweep % 2 === 0 ? needs : after
    for (const layer of layers) sortByMean(layer, (id) => (beside.get(id) ?? []).map((other) => rows.get(other) ?? 0))
  }
  return layers.flatMap((layer, at) => layer.map((id, row) => ({ id, layer: at, row, needs: needs.get(id) ?? [] })))
}

/** The longest way to each step. */
function depths(steps: readonly GraphStep[]): Map<string, number> {
  const depth = new Map(steps.map(({ id }) => [id, 0]))
  for (let round = 0; round < steps.length; round += 1) {
    let changed = false
    for (const { id, needs } of steps) {
      const next = Math.min(steps.length - 1, Math.max(0, ...needs.map((need) => (depth.get(need) ?? -1) + 1)))
      changed ||= next !== depth.get(id)
      depth.set(id, next)
    }
    if (!changed) break
  }
  return depth
}

function inLayers(steps: readonly GraphStep[], depth: ReadonlyMap<string, number>): string[][] {
  const layers: string[][] = []
  for (const { id } of steps) (layers[depth.get(id) ?? 0] ??= []).push(id)
  // A circle can leave a hole.
  return layers.filter((layer) => layer !== undefined)
}

function followers(steps: readonly GraphStep[]): Map<string, string[]> {
  const after = new Map<string, string[]>(steps.map(({ id }) => [id, []]))
  for (const { id, needs } of steps) for (const need of needs) after.get(need)?.push(id)
  return after
}

function rowsOf(layers: readonly (readonly string[])[]): Map<string, number> {
  return new Map(layers.flatMap((layer) => layer.map((id, row): [string, number] => [id, row])))
}

/** Stable: what has no neighbours keeps its place. */
function sortByMean(layer: string[], rows: (id: string) => readonly number[]): void {
  const means = new Map(
    layer.map((id, at): [string, number] => {
      const near = rows(id)
      return [id, near.length === 0 ? at : near.reduce((sum, row) => sum + row, 0) / near.length]
    }),
  )
  layer.sort((a, b) => (means.get(a) ?? 0) - (means.get(b) ?? 0))
}

/** The step that an arrow key leads to; `undefined` when there is none. */
export function neighbour(nodes: readonly GraphNode[], id: string, key: string): string | undefined {
  const here = nodes.find((node) => node.id === id)
  if (here === undefined) return undefined
  const { layer, row } = here
  if (key === 'ArrowUp' || key === 'ArrowDown') {
    const next = row + (key === 'ArrowUp' ? -1 : 1)
    return nodes.find((node) => node.layer === layer && node.row === next)?.id
  }
  const step = key === 'ArrowLeft' ? -1 : key === 'ArrowRight' ? 1 : 0
  if (step === 0) return undefined
  const beside = nodes.filter((node) => node.layer === layer + step)
  // Along a line where there is one, else to what stands nearest.
  const linked = beside.filter((node) => (step < 0 ? here.needs.includes(node.id) : node.needs.includes(id)))
  const [first] = (linked.length > 0 ? linked : beside).toSorted((a, b) => Math.abs(a.row - row) - Math.abs(b.row - row))
  return first?.id
}
