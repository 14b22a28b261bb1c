/** The bulks that are under way, for the status bar. */
import type { Client, Job } from '@callboard/client'
import { onScopeDispose, shallowReadonly, shallowRef, type ShallowRef } from 'vue'
import { isTerminal } from '../../lib/states'

/** The kind of the job that does a bulk. */
const KIND = 'callboard.bulk'

/** Follows them, for as long as the component lives. A change of other jobs costs a look at each of them, no more. */
export function useBulkJobs(client: Client): Readonly<ShallowRef<readonly Job[]>> {
  const jobs = shallowRef<readonly Job[]>([])
  const known = new Set<string>()
  const look = (ids: Iterable<string>): void => {
    let isNews = false
    for (const id of ids) {
      const job = client.jobs.get(id)
      const isUnderWay = job?.kind === KIND && !isTerminal(job.state)
      isNews ||= isUnderWay || known.has(id)
      if (isUnderWay) known.add(id)
      else known.delete(id)
    }
    if (isNews) jobs.value = [...known].flatMap((id) => client.jobs.get(id) ?? [])
  }
  look(client.jobs.ids())
  onScopeDispose(client.jobs.listen(look))
  return shallowReadonly(jobs)
}
