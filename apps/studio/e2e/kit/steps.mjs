/** Runs named steps one after the other, prints a line for each, and keeps a picture of the page where one failed. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

const STEP_MS = 90_000

/** The course of one walk. */
export class Walk {
  #pictures
  /** What failed, in words. @type {string[]} */
  failures = []
  passed = 0

  /** @param {string} pictures where pictures of failures go */
  constructor(pictures) {
    this.#pictures = pictures
    mkdirSync(pictures, { recursive: true })
  }

  /** A picture of the page as it is now; the path of its file. */
  async picture({ page }, name) {
    const path = join(this.#pictures, `${name.replace(/[^a-z0-9]+/gi, '-')}.png`)
    await page.screenshot({ path, timeout: 5000 })
    return path
  }

  /** One step on one tab. A failure is told and counted; the walk goes on. */
  async step(name, tab, run) {
    const start = performance.now()
    try {
      await Promise.race([run(), outOfTime()])
      if (tab.complaints.length > 0) throw new Error(`the page complained:\n    ${tab.complaints.splice(0).join('\n    ')}`)
      this.passed += 1
      console.log(`  ✓ ${name} (${Math.round(performance.now() - start)} ms)`)
    } catch (error) {
      const picture = await this.picture(tab, name).catch(() => 'none')
      const failure = `  ✕ ${name}\n    ${String(error.stack ?? error).replaceAll('\n', '\n    ')}\n    picture: ${picture}`
      this.failures.push(failure)
      console.log(failure)
      tab.complaints.length = 0
    }
  }
}

function outOfTime() {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`the step took more than ${STEP_MS} ms`)), STEP_MS).unref()
  })
}
