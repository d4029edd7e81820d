//! The HTTP clients behind all services.

use super::Origin;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// How long a connection may take to come up.
const CONNECT: Duration = Duration::from_secs(10);

/// The clients of this process: one for the network, one for this machine, which bypasses proxies.
#[derive(Debug, Clone)]
pub struct Clients {
    network: reqwest::Client,
    loopback: reqwest::Client,
    /// Whether the machine has no certificates of its own, so that the built-in ones are used.
    pub built_in_certificates: bool,
}

impl Clients {
    /// Makes the clients. On a machine without CA certificates the built-in ones are used, and
    /// [`Clients::built_in_certificates`] says so.
    pub fn new() -> Result<Self, reqwest::Error> {
        let loopback = here();
        if let Ok(network) = builder().build()
            && let Ok(loopback) = loopback.build()
        {
            return Ok(Self {
                network,
                loopback,
                built_in_certificates: false,
            });
        }
        let certificates = || {
            webpki_root_certs::TLS_SERVER_ROOT_CERTS
                .iter()
                .filter_map(|der| reqwest::Certificate::from_der(der).ok())
                .collect::<Vec<_>>()
        };
        Ok(Self {
            network: builder().tls_certs_only(certificates()).build()?,
            loopback: here().tls_certs_only(certificates()).build()?,
            built_in_certificates: true,
        })
    }

    pub(super) fn of(&self, origin: &Origin) -> reqwest::Client {
        if origin.is_loopback() {
            self.loopback.clone()
        } else {
            self.network.clone()
        }
    }
}

/// Finds every name on this machine, whatever a hosts file or a name server says: what goes there may go
/// unencrypted.
struct OnlyHere;

impl Resolve for OnlyHere {
    fn resolve(&self, _: Name) -> Resolving {
        let here: [SocketAddr; 2] = [
            (Ipv4Addr::LOCALHOST, 0).into(),
            (Ipv6Addr::LOCALHOST, 0).into(),
        ];
        let addresses: Addrs = Box::new(here.into_iter());
        Box::pin(std::future::ready(Ok(addresses)))
    }
}

fn here() -> reqwest::ClientBuilder {
    builder().no_proxy().dns_resolver(Arc::new(OnlyHere))
}

fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(concat!("rollbook/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT)
        .tcp_nodelay(true)
}
