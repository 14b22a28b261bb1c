/** A bulk in words, and what its form means. Pure. */
import type { BulkAction, BulkCount, BulkResult, BulkValues } from '@callboard/client/protocol'
import { formatCount, plural } from '../../lib/format'

/** What a person has put into the form; texts as they were typed. */
export interface BulkForm {
  readonly query: string
  readonly action: BulkAction
  readonly reason: string
  readonly queue: string
  readonly priority: string
  readonly add: string
  readonly remove: string
}

/** How an action is called: on the button, when it is done, and on the command line. */
export interface ActionWords {
  readonly verb: string
  readonly past: string
  readonly cli: string
}

/** Total over the actions. */
export const ACTIONS: Readonly<Record<BulkAction, ActionWords>> = {
  cancel: { verb: 'Cancel', past: 'cancelled', cli: 'cancel' },
  retry: { verb: 'Retry', past: 'retried', cli: 'retry' },
  delete: { verb: 'Delete', past: 'deleted', cli: 'rm' },
  move: { verb: 'Move', past: 'moved', cli: 'move' },
  reprioritise: { verb: 'Reprioritise', past: 'given the priority', cli: 'reprioritise' },
  tag: { verb: 'Tag', past: 'tagged', cli: 'tag' },
}

/** Why nothing is done to some, as the server names it. */
const SKIPPED: Readonly<Record<string, string>> = {
  finished: 'already finished',
  notFinished: 'not finished',
  running: 'running',
  stopping: 'stopping already',
  unchanged: 'so already',
  tooManyTags: 'with too many tags',
  bulk: 'such actions themselves',
  changed: 'changed meanwhile',
  unconfirmed: 'more than were confirmed',
}

/** More deleted jobs than this want their number typed (the server's own limit). */
export const UNCONFIRMED_MAX = 100

/** What goes with the action; what belongs to another is left out. */
export function valuesOf({ action, reason, queue, priority, add, remove }: BulkForm): BulkValues {
  switch (action) {
    case 'cancel':
      return reason.trim() === '' ? {} : { reason: reason.trim() }
    case 'move':
      return { queue: queue.trim() }
    case 'reprioritise':
      return { priority: Number(priority) }
    case 'tag':
      return { add: names(add), remove: names(remove) }
    case 'retry':
    case 'delete':
      return {}
  }
}

/** What is still missing before it can be counted; `undefined`: nothing. */
export function missing({ action, queue, priority, add, remove }: BulkForm): string | undefined {
  if (action === 'move' && queue.trim() === '') return 'Name the queue that they are to wait in.'
  if (action === 'reprioritise' && !/^-?\d+$/.test(priority.trim())) return 'Give the priority as a whole number; lower runs first.'
  if (action === 'tag' && names(add).length + names(remove).length === 0) return 'Name a tag to add or to remove.'
  return undefined
}

/** The same on a command line. */
export function commandLine(form: BulkForm): string {
  const { queue, priority, add, remove, reason } = valuesOf(form)
  const options = [
    queue === undefined ? '' : ` --queue ${shell(queue)}`,
    priority === undefined ? '' : ` --priority=${priority}`,
    add === undefined || add.length === 0 ? '' : ` --add ${shell(add.join(','))}`,
    remove === undefined || remove.length === 0 ? '' : ` --remove ${shell(remove.join(','))}`,
    reason === undefined ? '' : ` --reason ${shell(reason)}`,
  ]
  // There a word alone is the beginning of an id; in quotes it is a query.
  const query = /^[\w.-]+$/.test(form.query) ? `"${form.query}"` : form.query
  return `callboard ${ACTIONS[form.action].cli}${options.join('')} ${shell(query)}`
}

/** `38 already finished, 2 running`. */
export function skippedText(skipped: Readonly<Record<string, number>>): string {
  const known = Object.entries(skipped).filter(([, count]) => count > 0)
  return known.map(([reason, count]) => `${formatCount(count)} ${SKIPPED[reason] ?? reason}`).join(', ')
}

/** `Cancel 1 204 jobs`. */
export function buttonText(action: BulkAction, { eligible, cut }: BulkCount): string {
  return `${ACTIONS[action].verb} ${cut ? 'at least ' : ''}${plural(eligible, 'job')}`
}

/** What came of it. */
export function resultText(action: BulkAction, { done, failed }: BulkResult): string {
  const bad = failed === 0 ? '' : `; ${formatCount(failed)} refused`
  return `${plural(done, 'job')} ${ACTIONS[action].past}${bad}`
}

function names(text: string): string[] {
  return text.split(/[\s,]+/).filter((name) => name !== '')
}

function shell(text: string): string {
  return /^[\w.,:=/-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
