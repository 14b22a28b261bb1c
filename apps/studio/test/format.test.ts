import { describe, expect, it } from 'vitest'
import {
  formatAge,
  formatBytes,
  formatCount,
  formatDuration,
  formatEta,
  formatPercent,
  plural,
  shortId,
  titleOf,
} from '../src/lib/format'

describe('numbers for people', () => {
  it('percent never says 100 before the end, and survives what is no number (X3)', () => {
    expect([0, 0.58, 0.29, 0.999, 1, 1.2, -1, Number.NaN].map(formatPercent)).toEqual([
      '0%', '58%', '29%', '99%', '100%', '100%', '0%', '0%',
    ])
  })

  it('age in one unit', () => {
    expect([-5, 0, 999, 1000, 59_999, 60_000, 3_600_000, 172_800_000].map(formatAge)).toEqual([
      'now', 'now', 'now', '1s', '59s', '1m', '1h', '2d',
    ])
  })

  it('the remaining time never says 0:00', () => {
    expect([0, 400, 39_000, 39_001, 724_000, 3_723_000].map(formatEta)).toEqual([
      '0:01', '0:01', '0:39', '0:40', '12:04', '1:02:03',
    ])
  })

  it('duration', () => {
    expect([0, 820, 3200, 9999, 12_000, 72_000, 7_500_000, 90_000_000].map(formatDuration)).toEqual([
      '0 ms', '820 ms', '3.2 s', '9.9 s', '12 s', '1m 12s', '2h 5m', '1d 1h',
    ])
  })

  it('bytes in powers of 1000', () => {
    expect([0, 999, 1000, 4_200, 999_600, 18_000_000].map(formatBytes)).toEqual([
      '0 B', '999 B', '1.0 kB', '4.2 kB', '1.0 MB', '18 MB',
    ])
  })

  it('counts and nouns', () => {
    expect(formatCount(1_048_213)).toBe('1\u2009048\u2009213')
    expect([plural(1, 'job'), plural(0, 'job'), plural(2, 'job')]).toEqual(['1 job', '0 jobs', '2 jobs'])
  })

  it('a title that shows nothing gives way to the kind', () => {
    expect([' a ', '', ' \n\t', '\u00a0'].map((title) => titleOf({ title, kind: 'echo' }))).toEqual([' a ', 'echo', 'echo', 'echo'])
  })

  it('short ids tell neighbours apart', () => {
    expect(shortId('01a1fd6e-c764-77cc-be10-e7cf10dc1223')).toBe('10dc1223')
    expect(shortId('nightly')).toBe('nightly')
    expect(shortId('a-very-long-name-of-mine')).toBe('a-very-long…')
  })
})
