import { freezeDeep } from './patch.js'
import type { ServerConfig } from './protocol/index.js'

/** What holds before the server has said anything (S3.15). */
export const defaultConfig: ServerConfig = freezeDeep<ServerConfig>({
  logs: { snapshot: 200, capacity: 500, allowedChannels: [], minLevel: 'debug' },
  ws: {
    heartbeatIntervalMs: 10_000,
    heartbeatTimeoutMs: 5_000,
    reconnectEnabled: true,
    reconnectMinMs: 1_000,
    reconnectMaxMs: 15_000,
    reconnectFactor: 1.8,
    reconnectJitter: 0.2,
  },
  state: { debounceMs: 16 },
  downloads: { bytesPerSecond: 0 },
})
