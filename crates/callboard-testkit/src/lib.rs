//! Parts for tests of apps on Callboard, and of Callboard itself.
//!
//! - [`ScriptedExecutor`]: attempts that do what the test says, when it says it.
//! - [`FaultyJournal`]: a journal that rejects, holds or forgets to answer, on request.
//! - [`EventCapture`]: the events of a bus, and waiting for some; [`PausedClock`]: time that a test moves.
//! - [`TempServer`]: a board and its server in this process, on a folder that goes away.
//! - [`ServerProcess`]: a real server in a process of its own, killed with its guard.
//! - [`Socket`] and [`raw_http`]: a client that does exactly what a test says, wrong things included.
//! - [`FaultyProxy`]: a way to a server on which frames are late, lost, repeated, swapped, broken and cut.
//! - [`Mirror`]: a fold of what the server sends that takes no breach of the protocol for granted.
//!
//! The program `crash` in this package kills a server at random moments and proves that nothing was lost.

mod event_capture;
mod faulty_journal;
mod faulty_proxy;
mod mirror;
mod paused_clock;
pub mod raw_http;
mod scripted_executor;
mod server_process;
mod socket;
mod temp_server;

pub use event_capture::EventCapture;
pub use faulty_journal::{FaultyJournal, JournalFaults};
pub use faulty_proxy::{FaultyProxy, WireCounts, WireFaults};
pub use mirror::Mirror;
pub use paused_clock::PausedClock;
pub use scripted_executor::{Attempts, ScriptedAttempt, ScriptedExecutor, scripted_kind};
pub use server_process::{Ready, ServerProcess, StartOptions};
pub use socket::{Heard, Socket, SocketOptions, hello};
pub use temp_server::{TempServer, TempServerError, soon};
