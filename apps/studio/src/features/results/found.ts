/** Results of jobs that finished long ago, as a search brings them. Pure. */
import type { Job, ResultRecord } from '@callboard/client'

/**
 * The jobs that leave results, and of them those that the words mean. The words are a query of their own and come first, so that
 * the columns of a mistake are those of the box.
 */
export function resultQuery(words: string): string {
  return words.trim() === '' ? 'state:succeeded' : `${words} state:succeeded`
}

/** What the jobs left, as the gallery shows it; jobs that left nothing are not in it. */
export function resultsOf(jobs: readonly Job[]): readonly ResultRecord[] {
  return jobs
    .filter(({ state, result, artifacts }) => state === 'succeeded' && (result !== undefined || (artifacts?.length ?? 0) > 0))
    .map(({ id, kind, title, createdAt, finishedAt = createdAt, result, artifacts }) => ({
      id,
      kind,
      title,
      createdAt: finishedAt,
      ...(result !== undefined && { result }),
      ...(artifacts !== undefined && { artifacts }),
    }))
}
