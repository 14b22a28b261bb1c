/** Makes UUIDv7 that sort in the order they were made: each takes a millisecond of its own, if need be a later one. */
export function createIds(now: () => number): () => string {
  let time = 0
  return () => {
    time = Math.max(time + 1, Math.floor(now()))
    const bytes = [...crypto.getRandomValues(new Uint8Array(10))]
    const hex = time.toString(16).padStart(12, '0') + bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')
    return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-7$3-8$4-$5')
  }
}
