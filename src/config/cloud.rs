//! Microsoft's national clouds.

use serde::{Deserialize, Serialize};

/// A cloud; each has its own login and Graph (Microsoft's deployment table).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cloud {
    /// Global and GCC.
    #[default]
    Global,
    /// US Government L4.
    UsGov,
    /// US Government L5 (`DoD`).
    UsDod,
    /// China, operated by 21Vianet.
    China,
}

impl Cloud {
    /// Where tokens come from.
    #[must_use]
    pub const fn login(self) -> &'static str {
        match self {
            Self::Global => "https://login.microsoftonline.com",
            Self::UsGov | Self::UsDod => "https://login.microsoftonline.us",
            Self::China => "https://login.chinacloudapi.cn",
        }
    }

    /// Where Graph is.
    #[must_use]
    pub const fn graph(self) -> &'static str {
        match self {
            Self::Global => "https://graph.microsoft.com",
            Self::UsGov => "https://graph.microsoft.us",
            Self::UsDod => "https://dod-graph.microsoft.us",
            Self::China => "https://microsoftgraph.chinacloudapi.cn",
        }
    }
}
