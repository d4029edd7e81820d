//! Text compared without its case, as Jira's searches do.

/// Whether text begins with this lower-case text, whatever its own case.
pub(super) fn begins(text: &str, query: &str) -> bool {
    if query.is_ascii() {
        let start = text.as_bytes().get(..query.len());
        return start.is_some_and(|start| start.eq_ignore_ascii_case(query.as_bytes()));
    }
    let mut text = text.chars().flat_map(char::to_lowercase);
    query.chars().all(|wanted| text.next() == Some(wanted))
}

/// Whether text is this lower-case text, whatever its own case.
pub(super) fn is_same(text: &str, query: &str) -> bool {
    begins(text, query)
        && text.chars().flat_map(char::to_lowercase).count() == query.chars().count()
}
