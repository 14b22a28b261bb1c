/** A job's progress as numbers that are pleasant to watch. */
import type { Job } from '@callboard/client'
import { computed, onScopeDispose, ref, watch, type ComputedRef, type Ref } from 'vue'
import type { Clock } from '../board/clock'
import { Remaining, glide } from '../lib/progress'
import { useMedia } from './use-media'

/** Milliseconds that are left of a running job, or `undefined`. */
export function useRemaining(
  job: Readonly<Ref<Job | undefined>>,
  clock: Clock,
): ComputedRef<number | undefined> {
  const remaining = new Remaining()
  watch(
    job,
    (now) => {
      if (now?.progress === undefined || now.state !== 'running') return
      const { value, etaMs } = now.progress
      remaining.report(performance.now(), { attempt: now.attempt, value, etaMs })
    },
    { immediate: true, flush: 'sync' },
  )
  return computed(() => {
    // Read for the dependency: the countdown goes on between reports.
    void clock.now.value
    return job.value?.state === 'running' ? remaining.at(performance.now()) : undefined
  })
}

/** The fraction to draw: glides to the true one while the job runs. */
export function useGlide(job: Readonly<Ref<Job | undefined>>): Readonly<Ref<number | undefined>> {
  const shown = ref(job.value?.progress?.value)
  const still = useMedia('(prefers-reduced-motion: reduce)')
  let frame: number | undefined
  let last = 0
  let attempt = job.value?.attempt
  const step = (now: number): void => {
    const target = job.value?.progress?.value
    frame = undefined
    if (target === undefined) {
      shown.value = undefined
      return
    }
    shown.value = glide(shown.value ?? target, target, Math.min(100, now - last))
    last = now
    if (shown.value !== target) frame = requestAnimationFrame(step)
  }
  watch(job, (next) => {
    const target = next?.progress?.value
    if (still.value || target === undefined || next?.attempt !== attempt || next?.state !== 'running') {
      attempt = next?.attempt
      shown.value = target
      return
    }
    if (frame !== undefined || shown.value === target) return
    last = performance.now()
    frame = requestAnimationFrame(step)
  })
  onScopeDispose(() => {
    if (frame !== undefined) cancelAnimationFrame(frame)
  })
  return shown
}
