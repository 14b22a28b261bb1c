/** The messages and state of `callboard.v1`, generated from the Rust crate `callboard-protocol`. */
export * from './generated.js'
