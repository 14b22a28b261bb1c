// A client without our library, in a process of its own: `joiner.mjs ws|global URL TOKEN`. It says where it begins, reads a
// version from its input, and writes the state at that version. Any breach of the protocol's rules ends it.
import { createInterface } from 'node:readline'

const [implementation, url, token] = process.argv.slice(2)
const Socket = implementation === 'ws' ? (await import('ws')).WebSocket : globalThis.WebSocket
const socket = new Socket(url, 'callboard.v1.json')
let state
let position
let isWhole = false
let patches = 0
let wanted = Infinity

const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`)
const fail = (message) => {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}

socket.onopen = () => {
  const client = { name: implementation, version: '0', instance: `${implementation}-${process.pid}` }
  const hello = { type: 'hello', protocol: 1, client, auth: { token }, logs: { enabled: false }, caps: ['parts'] }
  socket.send(JSON.stringify(hello))
}
socket.onclose = ({ code, reason }) => fail(`closed: ${code} ${reason}`)
socket.onerror = ({ message }) => fail(`failed: ${message}`)
socket.onmessage = ({ data }) => take(JSON.parse(data))
createInterface(process.stdin).on('line', (line) => {
  wanted = Number(line)
  look()
})

function take(frame) {
  if (frame.type === 'state.snapshot') snapshot(frame)
  else if (frame.type === 'state.patch') patch(frame)
  look()
}

function snapshot({ epoch, stateVersion, data, entries = [], more = false }) {
  if (data) state = data
  for (const [path, value] of entries) apply({ op: 'add', path, value })
  position = { epoch, version: stateVersion }
  if (!more && !isWhole) say({ begins: stateVersion, extensions: socket.extensions })
  isWhole = !more
}

function patch({ epoch, fromVersion, toVersion, patch: ops }) {
  if (epoch !== position?.epoch || fromVersion !== position.version) fail(`a patch from ${fromVersion} at ${position?.version}`)
  for (const op of ops) apply(op)
  position.version = toVersion
  patches++
}

function apply({ op, path, value }) {
  const keys = path.split('/').slice(1).map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
  const last = keys.pop()
  const parent = keys.reduce((node, key) => node[key], state)
  if (Object.hasOwn(parent, last) === (op === 'add')) fail(`${op} ${path} does not fit`)
  if (op === 'remove') delete parent[last]
  else parent[last] = value
}

function look() {
  if (!isWhole || position.version < wanted) return
  say({ version: position.version, state, patches })
  process.exit(0)
}
