import type { JsonValue } from '../protocol/index.js'

/**
 * What a subscription to these paths has of a document, as the server selects: containers on the way are there with nothing
 * but the selected in them, and what is no object on the way shows as `null`.
 */
export function selected(document: JsonValue, paths: readonly string[]): JsonValue {
  const segments = (path: string): string[] =>
    path.split('/').slice(1).map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
  return cut(document, paths.map(segments))
}

function cut(value: JsonValue, branches: readonly (readonly string[])[]): JsonValue {
  if (branches.some((branch) => !branch.length)) return value
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  const kept: Record<string, JsonValue> = {}
  for (const [key, child] of Object.entries(value)) {
    const below = branches.filter(([head]) => head === '*' || head === key).map(([, ...rest]) => rest)
    if (below.length) kept[key] = cut(child, below)
  }
  return kept
}
