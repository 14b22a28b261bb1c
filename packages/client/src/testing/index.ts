/** For tests of what uses a client: a board, a network and a clock without a server, a socket or a second. */
export { createTestBoard, type TestBoard, type TestBoardOptions } from './rig.js'
export { FakeBoard, type CommandHandler, type FakeBoardOptions } from './board.js'
export { Faults, type FrameMatch } from './faults.js'
export { FakeNetwork, FakeSocket } from './network.js'
export { ManualClock, settle } from './clock.js'
