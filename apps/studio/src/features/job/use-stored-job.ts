/** A job by its id: live from the mirror, or from the server's store when it finished long ago. */
import type { Client, Job } from '@callboard/client'
import { useJob } from '@callboard/client/vue'
import { computed, shallowRef, watch, type ComputedRef } from 'vue'
import { errorCode, errorText } from '../../board/errors'

/** What is known about the job. */
export type JobLookup =
  | { readonly state: 'loading' }
  | { readonly state: 'found'; readonly job: Job }
  | { readonly state: 'missing' }
  | { readonly state: 'failed'; readonly why: string }

/** Follows one job. The store is asked only when the mirror is there and does not have it. */
export function useStoredJob(client: Client, id: string, mirrored: () => boolean): ComputedRef<JobLookup> {
  const live = useJob(client, id)
  const stored = shallowRef<JobLookup>({ state: 'loading' })
  const load = async (): Promise<void> => {
    try {
      const job = await client.http<Job>(`api/jobs/${encodeURIComponent(id)}`)
      stored.value = { state: 'found', job }
    } catch (error) {
      const missing = errorCode(error) === 'not_found'
      stored.value = missing ? { state: 'missing' } : { state: 'failed', why: errorText(error) }
    }
  }
  watch(
    () => mirrored() && live.value === undefined,
    (absent) => {
      if (absent) void load()
    },
    { immediate: true },
  )
  return computed(() => (live.value === undefined ? stored.value : { state: 'found', job: live.value }))
}
