import { effectScope, nextTick, ref, watchEffect } from 'vue'
import { describe, expect, it } from 'vitest'
import { useCollection, useJob, useRecord, useStore } from '../../src/vue/index.js'
import { job, patch, rig } from '../rig.js'

describe('the Vue binding', () => {
  it('follows stores and collections, and lets go with its scope', async () => {
    const { client, network, up } = rig()
    await up({ n: 1, jobs: { a: job('a') } })
    const scope = effectScope()
    const made = scope.run(() => ({ state: useStore(client.state), jobs: useCollection(client.jobs) }))
    expect([made?.state.value, made?.jobs.value.length]).toEqual([{ n: 1 }, 1])
    network.last.receive(
      patch(1, 2, { op: 'replace', path: '/n', value: 2 }, { op: 'add', path: '/jobs/b', value: job('b') }),
    )
    expect([made?.state.value, made?.jobs.value.map(({ id }) => id)]).toEqual([{ n: 2 }, ['a', 'b']])
    scope.stop()
    network.last.receive(patch(2, 3, { op: 'replace', path: '/n', value: 3 }, { op: 'remove', path: '/jobs/a' }))
    expect([made?.state.value, made?.jobs.value.length]).toEqual([{ n: 2 }, 2])
  })

  it('runs only what depends on the job that changed, and follows another id', async () => {
    const { client, network, up } = rig()
    await up({ jobs: { a: job('a'), b: job('b') } })
    const id = ref('a')
    const seen: (string | undefined)[] = []
    const scope = effectScope()
    scope.run(() => {
      const found = useJob(client, id)
      watchEffect(() => seen.push(found.value && `${found.value.id} ${found.value.state}`), { flush: 'sync' })
    })
    network.last.receive(patch(1, 2, { op: 'replace', path: '/jobs/b/state', value: 'running' }))
    network.last.receive(patch(2, 3, { op: 'replace', path: '/jobs/a/state', value: 'running' }))
    id.value = 'b'
    await nextTick()
    network.last.receive(patch(3, 4, { op: 'replace', path: '/jobs/a/state', value: 'failed' }))
    network.last.receive(patch(4, 5, { op: 'remove', path: '/jobs/b' }))
    expect(seen).toEqual(['a queued', 'a running', 'b running', undefined])
    scope.stop()
    expect(effectScope().run(() => useRecord(client.jobs, () => 'a').value?.state)).toBe('failed')
  })
})
