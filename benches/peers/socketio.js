// socket.io: what each job reports is emitted to everybody, one event for those that report together. Says its port.
import { createServer } from 'node:http'
import { Server } from 'socket.io'
import { beat, state } from './jobs.js'

const server = createServer()
const io = new Server(server, { transports: ['websocket'] })
io.on('connection', (socket) => socket.emit('state', state))

beat((ids, progress) => {
  for (const id of ids) state.jobs[id].progress = progress
  state.version++
  io.emit('progress', { version: state.version, jobs: Object.fromEntries(ids.map((id) => [id, progress])) })
})

server.listen(0, '127.0.0.1', () => console.log(server.address().port))
