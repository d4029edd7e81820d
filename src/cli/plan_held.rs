//! What guards hold and can be allowed, by name and to the last one.

use super::output::Tone;
use super::plan_text::Text;
use crate::sync::Planned;
use crate::text::escape;

impl Text<'_> {
    /// Everything that an allowance lets through.
    pub(super) fn held_in_full(&mut self, planned: &Planned) {
        let (plan, inputs) = (&planned.plan, planned.inputs());
        let lists = plan.let_through();
        if lists.is_empty() {
            return;
        }
        self.heading(Tone::Strong, "What allowing it lets through");
        for list in lists {
            self.wrapped(Tone::Held, &list.words(plan), 4);
            let operations = list.operations.iter();
            let operations = operations.map(|at| &plan.operations[*at as usize]);
            let names = operations.map(|op| escape(plan.name(&inputs, op)));
            let names: Vec<_> = names.collect();
            self.wrapped(Tone::Dim, &names.join(", "), 6);
        }
    }
}
