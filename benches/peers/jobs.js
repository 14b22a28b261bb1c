// The same jobs and the same beats as in the board's helper: groups of jobs that report in step, one after the other.

const [groups, size, periodMs] = process.argv.slice(2).map(Number)
const STEPS = 1_000_000

const at = new Date().toISOString()
const ids = Array.from({ length: groups * size }, () => crypto.randomUUID())

export const state = {
  version: 0,
  jobs: Object.fromEntries(
    ids.map((id) => [
      id,
      {
        id,
        kind: 'bench.pulse',
        state: 'running',
        attempt: 1,
        createdAt: at,
        startedAt: at,
        args: { offsetUs: 0, periodMs },
        progress: { value: 0, message: 'beat 0', step: 0, steps: STEPS },
      },
    ]),
  ),
}

/** Calls back for each beat of each group with the jobs that report, and what they report. */
export function beat(report) {
  const start = performance.now()
  for (let group = 0; group < groups; group++) {
    const mine = ids.slice(group * size, (group + 1) * size)
    let step = 0
    const next = () => {
      step++
      report(mine, { value: step / STEPS, message: `beat ${step}`, step, steps: STEPS })
      setTimeout(next, start + (step + group / groups) * periodMs - performance.now())
    }
    setTimeout(next, (group / groups) * periodMs)
  }
}
