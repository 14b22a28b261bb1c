/** The kinds of jobs that this board can run. */
import type { JsonObject } from '@callboard/client'

/** One kind, as `GET api/kinds` lists it. */
export interface Kind {
  readonly kind: string
  readonly title: string
  readonly description: string
  /** Arguments that work as they are. */
  readonly example: JsonObject
  /** Whether it is offered to somebody who is here for the first time. */
  readonly firstRun: boolean
}

/** A text argument of an example, or a default. */
export function exampleText(kind: Kind, key: string, otherwise: string): string {
  const value = kind.example[key]
  return typeof value === 'string' ? value : otherwise
}

/** A number argument of an example, or a default. */
export function exampleNumber(kind: Kind, key: string, otherwise: number): number {
  const value = kind.example[key]
  return typeof value === 'number' ? value : otherwise
}

/** An array of texts of an example, or a default. */
export function exampleTexts(kind: Kind, key: string, otherwise: readonly string[]): readonly string[] {
  const value = kind.example[key]
  if (!Array.isArray(value)) return otherwise
  return value.filter((item): item is string => typeof item === 'string')
}
