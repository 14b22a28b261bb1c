/**
 * The checksum of a document, the same in every language: FNV-1a over the UTF-16 units of its canonical text, in which members
 * are in the order of their names and everything is written as `JSON.stringify` does. Vectors are in spec/check.json.
 */
export function checksum(document: unknown): number {
  let sum = 0x811c9dc5
  const add = (text: string): void => {
    for (let index = 0; index < text.length; index++) sum = Math.imul(sum ^ text.charCodeAt(index), 0x01000193)
  }
  const node = (value: unknown): void => {
    if (Array.isArray(value)) list('[', value, node, ']')
    else if (Object(value) === value) {
      const members = value as Record<string, unknown>
      const member = (key: string): void => {
        add(`${JSON.stringify(key)}:`)
        node(members[key])
      }
      list('{', Object.keys(members).sort(), member, '}')
    } else add(JSON.stringify(value))
  }
  const list = <T>(open: string, items: readonly T[], each: (item: T) => void, close: string): void => {
    add(open)
    items.forEach((item, index) => {
      if (index) add(',')
      each(item)
    })
    add(close)
  }
  node(document)
  return sum >>> 0
}
