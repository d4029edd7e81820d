//! Where files are.

use super::ConfigError;
use std::path::{Path, PathBuf};

/// The folders of this installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// Holds `config.toml` and `credentials.toml`.
    pub config: PathBuf,
    /// Holds a folder for each profile: databases, plans, exports.
    pub data: PathBuf,
    /// Holds logs.
    pub logs: PathBuf,
}

impl Paths {
    /// The platform's folders, or those that the command line names.
    pub fn new(config: Option<&Path>, data: Option<&Path>) -> Result<Self, ConfigError> {
        if let (Some(config), Some(data)) = (config, data) {
            return Ok(Self {
                config: config.to_owned(),
                data: data.to_owned(),
                logs: data.join("logs"),
            });
        }
        let platform =
            directories::ProjectDirs::from("", "", "rollbook").ok_or(ConfigError::NoHome)?;
        Ok(Self {
            config: config.map_or_else(|| platform.config_dir().to_owned(), Path::to_owned),
            logs: data.map_or_else(
                || {
                    platform
                        .state_dir()
                        .unwrap_or_else(|| platform.data_local_dir())
                        .join("logs")
                },
                |data| data.join("logs"),
            ),
            data: data.map_or_else(|| platform.data_dir().to_owned(), Path::to_owned),
        })
    }

    /// `config.toml`.
    #[must_use]
    pub fn config_file(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    /// `credentials.toml`.
    #[must_use]
    pub fn credentials_file(&self) -> PathBuf {
        self.config.join("credentials.toml")
    }

    /// The folder of a profile. Profile names are free text: the folder's name keeps their letters
    /// and digits, and tells different names apart by a checksum.
    #[must_use]
    pub fn profile(&self, name: &str) -> PathBuf {
        let letters: String = name
            .to_lowercase()
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .take(40)
            .collect();
        let checksum = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
        self.data
            .join(format!("{}-{checksum:08x}", letters.trim_matches('-')))
    }
}
