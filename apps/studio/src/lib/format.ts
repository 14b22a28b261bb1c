/** Numbers and times as people read them. Pure: the present is an argument. */

const MINUTE = 60_000
const HOUR = 3_600_000
const DAY = 86_400_000

/** How long ago, in one unit: `now`, `12s`, `4m`, `3h`, `2d`. */
export function formatAge(ms: number): string {
  if (ms < 1000) return 'now'
  if (ms < MINUTE) return `${Math.floor(ms / 1000)}s`
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}m`
  if (ms < DAY) return `${Math.floor(ms / HOUR)}h`
  return `${Math.floor(ms / DAY)}d`
}

/** What is left: `0:39`, `12:04`, `1:02:03`. Rounded up, so that it never says 0:00 while work goes on. */
export function formatEta(ms: number): string {
  const total = Math.max(1, Math.ceil(ms / 1000))
  const seconds = String(total % 60).padStart(2, '0')
  const minutes = Math.floor(total / 60) % 60
  const hours = Math.floor(total / 3600)
  if (hours === 0) return `${minutes}:${seconds}`
  return `${hours}:${String(minutes).padStart(2, '0')}:${seconds}`
}

/** How long something took: `820 ms`, `3.2 s`, `1m 12s`, `2h 5m`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`
  if (ms < 10_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`
  if (ms < MINUTE) return `${Math.floor(ms / 1000)} s`
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}m ${Math.floor((ms % MINUTE) / 1000)}s`
  if (ms < DAY) return `${Math.floor(ms / HOUR)}h ${Math.floor((ms % HOUR) / MINUTE)}m`
  return `${Math.floor(ms / DAY)}d ${Math.floor((ms % DAY) / HOUR)}h`
}

/** `0..1` as `59%`; rounded down, so that 100% means done. */
export function formatPercent(value: number): string {
  return `${Math.floor(clampFraction(value) * 100 + 1e-9)}%`
}

/** A fraction that is safe to draw; what is no number is 0 (X3). */
export function clampFraction(value: number): number {
  return Number.isFinite(value) ? Math.min(1, Math.max(0, value)) : 0
}

/** `512 B`, `4.2 kB`, `18 MB`: powers of 1000, as disks count. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  const digits = unit === 0 || value >= 10 ? 0 : 1
  return `${value.toFixed(digits)} ${units[unit] ?? ''}`
}

/** Digits in groups of three with thin blanks: `48 213`. */
export function formatCount(count: number): string {
  return String(Math.trunc(count)).replace(/\B(?=(\d{3})+$)/g, '\u2009')
}

/** `1 job`, `3 jobs`. */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** Local time of day: `12:04:31.220`, or `12:04:31` without milliseconds. */
export function formatClock(time: number, milliseconds = true): string {
  const date = new Date(time)
  if (Number.isNaN(date.getTime())) return '--:--:--'
  const two = (value: number): string => String(value).padStart(2, '0')
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
  return milliseconds ? `${clock}.${String(date.getMilliseconds()).padStart(3, '0')}` : clock
}

/** Local date and time: `2026-11-21 12:04:31`. */
export function formatMoment(time: number): string {
  const date = new Date(time)
  if (Number.isNaN(date.getTime())) return 'unknown'
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${formatClock(time, false)}`
}

/** A short form of an id: the end of a UUID (its start is the time, alike for neighbours), else its beginning. */
export function shortId(id: string): string {
  if (/^[0-9a-f]{8}-[0-9a-f]{4}-/i.test(id)) return id.slice(-8)
  return id.length > 12 ? `${id.slice(0, 11)}…` : id
}

/** The title of a job or of what it left; its kind where the title has nothing to see, so that there is always something to click. */
export function titleOf({ title, kind }: { readonly title: string; readonly kind: string }): string {
  return title.trim() === '' ? kind : title
}
