/** For tests of what uses a client: a board, a network and a clock without a server, a socket or a second. */
export { ManualClock, settle } from './clock.js'
export { FakeNetwork, FakeSocket } from './network.js'
export { FakeBoard, type FakeBoardOptions } from './board.js'
