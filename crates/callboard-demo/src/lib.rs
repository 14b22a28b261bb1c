//! Two real programs that Callboard ships as first jobs: an image painter and a folder checksum.
//!
//! Both are *children*: the process executor starts them, and everything they say goes through one small contract, so they
//! also show what any program has to do to be a job with progress.
//!
//! * The args are **one JSON object on standard input**, read to its end.
//! * Reports are **JSON lines on file descriptor 3**; when it is not open, the child works and says nothing.
//! * Lines on standard output and standard error go to the job's log.
//! * Exit code 0 is success; with any other code, the last line on standard error is the message of the failure.
//! * Files go to the current working directory, a private folder of the attempt; reported paths are relative to it.
//!
//! The reports, one per line:
//!
//! ```json
//! {"progress":{"value":0.25,"message":"step 5 of 20","step":5,"steps":20}}
//! {"log":{"level":"info","message":"…"}}
//! {"artifact":{"path":"image.png","name":"image.png","mime":"image/png"}}
//! {"result":{"artifact":"image.png"}}
//! ```
//!
//! ```
//! let mut reports = Vec::new();
//! let folder = tempfile::tempdir()?;
//! let args = br#"{"prompt":"a quiet ocean","steps":1,"width":16,"height":16}"#;
//! callboard_demo::paint::run(&args[..], &mut reports, folder.path())?;
//! assert!(folder.path().join("image.png").exists());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod checksum;
mod child;
mod error;
mod fields;
pub mod paint;
mod report;

pub use child::{main_checksum, main_paint};
pub use error::DemoError;
