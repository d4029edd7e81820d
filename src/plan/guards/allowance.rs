//! What the admin allows, by guard and number.

use super::name::{GuardCount, GuardName};
use std::collections::BTreeMap;
use std::str::FromStr;

/// A guard's name and the number that the admin saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Which guard.
    pub name: GuardName,
    /// The count.
    pub count: u64,
}

/// Why an allowance is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AllowanceError {
    /// Not of the form `name=count`.
    #[error(
        "“{0}” is no allowance: write a guard's name and the number that the plan shows for it, such as new-people=263"
    )]
    Form(String),
    /// No such guard.
    #[error("there is no guard “{0}”; those that can be allowed are {list}", list = allowable())]
    Unknown(String),
    /// The guard can't be allowed.
    #[error("the guard “{0}” can't be allowed: {1}")]
    Never(GuardName, &'static str),
    /// The plan shows another number.
    #[error("“{name}={given}” was allowed, but this plan shows {shown} for it")]
    Other {
        /// Which.
        name: GuardName,
        /// What was given.
        given: u64,
        /// What the plan shows; 0 if the guard does not trip.
        shown: u64,
    },
}

/// The names of the guards that can be allowed.
fn allowable() -> String {
    let guards = GuardName::ALL.into_iter().filter(|guard| guard.allowable());
    guards.map(GuardName::as_str).collect::<Vec<_>>().join(", ")
}

impl FromStr for Allowance {
    type Err = AllowanceError;

    fn from_str(text: &str) -> Result<Self, AllowanceError> {
        let form = || AllowanceError::Form(text.to_owned());
        let (name, count) = text.split_once('=').ok_or_else(form)?;
        let guard = GuardName::parse(name.trim())
            .ok_or_else(|| AllowanceError::Unknown(name.trim().to_owned()))?;
        let count = count.trim().parse().map_err(|_| form())?;
        Ok(Self { name: guard, count })
    }
}

/// What the admin allows, by guard.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allowances(BTreeMap<GuardName, u64>);

impl Allowances {
    /// Collects allowances.
    #[must_use]
    pub fn new(allowances: impl IntoIterator<Item = Allowance>) -> Self {
        Self(allowances.into_iter().map(|a| (a.name, a.count)).collect())
    }

    /// Whether nothing is allowed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this guard is among them.
    #[must_use]
    pub fn names(&self, guard: GuardName) -> bool {
        self.0.contains_key(&guard)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = Allowance> {
        self.0
            .iter()
            .map(|(&name, &count)| Allowance { name, count })
    }

    pub(super) fn covers(&self, guard: GuardCount) -> bool {
        guard.allowable && self.0.get(&guard.name) == Some(&guard.count)
    }

    /// Checks the allowances against what a plan shows without them.
    pub fn check(&self, shown: &[GuardCount]) -> Result<(), AllowanceError> {
        for allowance in self.iter() {
            let name = allowance.name;
            let shown = shown.iter().find(|guard| guard.name == name);
            let refusal = shown.and_then(|guard| guard.refusal());
            if let Some(why) = name.refusal().or(refusal) {
                return Err(AllowanceError::Never(name, why));
            }
            let count = shown.map(|guard| guard.count);
            if count != Some(allowance.count) {
                return Err(AllowanceError::Other {
                    name,
                    given: allowance.count,
                    shown: count.unwrap_or(0),
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allowances_need_a_name_and_the_number_shown() {
        let shown = [GuardCount {
            name: GuardName::NewPeople,
            count: 263,
            limit: 25,
            allowable: true,
        }];
        let allow = |text: &str| Allowances::new([text.parse().unwrap()]).check(&shown);
        assert_eq!(allow("new-people=263"), Ok(()));
        assert!(allow("new-people=262").is_err());
        assert!(allow("new-groups=1").is_err());
        assert!(allow("new-groups=0").is_err());
        assert!(allow("protected=1").is_err());
        assert!("new-people".parse::<Allowance>().is_err());
        assert!("new-poeple=3".parse::<Allowance>().is_err());
    }
}
