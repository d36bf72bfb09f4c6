//! What can be done where the cursor is, as far as that depends on what it is on.

/// What there is where the cursor is; each screen says it, and the table of keys asks.
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Here {
    /// Whether anything is listed.
    pub(crate) any: bool,
    /// Whether Enter goes somewhere.
    pub(crate) opens: bool,
    /// Whether there is something to go out of.
    pub(crate) back: bool,
    /// Whether the list can be filtered.
    pub(crate) filters: bool,
    /// Whether there is room for more columns.
    pub(crate) wider: bool,
    /// Whether a version is live, of one feature.
    pub(crate) live: bool,
    /// Whether there is a stage after one that is live.
    pub(crate) later: bool,
    /// Whether there was a version before.
    pub(crate) earlier: bool,
    /// Whether a kill is there, which can be taken back.
    pub(crate) killed: bool,
    /// Whether that ends by itself.
    pub(crate) ends: bool,
    /// Whether there is a change that something can be said about.
    pub(crate) change: bool,
    /// Whether a vote of whoever is signed in counts.
    pub(crate) votes: bool,
    /// Whether that can be taken back by whoever is signed in.
    pub(crate) cancels: bool,
    /// Whether it can be let through by whoever is signed in.
    pub(crate) overrides: bool,
    /// Whether there is something to be compared.
    pub(crate) differs: bool,
}
