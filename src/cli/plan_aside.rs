//! What a plan in text says of conflicts, changed identities and who is left out.

use super::output::{Tone, counted, wrap};
use super::plan_text::Text;
use crate::plan::{LeftOut, Skipped, Subject};
use crate::sync::Planned;
use crate::text::escape;
use std::collections::{BTreeMap, HashMap};

impl Text<'_> {
    pub(super) fn conflicts(&mut self, planned: &Planned) {
        let conflicts = &planned.plan.conflicts;
        if conflicts.is_empty() {
            return;
        }
        let count = conflicts.len() as u64;
        let what = format!(
            "! {}: left alone until resolved",
            counted(count, "conflict", "conflicts")
        );
        self.heading(Tone::Held, &what);
        let inputs = planned.inputs();
        for conflict in conflicts.iter().take(self.most(conflicts.len())) {
            let cells = [(conflict.kind.as_str(), 7), (conflict.name(&inputs), 26)];
            self.named(&cells, &conflict.words(&inputs));
        }
        self.more(conflicts.len());
    }

    /// What became of people who are linked, one a line.
    pub(super) fn identities(&mut self, planned: &Planned) {
        let inputs = planned.inputs();
        let skipped = planned.plan.skipped.iter();
        let told: Vec<&Skipped> = skipped.filter(|row| row.why.is_told_only()).collect();
        if told.is_empty() {
            return;
        }
        let count = counted(told.len() as u64, "person", "people");
        let what = format!("~ {count} with a changed identity");
        self.heading(Tone::Strong, &what);
        for row in told.iter().take(self.most(told.len())) {
            self.named(&[(&row.name(&inputs), 26)], &row.words(&inputs));
        }
        self.more(told.len());
    }

    /// Cells of these widths, and beside them words over as many lines as they need.
    fn named(&mut self, cells: &[(&str, usize)], words: &str) {
        let blank = " ".repeat(cells.iter().map(|(_, width)| width + 1).sum());
        let cells = cells
            .iter()
            .map(|(text, width)| self.output.cell(text, *width) + " ");
        let cells: String = cells.collect();
        let room = self.output.width().saturating_sub(4 + blank.len());
        for (at, part) in wrap(&escape(words), room).iter().enumerate() {
            let cells = if at == 0 { &cells } else { &blank };
            self.line(&format!("    {cells}{part}"));
        }
    }

    pub(super) fn left_out(&mut self, planned: &Planned) {
        let skipped = planned.plan.skipped.iter();
        let count = skipped.filter(|row| !row.why.is_told_only()).count();
        if count == 0 {
            return;
        }
        let what = format!("· {count} left out");
        self.heading(Tone::Strong, &what);
        let inputs = planned.inputs();
        for ((kind, reason), rows) in by_words(planned) {
            let (one, many) = match kind {
                Subject::Person => ("person", "people"),
                Subject::Group => ("group", "groups"),
            };
            let count = counted(rows.len() as u64, one, many);
            self.named(&[(&count, 12)], &reason);
            let name = |row: &&Skipped| escape(&row.name(&inputs)).into_owned();
            if self.output.verbose {
                let all: Vec<String> = rows.iter().map(name).collect();
                self.wrapped(Tone::Dim, &all.join(", "), 17);
                continue;
            }
            let most = self.most(rows.len()).clamp(1, 5);
            let mut list: Vec<String> = rows.iter().take(most).map(name).collect();
            if rows.len() > list.len() {
                list.push("…".to_owned());
            }
            let list = self.output.cell(&list.join(", "), self.output.width() - 18);
            let list = self.output.tone(Tone::Dim, list.trim_end());
            self.line(&format!("                 {list}"));
        }
    }
}

/// Who is left out, by kind and words. Words that are the same for all are made once.
fn by_words(planned: &Planned) -> BTreeMap<(Subject, String), Vec<&Skipped>> {
    let inputs = planned.inputs();
    let mut same: HashMap<(Subject, LeftOut), Vec<&Skipped>> = HashMap::new();
    let mut found: BTreeMap<(Subject, String), Vec<&Skipped>> = BTreeMap::new();
    for row in planned
        .plan
        .skipped
        .iter()
        .filter(|row| !row.why.is_told_only())
    {
        let kind = row.kind(&inputs);
        if row.why.is_same_for_all() {
            same.entry((kind, row.why)).or_default().push(row);
        } else {
            let words = (kind, row.words(&inputs));
            found.entry(words).or_default().push(row);
        }
    }
    for ((kind, _), rows) in same {
        let words = rows[0].words(&inputs);
        found.entry((kind, words)).or_default().extend(rows);
    }
    found
}
