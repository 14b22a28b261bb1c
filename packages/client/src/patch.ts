/**
 * RFC 6902, copy-on-write: a batch copies each container it touches once, shares the rest, and freezes its copies at
 * the end. A batch that fails leaves nothing behind, because its copies are dropped. Values in operations are taken
 * over and frozen.
 */
import { BucketMap } from './buckets.js'
import type { JsonValue, PatchOp } from './protocol/index.js'

/** Why a batch cannot be applied. The document is unchanged. */
export class PatchError extends Error {}

type Members = Record<string, unknown>
type Container = unknown[] | Members | BucketMap<unknown>

/** Applies all operations or throws a `PatchError`. The result is deeply frozen if `document` is. */
export function applyPatch(document: JsonValue, ops: readonly PatchOp[]): JsonValue {
  return patched(document, ops) as JsonValue
}

/** The same for a document that holds bucket maps. */
export function patched(document: unknown, ops: readonly PatchOp[]): unknown {
  const draft = new Draft(document)
  for (const op of ops) {
    try {
      draft.apply(op)
    } catch (error) {
      throw new PatchError(`${op.op} ${op.path}: ${error}`)
    }
  }
  return draft.finish()
}

class Draft {
  /** The document is its only member, so that the whole is a member like any other. */
  readonly #root: Members
  readonly #own: Set<Container>

  constructor(document: unknown) {
    this.#root = { '': document }
    this.#own = new Set([this.#root])
  }

  apply(op: PatchOp): void {
    const path = segments(op.path)
    switch (op.op) {
      case 'add':
        return this.#add(path, taken(op.value))
      case 'replace':
        this.#read(path)
        return write(this.#parent(path), path.at(-1) as string, taken(op.value))
      case 'remove':
        return this.#remove(path)
      case 'test':
        if (!equal(plain(this.#read(path)), taken(op.value))) fail('refused')
        return
      case 'copy':
      case 'move': {
        const from = segments(op.from)
        const value = freezeDeep(plain(this.#read(from)))
        if (op.op === 'move') {
          if (op.path.startsWith(`${op.from}/`)) fail('refused')
          this.#remove(from)
        }
        return this.#add(path, value)
      }
      default:
        fail('refused')
    }
  }

  finish(): unknown {
    for (const container of this.#own) Object.freeze(container)
    return this.#root['']
  }

  #read(path: readonly string[]): unknown {
    let value: unknown = this.#root
    for (const key of path) value = member(value, key)
    return value
  }

  /** The container of the path's last member, copied and writable. */
  #parent(path: readonly string[]): Container {
    let node: Container = this.#root
    for (const key of path.slice(0, -1)) {
      const child = this.#copied(member(node, key))
      write(node, key, child)
      node = child
    }
    return node
  }

  #copied(value: unknown): Container {
    const node = container(value)
    if (this.#own.has(node)) return node
    const copy = node instanceof BucketMap ? node.edit() : Array.isArray(node) ? node.slice() : { ...node }
    this.#own.add(copy)
    return copy
  }

  #add(path: readonly string[], value: unknown): void {
    const node = this.#parent(path)
    const key = path.at(-1) as string
    if (Array.isArray(node)) node.splice(position(node, key, node.length), 0, value)
    else write(node, key, value)
  }

  #remove(path: readonly string[]): void {
    const node = this.#parent(path)
    const key = path.at(-1) as string
    member(node, key)
    if (Array.isArray(node)) node.splice(Number(key), 1)
    else if (node instanceof BucketMap) node.delete(key)
    else delete node[key]
  }
}

/** The unescaped members of a JSON pointer; the first one is empty and stands for the document. */
function segments(pointer: string): string[] {
  if (!/^(\/(?!(__proto__|constructor|prototype)(\/|$))([^~/]|~[01])*)*$/.test(pointer)) fail('refused')
  return pointer.split('/').map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function container(value: unknown): Container {
  if (Object(value) !== value) fail('no such member')
  return value as Container
}

function member(value: unknown, key: string): unknown {
  const node = container(value)
  if (Array.isArray(node)) return node[position(node, key, node.length - 1)]
  const isMap = node instanceof BucketMap
  if (!(isMap ? node.has(key) : Object.hasOwn(node, key))) fail('no such member')
  return isMap ? node.get(key) : node[key]
}

/** Sets a member that a check has allowed. */
function write(node: Container, key: string, value: unknown): void {
  if (node instanceof BucketMap) node.set(key, value)
  else (node as Members)[key] = value
}

function position(array: readonly unknown[], key: string, max: number): number {
  if (key === '-' && max === array.length) return max
  // Digits without a sign or zeros before them.
  const index = Number(key)
  return `${index >>> 0}` === key && index <= max ? index : fail('no such member')
}

function taken(value: unknown): unknown {
  return freezeDeep(value === undefined ? fail('refused') : value)
}

function fail(message: string): never {
  throw message
}

/** A copy that shares nothing, and has objects for bucket maps. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

/** Freezes a tree of our own, without recursion (W0.2). What is frozen already is taken as frozen to the bottom. */
export function freezeDeep<T>(value: T): T {
  const open: unknown[] = [value]
  while (open.length) {
    const node = open.pop()
    // Also true of what is no object.
    if (Object.isFrozen(node)) continue
    for (const child of Object.values(Object.freeze(node) as object)) open.push(child)
  }
  return value
}

/** Equality of JSON; the order of members does not matter. */
export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (Object(a) !== a || Object(b) !== b || Array.isArray(a) !== Array.isArray(b)) return false
  const keys = Object.keys(a as Members)
  const isSame = (key: string): boolean =>
    Object.hasOwn(b as Members, key) && equal((a as Members)[key], (b as Members)[key])
  return keys.length === Object.keys(b as Members).length && keys.every(isSame)
}
