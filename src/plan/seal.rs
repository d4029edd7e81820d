//! What shows that a saved plan is as this installation wrote it: a keyed hash.

use super::operation::hex;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// The key that an installation's saved plans are hashed with. It stands in its state: whoever can't read
/// that can't write a plan that is taken for a reviewed one.
#[derive(Clone)]
pub struct PlanKey([u8; 32]);

impl std::fmt::Debug for PlanKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PlanKey({})", self.id())
    }
}

impl From<[u8; 32]> for PlanKey {
    fn from(key: [u8; 32]) -> Self {
        Self(key)
    }
}

impl PlanKey {
    /// Which key it is, without telling it: 16 hexadecimal digits. A plan names the key that it was written
    /// with, so that one from elsewhere is told from one that was changed.
    #[must_use]
    pub fn id(&self) -> String {
        let mut digest = Sha256::new();
        digest.update(b"rollbook plan key\0");
        digest.update(self.0);
        hex(&digest.finalize()[..8])
    }

    pub(super) fn seal(&self) -> Seal {
        let mut block = hmac::digest::Key::<Hmac<Sha256>>::default();
        block[..self.0.len()].copy_from_slice(&self.0);
        Seal(Hmac::new(&block))
    }
}

/// The hash of a document in the making, part by part.
pub(super) struct Seal(Hmac<Sha256>);

impl Seal {
    pub(super) fn part(&mut self, value: &impl Serialize) {
        // Plain data: its serialization can't fail.
        let text = serde_json::to_string(value).unwrap_or_default();
        self.0.update(&(text.len() as u64).to_le_bytes());
        self.0.update(text.as_bytes());
    }

    pub(super) fn hex(self) -> String {
        hex(&self.0.finalize().into_bytes())
    }

    /// Whether a document bears this hash, compared in constant time.
    pub(super) fn is(self, hash: &str) -> bool {
        let bytes: Option<Vec<u8>> = (0..hash.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(hash.get(at..at + 2)?, 16).ok())
            .collect();
        bytes.is_some_and(|bytes| self.0.verify_slice(&bytes).is_ok())
    }
}
