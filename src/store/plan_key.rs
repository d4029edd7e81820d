//! The key that saved plans are hashed with. It is made when the first plan is saved, and stays.

use super::error::StoreError;
use super::state::State;
use crate::plan::{PlanKey, hex};

/// Where it stands among the single values.
const KEY: &str = "plan_key";

impl State {
    /// The key of this state's saved plans, if one was ever saved.
    pub fn plan_key(&self) -> Result<Option<PlanKey>, StoreError> {
        let digits = self.meta(KEY)?;
        Ok(digits.as_deref().and_then(bytes).map(PlanKey::from))
    }

    /// The same; made where there is none.
    pub fn ensure_plan_key(&self) -> Result<PlanKey, StoreError> {
        if let Some(key) = self.plan_key()? {
            return Ok(key);
        }
        let mut new = [0; 32];
        let random = |error: getrandom::Error| std::io::Error::other(error.to_string());
        getrandom::fill(&mut new)
            .map_err(random)
            .map_err(StoreError::io(self.path()))?;
        let digits = hex(&new);
        // Another process may have made one just now: the first counts.
        self.execute(
            "INSERT INTO meta VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            [KEY, &digits],
        )?;
        Ok(self.plan_key()?.unwrap_or_else(|| PlanKey::from(new)))
    }
}

/// The key that these digits write.
fn bytes(digits: &str) -> Option<[u8; 32]> {
    let byte = |at: usize| u8::from_str_radix(digits.get(2 * at..2 * at + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..32).map(byte).collect();
    bytes?.try_into().ok()
}
