import type { JsonValue, PatchOp } from '../src/index.js'

type Node = Record<string, unknown>

/** RFC 6902 the plain way: copy everything, change in place, throw at anything odd. */
export function naiveApply(document: JsonValue, ops: readonly PatchOp[]): JsonValue {
  const holder: Node = { '': structuredClone(document) }
  for (const op of ops) applyOne(holder, structuredClone(op))
  return holder[''] as JsonValue
}

function applyOne(holder: Node, op: PatchOp): void {
  const [node, key] = locate(holder, op.path)
  switch (op.op) {
    case 'add':
      return insert(node, key, op.value)
    case 'replace':
      read(node, key)
      node[key] = op.value
      return
    case 'remove':
      return remove(node, key)
    case 'copy':
      return insert(node, key, structuredClone(read(...locate(holder, op.from))))
    case 'move': {
      const [source, name] = locate(holder, op.from)
      const value = read(source, name)
      if (op.from === op.path) return
      if (op.path.startsWith(`${op.from}/`)) throw new Error('into itself')
      remove(source, name)
      return insert(...locate(holder, op.path), value)
    }
    default:
      throw new Error('not used here')
  }
}

function locate(holder: Node, path: string): [Node, string] {
  const keys = path.split('/').map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
  const last = keys.pop() as string
  let node: unknown = holder
  for (const key of keys) node = read(node as Node, key)
  if (typeof node !== 'object' || node === null) throw new Error('no container')
  return [node as Node, last]
}

function read(node: Node, key: string): unknown {
  if (typeof node !== 'object' || node === null || !Object.hasOwn(node, key)) throw new Error('absent')
  if (Array.isArray(node) && key === 'length') throw new Error('no member')
  return node[key]
}

function insert(node: Node, key: string, value: unknown): void {
  if (!Array.isArray(node)) node[key] = value
  else if (key === '-') node.push(value)
  else if (/^(0|[1-9]\d*)$/.test(key) && Number(key) <= node.length) node.splice(Number(key), 0, value)
  else throw new Error('no index')
}

function remove(node: Node, key: string): void {
  read(node, key)
  if (Array.isArray(node)) node.splice(Number(key), 1)
  else delete node[key]
}
