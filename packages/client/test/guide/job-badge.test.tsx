// @vitest-environment happy-dom
import { act } from 'react'
import { createRoot } from 'react-dom/client'
import { expect, it } from 'vitest'
import type { Client } from '@callboard/client'
import { useCommand, useJob, useStatus } from '@callboard/client/react'
import { createTestBoard } from '@callboard/client/testing'

function JobBadge({ client, id }: { client: Client; id: string }) {
  const job = useJob(client, id)
  const { stale } = useStatus(client)
  const cancel = useCommand(client, 'jobs.cancel')
  if (!job) return <p>no such job</p>
  return (
    <button disabled={stale || cancel.state === 'pending'} onClick={() => void cancel.run({ id })}>
      {job.title}: {job.state} {Math.round((job.progress?.value ?? 0) * 100)} %
    </button>
  )
}

it('shows a job, cancels it, and is disabled while the board is away', async () => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true })
  const { board, client, tick } = await createTestBoard()
  const page = document.createElement('div')
  const root = createRoot(page)
  await act(async () => root.render(<JobBadge client={client} id="j1" />))
  expect(page.textContent).toBe('no such job')

  await act(async () => (board.putJob({ id: 'j1', title: 'Render', state: 'running', progress: { value: 0.4 } }), tick()))
  expect(page.textContent).toBe('Render: running 40 %')

  board.faults.drop('state.patch') // the change is lost on its way, and found to be missing
  await act(async () => (page.querySelector('button')?.click(), tick()))
  await act(async () => tick(20_000))
  expect(page.textContent).toBe('Render: cancelled 40 %')

  await act(async () => (board.drop(), tick(0)))
  expect(page.querySelector('button')?.disabled).toBe(true)
  await act(async () => root.unmount())
})
