/** The job list as the page shows it, brought up to date at most once a frame. */
import type { Client } from '@callboard/client'
import { onScopeDispose, shallowReadonly, shallowRef, toValue, watch, type MaybeRefOrGetter, type ShallowRef } from 'vue'
import { type JobFilter, JobList } from './job-list'

/** A picture of the list; replaced when the listed jobs or their counts change, not with each progress. */
export interface JobListing {
  readonly order: readonly string[]
  readonly list: JobList
}

/** Follows the mirror's jobs through a filter. */
export function useJobList(client: Client, filter: MaybeRefOrGetter<JobFilter>): Readonly<ShallowRef<JobListing>> {
  const list = new JobList(toValue(filter))
  const listing = shallowRef<JobListing>({ order: [], list })
  const show = (): void => {
    listing.value = { order: list.order, list }
  }
  watch(
    () => toValue(filter),
    (next) => {
      list.reset(client.jobs.toArray(), next)
      show()
    },
    { immediate: true },
  )
  const off = client.jobs.listen((changed) => {
    if (list.apply(changed, (id) => client.jobs.get(id))) show()
  })
  onScopeDispose(off)
  return shallowReadonly(listing)
}
