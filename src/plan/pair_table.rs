//! Pairs of a person's and an account's id, compactly.

/// One pair in the text: the person's id, followed by the account's.
#[derive(Debug, Clone, Copy)]
struct Pair {
    start: u32,
    person: u16,
    account: u16,
}

/// Pairs, each person and each account once.
#[derive(Debug, Default)]
pub(super) struct PairTable {
    text: String,
    /// Sorted by the person's id.
    pairs: Vec<Pair>,
    /// Places among the pairs, sorted by the account's id.
    by_account: Vec<u32>,
}

impl PairTable {
    fn person(&self, pair: Pair) -> &str {
        let start = pair.start as usize;
        &self.text[start..start + usize::from(pair.person)]
    }

    fn account(&self, pair: Pair) -> &str {
        let start = pair.start as usize + usize::from(pair.person);
        &self.text[start..start + usize::from(pair.account)]
    }

    /// Stores a pair; says whether there is room for it.
    pub(super) fn push(&mut self, person: &str, account: &str) -> bool {
        let (Ok(start), Ok(person_len), Ok(account_len)) = (
            u32::try_from(self.text.len()),
            u16::try_from(person.len()),
            u16::try_from(account.len()),
        ) else {
            return false;
        };
        self.text.push_str(person);
        self.text.push_str(account);
        self.pairs.push(Pair {
            start,
            person: person_len,
            account: account_len,
        });
        true
    }

    /// The pairs in the order of the persons' ids.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs
            .iter()
            .map(|pair| (self.person(*pair), self.account(*pair)))
    }

    pub(super) fn sort(&mut self) {
        let mut pairs = std::mem::take(&mut self.pairs);
        pairs.sort_unstable_by(|a, b| self.person(*a).cmp(self.person(*b)));
        self.pairs = pairs;
        let mut places: Vec<u32> = (0..self.pairs.len() as u32).collect();
        let of = |place: &u32| self.account(self.pairs[*place as usize]);
        places.sort_unstable_by(|a, b| of(a).cmp(of(b)));
        self.by_account = places;
        self.text.shrink_to_fit();
        self.pairs.shrink_to_fit();
    }

    pub(super) fn account_of(&self, person: &str) -> Option<&str> {
        let found = self
            .pairs
            .binary_search_by(|pair| self.person(*pair).cmp(person));
        found.ok().map(|at| self.account(self.pairs[at]))
    }

    pub(super) fn person_of(&self, account: &str) -> Option<&str> {
        let pair = |place: u32| self.pairs[place as usize];
        let order = |place: &u32| self.account(pair(*place)).cmp(account);
        let found = self.by_account.binary_search_by(order);
        found.ok().map(|at| self.person(pair(self.by_account[at])))
    }
}
