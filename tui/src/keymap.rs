//! The keys: one table, from which keys are dispatched and from which the hints and the help are written.

mod here;
mod mapped;

use crate::key::Key;
use crate::screen::Screen;

pub(crate) use here::Here;
pub use mapped::Keys;
pub(crate) use mapped::name;

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    Show(Screen),
    Palette,
    Filter,
    Help,
    Enter,
    Back,
    NextPane,
    PreviousPane,
    Maximise,
    Refresh,
    Retry,
    Pause,
    CopyId,
    CopyCommand,
    Contexts,
    Environments,
    Colours,
    Mouse,
    ClientLog,
    Redraw,
    Suspend,
    Quit,
    Down,
    Up,
    Top,
    Bottom,
    HalfDown,
    HalfUp,
    PageDown,
    PageUp,
    Left,
    Right,
    NextMatch,
    PreviousMatch,
    NextHunk,
    PreviousHunk,
    Sort,
    TurnAround,
    Mark,
    MarkAll,
    MoreColumns,
    Decided,
    Diff,
    File,
    Explain,
    History,
    Follow,
    Promote,
    RollBack,
    Kill,
    Restore,
    Approve,
    Reject,
    Comment,
    Cancel,
    Override,
    Edit,
    New,
    Later,
    Sooner,
}

/// Where a key means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum On {
    /// Everywhere.
    All,
    /// On these screens.
    These(&'static [Screen]),
}

/// What kind of thing a key does, which is a heading of the help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    Everywhere,
    Move,
    Lists,
    Read,
    /// Each of them opens a dialog.
    Change,
}

impl Group {
    /// All of them, in the order of the help.
    pub(crate) const ALL: [Self; 5] = [Self::Change, Self::Read, Self::Lists, Self::Move, Self::Everywhere];
}

/// A key and what it does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Binding {
    pub(crate) key: Key,
    pub(crate) action: Action,
    pub(crate) on: On,
    pub(crate) group: Group,
    /// What the hint row says: a word or two; empty for a second key of the same.
    pub(crate) hint: &'static str,
    /// What the help says.
    pub(crate) help: &'static str,
    /// Whether it can do something where the cursor is: the hint row leaves out what cannot.
    pub(crate) when: fn(Here) -> bool,
}

use Action as A;
use Group as G;
use Key as K;
use Screen as S;

const LISTS: On = On::These(&[S::Overview, S::Features, S::Changes, S::Kills, S::Edges, S::Events]);
const SORTED: On = On::These(&[S::Features, S::Changes, S::Kills, S::Edges]);
const MARKED: On = On::These(&[S::Overview, S::Features, S::Changes]);
const FEATURES: On = On::These(&[S::Features, S::Feature]);
const FLAGS: On = On::These(&[S::Features, S::Feature, S::Kills]);
const PLACES: On = On::These(&[S::Overview, S::Features, S::Feature, S::Kills]);
const CHANGES: On = On::These(&[S::Overview, S::Changes, S::Feature]);

