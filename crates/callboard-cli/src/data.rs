//! Where a server keeps its things, and how the command line finds it.

use etcetera::BaseStrategy as _;
use std::path::PathBuf;

/// `--data`, or the user's data directory.
pub(crate) fn folder(given: Option<PathBuf>) -> Result<PathBuf, String> {
    match given {
        Some(folder) => {
            std::path::absolute(&folder).map_err(|error| format!("{}: {error}", folder.display()))
        }
        None => etcetera::choose_base_strategy()
            .map(|strategy| strategy.data_dir().join("callboard"))
            .map_err(|_| "there is no home directory; name a folder with --data".into()),
    }
}
