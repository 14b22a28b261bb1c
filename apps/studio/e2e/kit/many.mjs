/** Very many jobs, started as a program would: over a WebSocket of its own, many at a time. */

/** Starts `count` jobs from a page of the board: `{ kind, args, title }`, where `#` in the title is their number. */
export function dispatchMany(page, server, count, job) {
  return page.evaluate(fill, { url: new URL('ws', server.url).href.replace('http', 'ws'), token: server.token, count, job })
}

function fill({ url, token, count, job }) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, 'callboard.v1.json')
    const say = (frame) => socket.send(JSON.stringify(frame))
    let [sent, done] = [0, 0]
    const next = () => {
      sent += 1
      if (sent > count) return
      say({ type: 'cmd', id: `n${sent}`, name: 'jobs.dispatch', key: `${job.kind}:${sent}`, args: { ...job, title: job.title.replace('#', sent) } })
    }
    socket.onopen = () => say({ type: 'hello', protocol: 1, client: { name: 'many', version: '0', instance: 'many' }, auth: { token }, subs: [], logs: { enabled: false }, caps: [], connectionCount: 0 })
    socket.onclose = ({ code, reason }) => reject(new Error(`closed with ${code}: ${reason}`))
    socket.onmessage = ({ data }) => {
      const frame = JSON.parse(data)
      if (frame.type === 'welcome') for (let at = 0; at < frame.limits.maxInflight; at++) next()
      if (frame.type === 'error') reject(new Error(`${frame.code}: ${frame.message}`))
      if (frame.type !== 'ack') return
      done += 1
      if (done === count) resolve(socket.close())
      else next()
    }
  })
}
