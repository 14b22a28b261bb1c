/** The board's tab and filter in the language of queries. Pure. */
import type { StateTab } from '../../lib/states'

/** What the board shows, as a query: its tab and the words of its filter. */
export function queryOf(tab: StateTab, words: string): string {
  const states = tab.name === 'all' ? '' : `state:${tab.states.join(',')}`
  const terms = words.split(/\s+/).filter((word) => word !== '')
  return [states, ...terms.map((word) => (/^[\w.]+$/.test(word) ? word : quoted(word)))].filter((term) => term !== '').join(' ')
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}
