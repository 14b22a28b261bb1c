//! What SQLite must do beyond the contract: files, processes, full disks.

#[path = "sqlite/child.rs"]
mod child;
#[path = "sqlite/crash.rs"]
mod crash;
#[path = "sqlite/damage.rs"]
mod damage;
#[path = "sqlite/fixture.rs"]
mod fixture;
#[path = "sqlite/full.rs"]
mod full;
#[path = "sqlite/open.rs"]
mod open;
#[path = "sqlite/support.rs"]
mod support;
