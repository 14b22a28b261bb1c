/** Makes UUIDv7 that sort in the order they were made: each takes a millisecond of its own, if need be a later one. */
export function createIds(now: () => number): () => string {
  let time = 0
  return () => {
    time = Math.max(time + 1, Math.floor(now()))
    let hex = time.toString(16).padStart(12, '0')
    for (const byte of crypto.getRandomValues(new Uint8Array(10))) hex += (byte + 256).toString(16).slice(1)
    return hex.replace(/(.{8})(.{4}).(.{3}).(.{3})/, '$1-$2-7$3-8$4-')
  }
}
