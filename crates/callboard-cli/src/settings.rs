//! The settings of a server, from file, environment and flags. What does not fit is named and nothing starts (S3.16).

use crate::{config_file::ConfigFile, failure::Failure};
use callboard_protocol::config::{SETTINGS, SettingError, Settings, Source};
use clap::Args;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// The flags that say where settings are.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct SettingsArgs {
    /// Configuration file [default: callboard.toml here or in the data folder]
    #[arg(long, value_name = "FILE", env = "CALLBOARD_CONFIG")]
    config: Option<PathBuf>,
    /// A setting for this start, for example logs.minLevel=warn; `callboard config` lists them
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
}

impl SettingsArgs {
    /// The settings, and the file for who reads more in it.
    pub(crate) fn load(&self, data: &Path) -> Result<(Settings, Option<ConfigFile>), Failure> {
        let file = ConfigFile::find(self.config.as_deref(), data)?;
        let mut settings = Settings::default();
        if let Some(file) = &file {
            put_file(&mut settings, file)?;
        }
        settings.put_environment(|variable| std::env::var(variable).ok()).map_err(refused)?;
        for pair in &self.set {
            let (name, text) = split(pair)?;
            settings.put_text(name, text, Source::Flag(format!("--set {name}"))).map_err(refused)?;
        }
        settings.check().map_err(refused)?;
        Ok((settings, file))
    }
}

/// `NAME=VALUE`.
pub(crate) fn split(pair: &str) -> Result<(&str, &str), Failure> {
    let split = pair.split_once('=').map(|(name, text)| (name.trim(), text));
    split.ok_or_else(|| Failure::usage(format!("{pair:?} is no NAME=VALUE")))
}

fn put_file(settings: &mut Settings, file: &ConfigFile) -> Result<(), Failure> {
    let sections: BTreeSet<&str> = SETTINGS.iter().map(|setting| setting.place().0).collect();
    for section in sections {
        for (member, value, place) in file.values(section)? {
            settings.put(&format!("{section}.{member}"), &value, Source::File(place)).map_err(refused)?;
        }
    }
    Ok(())
}

fn refused(error: SettingError) -> Failure {
    Failure::usage(error.to_string()).hint("callboard config shows every setting and where its value is from")
}
