//! A change in full: who and why, how far its policies are, what it changes, what was said.

use fluxgate_client::change::{Change, Comment, PolicyProgress, Vote};
use fluxgate_client::{ChangeStatus, Decision};
use fluxgate_wording::change::{by, diff_lines, heading, place, state, summary};
use fluxgate_wording::event::said;
use fluxgate_wording::{Line, Tone, time};

use super::vote;
use crate::access::role;
use crate::app::Desk;
use crate::keymap::Action;
use crate::screen::Screen;

/// How wide is the name of a fact?
const NAME: usize = 9;

/// A line, and whether `]` stops at it.
pub(super) type Marked = (Line, bool);

/// Returns all there is to say of a change.
pub(super) fn lines(change: &Change, desk: &Desk) -> Vec<Marked> {
    let mut lines = vec![head(change), proposed(change, desk)];
    if let Some(former) = change.rebased_from {
        lines.push(fact("again", Line::from(format!("#{former}, which was stale"))));
    }
    if let Some(at) = change.apply_at {
        let when = format!("not before {}  ({})", time::instant(at), relative(at, desk));
        lines.push(fact("applies", Line::from(when)));
    }
    lines.extend(change.policies.iter().map(|one| policy(one, desk)));
    if let Some(through) = &change.override_ {
        let who = by(&through.by, through.token.as_deref());
        let words =
            Line::default().and(Tone::Waiting, "▲ ").and(Tone::Plain, format!("{who}  {:?}", through.reason));
        lines.push(fact("let past", words));
    }
    // What was voted down says by whom, and not that it failed.
    let rejected = change.status == ChangeStatus::Rejected;
    if rejected {
        lines.extend(change.votes.iter().map(|vote| voted(vote, desk)));
    }
    if let Some(failure) = change.failure.as_ref().filter(|_| !rejected) {
        lines.push(fact("failed", Line::default().and(Tone::Bad, failure)));
    }
    for version in change.items.iter().filter_map(|item| item.version) {
        let when = change.applied_at.map_or_else(String::new, |at| format!("  {}", relative(at, desk)));
        lines.push(fact("applied", Line::from(format!("v{version}{when}"))));
    }
    if let ChangeStatus::Pending = change.status {
        lines.push(fact("you", yours(change, desk)));
    }
    let mut lines: Vec<Marked> = lines.into_iter().map(|line| (line, false)).collect();
    lines.push((Line::default(), false));
    lines.extend(diff(change));
    let votes: &[Vote] = if rejected { &[] } else { &change.votes };
    if !votes.is_empty() || !change.comments.is_empty() {
        lines.push((Line::default(), false));
    }
    lines.extend(votes.iter().map(|vote| (voted(vote, desk), false)));
    lines.extend(change.comments.iter().map(|comment| (commented(comment, desk), false)));
    lines
}

fn head(change: &Change) -> Line {
    let (tone, word) = state(&change.status);
    Line::default()
        .and(Tone::Strong, summary(change))
        .and(Tone::Plain, format!("  {}  ", place(change)))
        .and(tone, format!("{}{word}", tone.glyph()))
}

fn proposed(change: &Change, desk: &Desk) -> Line {
    let who = by(&change.author, change.token.as_deref());
    let when = format!("  {}  ", relative(change.created_at, desk));
    let why = change.reason.as_deref().filter(|reason| !reason.is_empty());
    fact("by", Line::from(who).and(Tone::Dim, when).and(Tone::Plain, said(why)))
}

/// Says when something was, or will be.
fn relative(at: chrono::DateTime<chrono::Utc>, desk: &Desk) -> String {
    match desk.ago(at) {
        ahead if ahead.starts_with("in ") => ahead,
        ago => format!("{ago} ago"),
    }
}

/// Returns how far a line goes on below where it has no room: below what it says, or as a difference does.
pub(super) fn indent(line: &Line) -> usize {
    match line.0.first() {
        Some((Tone::Dim, name)) if name.chars().count() == NAME + 1 => NAME + 1,
        _ => 4,
    }
}

fn fact(name: &str, words: Line) -> Line {
    let mut line = Line::default().and(Tone::Dim, format!("{name:<NAME$} "));
    line.0.extend(words.0);
    line
}

