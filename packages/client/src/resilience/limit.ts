/** Refuses a value, and says what would do. */
export function check(isSound: boolean, name: string, value: unknown, wanted: string): void {
  if (!isSound) throw new RangeError(`${name} is ${value}, not ${wanted}`)
}

/** A limit as it was given, `otherwise` when it was not: a whole number from 0, or without end. */
export function limit(name: string, value: number | undefined, otherwise: number): number {
  const given = value ?? otherwise
  check(given >= 0 && !(given % 1), name, given, 'a whole number from 0')
  return given
}
