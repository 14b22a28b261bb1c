/** Waits for facts, never for time. */

const WAIT_MS = 20_000
const LOOK_MS = 50

/**
 * Looks until `look` gives something; fails with `what` and the last error when it does not in time.
 * @template T
 * @param {string} what what is waited for, in words
 * @param {() => T | undefined | false | Promise<T | undefined | false>} look
 * @returns {Promise<T>}
 */
export async function until(what, look, ms = WAIT_MS) {
  const end = Date.now() + ms
  let last
  while (Date.now() < end) {
    try {
      const found = await look()
      if (found !== undefined && found !== false) return found
      last = undefined
    } catch (error) {
      last = error
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
  throw new Error(`waited ${ms} ms in vain: ${what}${last === undefined ? '' : ` (${last.message})`}`)
}
