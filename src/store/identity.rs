//! What a profile's state is pinned to.

/// The tenant and the site whose links, ownership and history a state holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Entra tenant id.
    pub tenant_id: String,
    /// The site's cloudId.
    pub cloud_id: String,
}
