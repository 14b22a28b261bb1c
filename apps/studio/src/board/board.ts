/** The board behind the page: one connection and what hangs on it. Made by the root, handed down, never global. */
import { createClient, attachBrowser, type Client, type JsonObject, type Role, type Telemetry } from '@callboard/client'
import { attachCheck } from '@callboard/client/check'
import { attachPolling, type PollingFacts } from '@callboard/client/polling'
import { useStore } from '@callboard/client/vue'
import { computed, inject, onScopeDispose, shallowRef, type ComputedRef, type InjectionKey, type ShallowRef } from 'vue'
import { JobActions } from './actions'
import { Artifacts } from './artifacts'
import { type Clock, createClock } from './clock'
import type { Kind } from './kinds'
import { watchReturns } from './returns'
import { Toasts } from './toasts'

/** What pages use. */
export interface Board {
  readonly client: Client
  readonly actions: JobActions
  readonly artifacts: Artifacts
  readonly toasts: Toasts
  readonly clock: Clock
  readonly telemetry: Readonly<ShallowRef<Telemetry>>
  readonly state: Readonly<ShallowRef<JsonObject | undefined>>
  /** The role of the token; `undefined` until the server said it. */
  readonly role: ComputedRef<Role | undefined>
  /** Why actions are not possible, in words; `undefined` when they are. */
  readonly forbidden: ComputedRef<string | undefined>
  readonly kinds: Readonly<ShallowRef<readonly Kind[]>>
  /** When the connection was lost; `undefined` while it is live. */
  readonly staleSince: ComputedRef<number | undefined>
  /** What is asked for over HTTP where no WebSocket comes through. */
  readonly polling: Readonly<ShallowRef<PollingFacts>>
}

const BOARD: InjectionKey<Board> = Symbol('board')
export { BOARD }

/** The board that the surrounding component provides. */
export function useBoard(): Board {
  const board = inject(BOARD)
  if (board === undefined) throw new Error('useBoard() needs a component inside the workspace')
  return board
}

/** Opens the board; the surrounding scope closes it. */
export function openBoard(base: URL, token: string): Board {
  const client = createClient({ url: base.href, token, name: 'studio' })
  const toasts = new Toasts()
  const telemetry = useStore(client.telemetry)
  const welcome = useStore(client.welcome)
  const clock = createClock()
  const role = computed(() => welcome.value?.role)
  const fallback = attachPolling(client)
  const polling = useStore(fallback)
  let mismatches = 0
  const offs = [
    attachBrowser(client),
    fallback.detach,
    attachCheck(client).listen((facts) => {
      if (facts.mismatches === mismatches) return
      mismatches = facts.mismatches
      toasts.add('note', 'What was shown had drifted from the server. It was fetched anew.')
    }),
    watchReturns(client, (text) => {
      toasts.add('note', text)
    }),
    client.welcome.subscribe((frame) => {
      if (frame !== undefined) clock.sync(Date.parse(frame.serverTime))
    }),
  ]
  const kinds = useKinds(client)
  const staleSince = computed(() => {
    const { stale, connections, lastDisconnectedAt } = telemetry.value
    const { active, lastAnswerAt } = polling.value
    if (active && lastAnswerAt !== undefined) return lastAnswerAt
    return stale && connections > 0 ? lastDisconnectedAt : undefined
  })
  client.connect()
  onScopeDispose(() => {
    for (const off of offs) off()
    client.close()
  })
  return {
    client,
    toasts,
    telemetry,
    clock,
    role,
    kinds,
    polling,
    staleSince,
    actions: new JobActions(client, toasts),
    artifacts: new Artifacts(client),
    state: useStore(client.state),
    forbidden: computed(() =>
      role.value === 'viewer' ? 'This token may only look. Starting and stopping jobs needs the operator role.' : undefined,
    ),
  }
}

/** The kinds, asked for at each connection: a restarted server may have others. */
function useKinds(client: Client): Readonly<ShallowRef<readonly Kind[]>> {
  const kinds = shallowRef<readonly Kind[]>([])
  const load = async (): Promise<void> => {
    try {
      kinds.value = (await client.http<{ kinds: Kind[] }>('api/kinds')).kinds
    } catch {
      // The connection badge already says that the server cannot be reached; the next connection asks again.
    }
  }
  let connections = 0
  const off = client.telemetry.subscribe((telemetry) => {
    if (telemetry.phase !== 'open' || telemetry.connections === connections) return
    connections = telemetry.connections
    void load()
  })
  onScopeDispose(off)
  return kinds
}
