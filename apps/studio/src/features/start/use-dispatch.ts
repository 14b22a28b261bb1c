/** Starting a job from a form: busy while it is on its way, the server's words when it is refused. */
import type { JsonObject } from '@callboard/client'
import { ref, type Ref } from 'vue'
import { useBoard } from '../../board/board'

/** The state of a form. */
export interface Dispatching {
  readonly busy: Readonly<Ref<boolean>>
  readonly problem: Readonly<Ref<string | undefined>>
  /** Starts a job; its id when it was accepted. */
  send(kind: string, args: JsonObject): Promise<string | undefined>
}

/** For one form. */
export function useDispatch(): Dispatching {
  const { actions } = useBoard()
  const busy = ref(false)
  const problem = ref<string>()
  return {
    busy,
    problem,
    async send(kind, args) {
      busy.value = true
      problem.value = undefined
      const outcome = await actions.dispatch(kind, args)
      busy.value = false
      if (outcome.ok) return outcome.id
      problem.value = outcome.why
      return undefined
    },
  }
}