const fn key(key: Key, action: Action, on: On, group: Group, words: [&'static str; 2]) -> Binding {
    let [hint, help] = words;
    Binding { key, action, on, group, hint, help, when: |_| true }
}

impl Binding {
    /// Is hinted at only where this is so.
    const fn when(mut self, when: fn(Here) -> bool) -> Self {
        self.when = when;
        self
    }
}

/// Every key. What is changed has a capital letter, and nothing else changes anything.
pub(crate) const KEYS: &[Binding] = &[
    key(K::Enter, A::Enter, On::All, G::Move, ["open", "go in"]).when(|here| here.opens),
    key(K::Char('P'), A::Promote, FEATURES, G::Change, ["promote", "promote to the next stage"])
        .when(|here| here.later),
    key(K::Char('B'), A::RollBack, FEATURES, G::Change, ["roll back", "roll a stage back"])
        .when(|here| here.earlier),
    key(K::Char('K'), A::Kill, FLAGS, G::Change, ["kill", "turn a feature off at once"])
        .when(|here| here.live),
    key(K::Char('U'), A::Restore, PLACES, G::Change, ["restore", "take a kill back"])
        .when(|here| here.killed),
    key(
        K::Char('A'),
        A::Approve,
        CHANGES,
        G::Change,
        ["approve", "approve a change, or all that are marked"],
    )
    .when(|here| here.votes),
    key(K::Char('X'), A::Reject, CHANGES, G::Change, ["reject", "reject a change"]).when(|here| here.votes),
    key(K::Char('M'), A::Comment, CHANGES, G::Change, ["comment", "say something about a change"])
        .when(|here| here.change),
    key(
        K::Char('C'),
        A::Cancel,
        On::These(&[S::Changes]),
        G::Change,
        ["cancel", "take a change back that is not applied yet"],
    )
    .when(|here| here.cancels),
    key(
        K::Char('O'),
        A::Override,
        On::These(&[S::Changes]),
        G::Change,
        ["override", "let a change through without its approvals, where the policy lets an admin"],
    )
    .when(|here| here.overrides),
    key(
        K::Char('E'),
        A::Edit,
        On::These(&[S::Feature]),
        G::Change,
        ["edit", "edit a stage's document in $EDITOR"],
    )
    .when(|here| here.live),
    key(K::Char('N'), A::New, On::These(&[S::Features]), G::Change, ["new", "create a feature"]),
    key(
        K::Char('+'),
        A::Later,
        On::These(&[S::Kills]),
        G::Change,
        ["later", "let the kill end 10 minutes later"],
    )
    .when(|here| here.ends),
    key(
        K::Char('-'),
        A::Sooner,
        On::These(&[S::Kills]),
        G::Change,
        ["sooner", "let the kill end 10 minutes sooner"],
    )
    .when(|here| here.killed),
    key(
        K::Char('d'),
        A::Diff,
        On::These(&[S::Features, S::Feature, S::Changes]),
        G::Read,
        ["diff", "what is different"],
    )
    .when(|here| here.differs),
    key(K::Char('v'), A::File, FEATURES, G::Read, ["file", "the stage as a file"]).when(|here| here.live),
    key(K::Char('x'), A::Explain, FEATURES, G::Read, ["explain", "why somebody gets what they get"])
        .when(|here| here.live),
    key(K::Char('l'), A::History, On::These(&[S::Features]), G::Read, ["history", "what was live"])
        .when(|here| here.any),
    key(K::Char('f'), A::Follow, On::These(&[S::Events]), G::Read, ["follow", "follow what is new"]),
    key(K::Char(' '), A::Mark, MARKED, G::Lists, ["mark", "mark, for what is done to several"])
        .when(|here| here.any),
    key(K::Char('*'), A::MarkAll, MARKED, G::Lists, ["", "mark all that are shown, or none"]),
    key(K::Char('s'), A::Sort, SORTED, G::Lists, ["sort", "sort by the next column"]),
    key(K::Char('S'), A::TurnAround, SORTED, G::Lists, ["", "turn the order around"]),
    key(
        K::Char('w'),
        A::MoreColumns,
        On::These(&[S::Features, S::Edges]),
        G::Lists,
        ["more", "more columns, or fewer"],
    )
    .when(|here| here.wider),
    key(
        K::Char('w'),
        A::Decided,
        On::These(&[S::Changes]),
        G::Lists,
        ["waiting/all", "what was decided too, or only what waits"],
    ),
    key(
        K::Char('['),
        A::PreviousHunk,
        On::These(&[S::Changes]),
        G::Move,
        ["hunk", "to the difference before"],
    )
    .when(|here| here.differs),
    key(K::Char(']'), A::NextHunk, On::These(&[S::Changes]), G::Move, ["", "to the next difference"]),
    key(K::Down, A::Down, On::All, G::Move, ["", "down"]),
    key(K::Char('j'), A::Down, On::All, G::Move, ["", "down"]),
    key(K::Up, A::Up, On::All, G::Move, ["", "up"]),
    key(K::Char('k'), A::Up, On::All, G::Move, ["", "up"]),
    key(K::Char('g'), A::Top, On::All, G::Move, ["", "to the top"]),
    key(K::Home, A::Top, On::All, G::Move, ["", "to the top"]),
    key(K::Char('G'), A::Bottom, On::All, G::Move, ["", "to the end"]),
    key(K::End, A::Bottom, On::All, G::Move, ["", "to the end"]),
    key(K::Ctrl('d'), A::HalfDown, On::All, G::Move, ["", "half a page down"]),
    key(K::Ctrl('u'), A::HalfUp, On::All, G::Move, ["", "half a page up"]),
    key(K::PageDown, A::PageDown, On::All, G::Move, ["", "a page down"]),
    key(K::PageUp, A::PageUp, On::All, G::Move, ["", "a page up"]),
    key(K::Char('h'), A::Left, On::These(&[S::Feature]), G::Move, ["", "to the stage on the left"]),
    key(K::Left, A::Left, On::These(&[S::Feature]), G::Move, ["", "to the stage on the left"]),
    key(K::Char('l'), A::Right, On::These(&[S::Feature]), G::Move, ["", "to the stage on the right"]),
    key(K::Right, A::Right, On::These(&[S::Feature]), G::Move, ["", "to the stage on the right"]),
    key(K::Char('n'), A::NextMatch, On::These(&[S::Events]), G::Move, ["", "to the next that matches"]),
    key(
        K::Char('p'),
        A::PreviousMatch,
        On::These(&[S::Events]),
        G::Move,
        ["", "to the one before that matches"],
    ),
    key(K::Tab, A::NextPane, On::All, G::Move, ["", "to the next pane"]),
    key(K::BackTab, A::PreviousPane, On::All, G::Move, ["", "to the pane before"]),
    key(K::Char('z'), A::Pause, On::All, G::Everywhere, ["", "stop taking in what is new, or go on"]),
    key(K::Char('Z'), A::Maximise, On::All, G::Everywhere, ["", "one pane at full size, or all"]),
    key(K::Char('/'), A::Filter, On::All, G::Everywhere, ["filter", "filter the list; Esc clears"])
        .when(|here| here.filters),
    key(K::Char(':'), A::Palette, On::All, G::Everywhere, ["command", "type a command"]),
    key(K::Char('c'), A::Contexts, On::All, G::Everywhere, ["", "another context"]),
    key(K::Char('e'), A::Environments, LISTS, G::Everywhere, ["", "another environment"]),
    key(K::Char('y'), A::CopyId, On::All, G::Everywhere, ["", "copy what it is called"]),
    key(
        K::Char('Y'),
        A::CopyCommand,
        On::All,
        G::Everywhere,
        ["", "copy the fgctl command that is the same"],
    ),
    key(K::Char('R'), A::Refresh, On::All, G::Everywhere, ["", "ask again now"]),
    key(K::Char('r'), A::Retry, On::All, G::Everywhere, ["", "connect again now"]),
    key(K::Char('T'), A::Colours, On::All, G::Everywhere, ["", "other colours"]),
    key(K::Char('m'), A::Mouse, On::All, G::Everywhere, ["", "use the mouse, or leave it to the terminal"]),
    key(K::Char('L'), A::ClientLog, On::All, G::Everywhere, ["", "what the dashboard asked and was told"]),
    key(K::Ctrl('l'), A::Redraw, On::All, G::Everywhere, ["", "draw all of it again"]),
    key(K::Ctrl('z'), A::Suspend, On::All, G::Everywhere, ["", "to the shell; `fg` comes back"]),
    key(K::Char('1'), A::Show(S::Overview), On::All, G::Everywhere, ["", "overview"]),
    key(K::Char('2'), A::Show(S::Features), On::All, G::Everywhere, ["", "features"]),
    key(K::Char('3'), A::Show(S::Changes), On::All, G::Everywhere, ["", "changes"]),
    key(K::Char('4'), A::Show(S::Kills), On::All, G::Everywhere, ["", "kill switches"]),
    key(K::Char('5'), A::Show(S::Edges), On::All, G::Everywhere, ["", "edges"]),
    key(K::Char('6'), A::Show(S::Events), On::All, G::Everywhere, ["", "events"]),
    key(K::Esc, A::Back, On::All, G::Move, ["back", "go out"]).when(|here| here.back),
    key(K::Char('?'), A::Help, On::All, G::Everywhere, ["help", "this"]),
    key(K::Char('q'), A::Quit, On::All, G::Everywhere, ["quit", "quit"]),
    key(K::Ctrl('c'), A::Quit, On::All, G::Everywhere, ["", "quit"]),
];

impl On {
    fn is_on(self, screen: Screen) -> bool {
        match self {
            Self::All => true,
            Self::These(screens) => screens.contains(&screen),
        }
    }
}

impl Binding {
    /// Returns whether the palette names it: not what moves, nor the palette itself.
    pub(crate) fn is_command(&self) -> bool {
        let nothing = matches!(self.action, Action::Show(_) | Action::Palette);
        self.group != Group::Move && !nothing
    }
}

#[cfg(test)]
mod tests {
    use super::{Group, KEYS, Keys};
    use crate::key::Key;
    use crate::screen::{Screen, TABS};

    #[test]
    fn a_key_means_one_thing_on_a_screen() {
        for screen in TABS.map(|(screen, ..)| screen).into_iter().chain([Screen::Feature]) {
            let mut seen = Vec::new();
            for binding in Keys::default().on(screen) {
                assert!(!seen.contains(&binding.key), "{:?} twice on {screen:?}", binding.key);
                seen.push(binding.key);
            }
        }
    }

    #[test]
    fn what_changes_something_is_written_large() {
        for binding in KEYS.iter().filter(|binding| binding.group == Group::Change) {
            let large = matches!(binding.key, Key::Char(c) if c.is_uppercase() || "+-".contains(c));
            assert!(large && !binding.hint.is_empty(), "{binding:?}");
        }
    }
}
