//! The stage of identities: what became of those who are linked.

use super::address::{address, shows_other_address};
use super::conflict::Conflict;
use super::draft::Draft;
use super::left_out::{About, LeftOut};
use super::matching::Matched;
use super::operation::NONE;
use super::question::QuestionCode;
use super::scope::Standing;
use super::visible::Visible;
use crate::directory::{AccountId, EntraId};

impl Draft<'_> {
    /// Tells whose address changed, and who was hired again. A link goes on counting in any case.
    pub(super) fn identities(&mut self) {
        for row in std::mem::take(&mut self.matching.hired_again) {
            if self.standing[row as usize] == Standing::InScope {
                self.skip(About::Person(row), LeftOut::HiredAgain);
            }
        }
        let changed = self.changed_addresses();
        if changed.is_empty() {
            return;
        }
        let inputs = self.inputs;
        let sources = &inputs.settings.provisioning.email_from;
        let visible = Visible::of(inputs.entra, inputs.jira, &changed, sources);
        let different = &inputs.known.decisions.different;
        for row in changed {
            let person = inputs.entra.person(row);
            let is_other = |account: &u32| {
                let account = AccountId::new(inputs.jira.account(*account).id());
                let pair = (EntraId::new(person.id()), account);
                different.is_empty() || !different.contains(&pair)
            };
            let bearers = address(person, sources).map(|own| visible.accounts(own));
            let bearers: Vec<u32> = bearers.into_iter().flatten().filter(is_other).collect();
            if bearers.is_empty() {
                self.skip(About::Person(row), LeftOut::FormerAddress);
            } else {
                let code = QuestionCode::AddressElsewhere;
                if self.ask(Conflict::person(row, code, bearers)) {
                    self.with_account -= 1;
                }
            }
        }
    }

    /// People in scope whose account, which is linked and active, shows another address than theirs.
    fn changed_addresses(&self) -> Vec<u32> {
        let inputs = self.inputs;
        let sources = &inputs.settings.provisioning.email_from;
        let linked = (0u32..).zip(&self.matching.how);
        let linked = linked.filter(|(row, how)| {
            **how == Some(Matched::Link) && self.standing[*row as usize] == Standing::InScope
        });
        let changed = linked.filter(|(row, _)| {
            let account = self.matching.account_of[*row as usize];
            account != NONE
                && inputs.jira.account(account).active()
                && shows_other_address(
                    inputs.entra.person(*row),
                    inputs.jira.account(account).email(),
                    sources,
                )
        });
        changed.map(|(row, _)| row).collect()
    }
}
