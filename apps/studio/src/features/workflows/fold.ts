/** What of a recipe is drawn: steps alike stand folded into one node, lists stand as one node until they are unfolded. Pure. */
import type { RunState } from '../../lib/states'
import type { GraphStep } from './layout'

/** A step as it may be folded; `items` of a step with a list, once they are known. */
export interface FoldStep extends GraphStep {
  readonly items?: number | undefined
}

/** A node of the graph. */
export interface GraphUnit extends GraphStep {
  /** `rest`: the items of a list that are not drawn. */
  readonly kind: 'step' | 'group' | 'item' | 'rest'
  readonly label: string
  /** The steps that it stands for. */
  readonly members: readonly string[]
  readonly item?: number
  /** Things that it stands for, where it is more than one. */
  readonly count?: number
  /** What unfolds it, or folds it again. */
  readonly fold?: string
  /** Whether that is shown here: at the first of those that are unfolded. */
  readonly isToggle?: boolean
}

/** More steps with the same neighbours than this stand folded at first. */
const SIBLINGS_MAX = 8
/** Items of a list that are drawn. */
export const ITEMS_DRAWN = 48

/** The nodes, of which those named in `open` are unfolded. */
export function foldGraph(steps: readonly FoldStep[], open: ReadonlySet<string>): GraphUnit[] {
  const places = new Map<string, GraphUnit[]>()
  for (const group of siblings(steps)) {
    const [first] = group
    if (first === undefined) continue
    const key = group.length > SIBLINGS_MAX ? `~${first.id}` : undefined
    if (key !== undefined && !open.has(key)) {
      const unit = groupUnit(key, group)
      for (const { id } of group) places.set(id, [unit])
    } else {
      for (const step of group) places.set(step.id, stepUnits(step, open, key, step === first))
    }
  }
  const units = new Set(steps.flatMap(({ id }) => places.get(id) ?? []))
  const needed = (need: string): string[] => (places.get(need) ?? []).map(({ id }) => id)
  return [...units].map((unit) => ({ ...unit, needs: [...new Set(unit.needs.flatMap(needed))] }))
}

/** Steps that need the same and are needed by the same, in the order of the recipe. A list folds by itself. */
function siblings(steps: readonly FoldStep[]): readonly FoldStep[][] {
  const after = new Map<string, string[]>()
  for (const { id, needs } of steps) for (const need of needs) after.set(need, [...(after.get(need) ?? []), id])
  const groups = new Map<string, FoldStep[]>()
  for (const step of steps) {
    const key = JSON.stringify([step.needs.toSorted(), after.get(step.id), step.isList === true && step.id])
    groups.set(key, [...(groups.get(key) ?? []), step])
  }
  return [...groups.values()]
}

function groupUnit(key: string, group: readonly FoldStep[]): GraphUnit {
  const members = group.map(({ id }) => id)
  const label = commonStart(members) || `${members[0]}…`
  return { id: key, kind: 'group', label, members, count: group.length, needs: group[0]?.needs ?? [], fold: key, isToggle: true }
}

function stepUnits(step: FoldStep, open: ReadonlySet<string>, group: string | undefined, isFirst: boolean): GraphUnit[] {
  const { id, needs, items = 0 } = step
  const unit: GraphUnit = { id, kind: 'step', label: id, members: [id], needs }
  if (items === 0) return [group === undefined ? unit : { ...unit, fold: group, isToggle: isFirst }]
  if (!open.has(id)) return [{ ...unit, count: items, fold: id, isToggle: true }]
  const drawn = Array.from({ length: Math.min(items, ITEMS_DRAWN) }, (_, item): GraphUnit => {
    return { ...unit, id: `${id}:${item}`, kind: 'item', label: `${id} ${item}`, item, fold: id, isToggle: item === 0 }
  })
  const count = items - drawn.length
  return count === 0 ? drawn : [...drawn, { ...unit, id: `${id}:rest`, kind: 'rest', label: `${id}, more`, count, fold: id }]
}

/** `encode` of `encode-1` and `encode-2`; empty when they share no beginning. */
function commonStart(names: readonly string[]): string {
  const [first = ''] = names
  let end = first.length
  while (!names.every((name) => name.startsWith(first.slice(0, end)))) end -= 1
  return first.slice(0, end).replace(/[-_\d]+$/, '')
}

/** What is said of several: the first of these that one of them is. */
const WORST: readonly RunState[] = ['failed', 'running', 'retrying', 'stopping', 'compensating', 'waiting', 'pending', 'scheduled', 'queued', 'cancelled', 'succeeded', 'skipped']

/** The state of several together. */
export function worst(states: Iterable<RunState>): RunState {
  const all = new Set(states)
  return WORST.find((state) => all.has(state)) ?? 'waiting'
}
