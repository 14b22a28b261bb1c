// Fastify, @fastify/websocket and fast-json-patch: the state is cloned, changed and compared; what differs is sent to
// everybody. Says its port.
import websocket from '@fastify/websocket'
import jsonpatch from 'fast-json-patch'
import Fastify from 'fastify'
import { beat, state as first } from './jobs.js'

const app = Fastify()
await app.register(websocket, { options: { perMessageDeflate: true } })
let state = first

app.get('/ws', { websocket: true }, (socket) => {
  socket.send(JSON.stringify({ type: 'state.snapshot', stateVersion: state.version, data: state }))
})
await app.listen({ host: '127.0.0.1', port: 0 })

beat((ids, progress) => {
  const next = jsonpatch.deepClone(state)
  for (const id of ids) next.jobs[id].progress = progress
  next.version = state.version + 1
  const patch = jsonpatch.compare(state, next)
  const message = { type: 'state.patch', fromVersion: state.version, toVersion: next.version, patch }
  state = next
  const text = JSON.stringify(message)
  for (const socket of app.websocketServer.clients) {
    if (socket.readyState === socket.OPEN) socket.send(text)
  }
})

console.log(app.server.address().port)
