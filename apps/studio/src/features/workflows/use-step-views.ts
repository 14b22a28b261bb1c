/** How far each step is, also between two changes of the workflow: the progress of its job is that of the step. */
import type { Client } from '@callboard/client'
import type { Workflow } from '@callboard/client/protocol'
import type { StepView } from '@callboard/client/workflow'
import { computed, onScopeDispose, shallowRef, type ComputedRef } from 'vue'

/** The steps of `workflow`, for as long as the component lives. */
export function useStepViews(
  client: Client,
  workflow: () => Workflow | undefined,
  stepsOf: (client: Client, workflow: Workflow) => readonly StepView[],
): ComputedRef<readonly StepView[]> {
  const turn = shallowRef(0)
  const views = computed(() => {
    const current = workflow()
    return turn.value >= 0 && current !== undefined ? stepsOf(client, current) : []
  })
  const off = client.jobs.listen((changed) => {
    // The jobs of a workflow are named after it: those of its steps, and those of the items of their lists.
    const prefix = `${workflow()?.id}:`
    for (const id of changed) {
      if (!id.startsWith(prefix)) continue
      turn.value += 1
      return
    }
  })
  onScopeDispose(off)
  return views
}