pub(super) fn policy(policy: &PolicyProgress, desk: &Desk) -> Line {
    let (tone, sign) = if policy.satisfied { (Tone::Good, "✓") } else { (Tone::Waiting, "◐") };
    let roles: Vec<&str> = policy.roles.iter().map(role).collect();
    let mut about = format!("  {} by {}", policy.name, roles.join(" or "));
    if policy.override_allowed {
        about.push_str(", may be overridden");
    }
    let by_itself = policy.auto_approve_at.filter(|_| !policy.satisfied);
    let words = Line::default()
        .and(tone, format!("{sign} {} of {}", policy.approvals, policy.required))
        .and(Tone::Plain, about);
    fact(
        "policy",
        match by_itself {
            Some(at) => words.and(Tone::Dim, format!("  by itself {}", relative(at, desk))),
            None => words,
        },
    )
}

fn yours(change: &Change, desk: &Desk) -> Line {
    let key = |action| desk.keys.called(action, Screen::Changes);
    let (approve, reject) = (key(Action::Approve), key(Action::Reject));
    match vote::refused(change, desk) {
        Some(why) => Line::default().and(Tone::Dim, why),
        None if vote::part(change, desk.who.as_ref()) == vote::Part::Voted => {
            Line::from(format!("have voted; {approve} and {reject} vote again"))
        }
        None => Line::from(format!("may vote: {approve} approves, {reject} rejects")),
    }
}

fn voted(vote: &Vote, desk: &Desk) -> Line {
    let (tone, sign, word) = match vote.decision {
        Decision::Approve => (Tone::Good, "✓", "approved"),
        _ => (Tone::Bad, "✗", "rejected"),
    };
    let words = said(vote.comment.as_deref().filter(|text| !text.is_empty()));
    Line::default()
        .and(tone, format!("{sign} {word}  "))
        .and(Tone::Plain, by(&vote.user, vote.token.as_deref()))
        .and(Tone::Dim, format!("  {}  ", relative(vote.at, desk)))
        .and(Tone::Plain, words)
}

fn commented(comment: &Comment, desk: &Desk) -> Line {
    Line::default()
        .and(Tone::Dim, "· said      ")
        .and(Tone::Plain, by(&comment.user, comment.token.as_deref()))
        .and(Tone::Dim, format!("  {}  ", relative(comment.at, desk)))
        .and(Tone::Plain, said(Some(&comment.text)))
}

/// Returns what a change changes, stage by stage. Differences of one thing, such as a rule, are one hunk.
pub(super) fn diff(change: &Change) -> Vec<Marked> {
    let mut lines = Vec::new();
    for item in &change.items {
        lines.push((heading(item), true));
        // Where nothing differs there is one line without an entry.
        let paths = item.diff.iter().map(|entry| thing(&entry.path)).chain(std::iter::repeat(""));
        let mut last = item.diff.first().map(|entry| thing(&entry.path)).unwrap_or_default();
        for (line, path) in diff_lines(item).into_iter().zip(paths) {
            lines.push((line, path != last));
            last = path;
        }
    }
    lines
}

/// Returns which thing a path is in: `criteria["US split"]` of `criteria["US split"].split`.
fn thing(path: &str) -> &str {
    let mut quoted = false;
    let end = path.find(|c| {
        quoted ^= c == '"';
        c == '.' && !quoted
    });
    end.and_then(|end| path.get(..end)).unwrap_or(path)
}

/// Returns a change in one line, as a dialog lists it.
pub(super) fn brief(change: &Change) -> Vec<Line> {
    let who = by(&change.author, change.token.as_deref());
    let line = Line::default()
        .and(Tone::Strong, format!("#{} {}", change.number, summary(change)))
        .and(Tone::Plain, format!("  {}", place(change)))
        .and(Tone::Dim, format!("  by {who}"));
    vec![line]
}

/// Returns a line of a dialog about a change that it leaves out.
pub(super) fn left_out(why: &str) -> Line {
    Line::default().and(Tone::Waiting, "▲ ").and(Tone::Dim, format!("left out: {why}"))
}

#[cfg(test)]
mod tests {
    use super::thing;

    #[test]
    fn a_thing_is_one_hunk() {
        assert_eq!(thing("enabled"), "enabled");
        assert_eq!(thing("criteria[\"US 2.x\"].split"), "criteria[\"US 2.x\"]");
        assert_eq!(thing("variants.big.value"), "variants");
        assert_eq!(thing(""), "");
    }
}
