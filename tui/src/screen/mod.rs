//! The screens: what each knows, what its keys do there, and how it is drawn.

pub(crate) mod changes;
pub(crate) mod edges;
pub(crate) mod events;
pub(crate) mod feature;
pub(crate) mod features;
pub(crate) mod kills;
pub(crate) mod overview;
mod pane;

pub(crate) use pane::Pane;

/// A screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Screen {
    /// What needs somebody now.
    #[default]
    Overview,
    /// All features.
    Features,
    /// One of them.
    Feature,
    /// What is proposed.
    Changes,
    /// What is killed.
    Kills,
    /// Who serves.
    Edges,
    /// What was done.
    Events,
}

/// The screens that have a number, with their names at full and at little width.
pub(crate) const TABS: [(Screen, &str, &str); 6] = [
    (Screen::Overview, "Overview", "Over"),
    (Screen::Features, "Features", "Feat"),
    (Screen::Changes, "Changes", "Chg"),
    (Screen::Kills, "Kill switches", "Kill"),
    (Screen::Edges, "Edges", "Edge"),
    (Screen::Events, "Events", "Evt"),
];

impl Screen {
    /// Returns the tab that it belongs to.
    pub(crate) fn tab(self) -> Self {
        if self == Self::Feature { Self::Features } else { self }
    }
}
