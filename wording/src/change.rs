//! Changes in words.

use fluxgate_client::change::{Change, ChangeItem, DiffEntry, PolicyProgress};
use fluxgate_client::feature::PendingChange;
use fluxgate_client::{ChangeStatus, DiffKind};

use crate::{Line, Tone};

/// Says what a change does, in a few words.
pub fn summary(change: &Change) -> String {
    let kind = change.kind.as_str().to_lowercase();
    let features: Vec<&str> = change.items.iter().map(|item| item.feature.key.as_str()).collect();
    format!("{kind} {}", features.join(", "))
}

/// Says where a change happens.
pub fn place(change: &Change) -> String {
    let envs = change.items.iter().map(|item| match &item.source {
        Some(source) => format!("{} → {}", source.key, item.environment.key),
        None => item.environment.key.clone(),
    });
    let mut places: Vec<String> = Vec::new();
    for place in envs {
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places.join(", ")
}

/// Returns a change's state, with what it means.
pub fn state(status: &ChangeStatus) -> (Tone, String) {
    let tone = match status {
        ChangeStatus::Applied => Tone::Good,
        ChangeStatus::Pending | ChangeStatus::Approved => Tone::Waiting,
        ChangeStatus::Cancelled | ChangeStatus::Stale => Tone::Dim,
        ChangeStatus::Rejected | ChangeStatus::Failed | ChangeStatus::Other(_) => Tone::Bad,
    };
    (tone, status.as_str().to_lowercase())
}

/// Returns who did something, with the token that acted for them.
pub fn by(user: &str, token: Option<&str>) -> String {
    match token {
        Some(token) => format!("{user} (token {token})"),
        None => user.to_owned(),
    }
}

/// Returns how far the policy is that lacks the most approvals, such as `0 of 1`.
pub fn progress(policies: &[PolicyProgress]) -> String {
    let last = policies.iter().max_by_key(|policy| policy.required - policy.approvals);
    last.map_or_else(String::new, |policy| format!("{} of {}", policy.approvals, policy.required))
}

/// Returns the same of a stage's pending change, such as `0/1`.
pub fn progress_of_pending(change: &PendingChange) -> String {
    let last = change.policies.iter().max_by_key(|policy| policy.required - policy.approvals);
    last.map_or_else(String::new, |policy| format!("{}/{}", policy.approvals, policy.required))
}

/// Returns which stage an item is about, and what it is compared with.
pub fn heading(item: &ChangeItem) -> Line {
    let head = Line::default()
        .and(Tone::Strong, &item.feature.key)
        .and(Tone::Plain, format!("  {}", item.environment.key));
    match item.base_version {
        Some(version) => head.and(Tone::Dim, format!("  from v{version}")),
        None => head.and(Tone::Dim, "  new there"),
    }
}

/// Returns the differences of an item, as lines.
pub fn diff_lines(item: &ChangeItem) -> Vec<Line> {
    if item.diff.is_empty() {
        return vec![Line::default().and(Tone::Dim, "  = no difference")];
    }
    lines(&item.diff)
}

/// How far to the right do notes stand at most?
const WIDEST: usize = 200;

/// Returns differences as lines, their notes below each other.
pub fn lines(entries: &[DiffEntry]) -> Vec<Line> {
    let noted = entries.iter().filter(|entry| note(entry).is_some());
    let width = noted.map(|entry| worded(entry).chars().count()).max().unwrap_or_default().min(WIDEST);
    entries.iter().map(|entry| line(entry, width)).collect()
}

/// Returns a difference as a line, with what is to be noted behind a column of this width.
fn line(entry: &DiffEntry, width: usize) -> Line {
    let (tone, sign) = match entry.kind {
        DiffKind::Added => (Tone::Good, "+"),
        DiffKind::Removed => (Tone::Bad, "-"),
        _ => (Tone::Waiting, "~"),
    };
    let line = Line::default()
        .and(tone, format!("  {sign} "))
        .and(Tone::Plain, format!("{:<28} ", path_text(&entry.path)));
    match note(entry) {
        Some(note) => line.and(Tone::Plain, format!("{:<width$}   ", worded(entry))).and(Tone::Dim, note),
        None => line.and(Tone::Plain, worded(entry)),
    }
}

fn worded(entry: &DiffEntry) -> String {
    difference(entry.before.as_deref(), entry.after.as_deref())
}

/// Returns whom a difference moves, such as `moves 40 %`.
fn note(entry: &DiffEntry) -> Option<String> {
    if entry.reshuffles {
        return Some("reshuffles everyone".to_owned());
    }
    entry.movement.map(|percent| format!("moves {} %", (percent * 1000.0).round() / 1000.0))
}

/// Returns the path of a difference as people call what it leads to: a rule by its name or by its number, from 1.
pub fn path_text(path: &str) -> String {
    let Some(inner) = path.strip_prefix("criteria[") else {
        return path.to_owned();
    };
    let (mut quoted, mut escaped) = (false, false);
    let end = inner.find(|c| {
        match c {
            '"' if !escaped => quoted = !quoted,
            ']' if !quoted => return true,
            _ => {}
        }
        escaped = c == '\\' && !escaped;
        false
    });
    let Some((rule, rest)) = end.map(|end| (&inner[..end], &inner[end + 1..])) else {
        return path.to_owned();
    };
    match rule.parse::<usize>() {
        Ok(index) => format!("rule {}{rest}", index + 1),
        Err(_) => format!("rule {rule}{rest}"),
    }
}

/// Returns a difference in words.
pub fn difference(before: Option<&str>, after: Option<&str>) -> String {
    match (before, after) {
        (Some(before), Some(after)) => format!("{before} → {after}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use fluxgate_client::DiffKind;
    use fluxgate_client::change::{DiffEntry, PolicyProgress};

    use super::{lines, path_text, progress};

    fn policy(approvals: i64, required: i64) -> PolicyProgress {
        PolicyProgress {
            name: "p".into(),
            approvals,
            required,
            roles: Vec::new(),
            approvers: Vec::new(),
            auto_approve_at: None,
            override_allowed: false,
            satisfied: approvals >= required,
        }
    }

    #[test]
    fn progress_is_that_of_the_slowest_policy() {
        assert_eq!(progress(&[policy(1, 1), policy(1, 3)]), "1 of 3");
        assert_eq!(progress(&[]), "");
    }

    #[test]
    fn rules_are_called_as_people_call_them() {
        assert_eq!(path_text("criteria[0]"), "rule 1");
        assert_eq!(path_text("criteria[2].serve"), "rule 3.serve");
        assert_eq!(path_text(r#"criteria["a].\"b"].split"#), r#"rule "a].\"b".split"#);
        assert_eq!(path_text("variants.control"), "variants.control");
    }

    #[test]
    fn a_difference_is_as_long_as_it_likes() {
        let entry = DiffEntry {
            kind: DiffKind::Changed,
            path: "salt".into(),
            before: Some("a".repeat(70_000)),
            after: None,
            movement: None,
            reshuffles: true,
        };
        assert_eq!(lines(&[entry]).len(), 1);
    }

    #[test]
    fn differences_say_whom_they_move() {
        let entry = |path: &str, (before, after): (&str, &str)| DiffEntry {
            kind: DiffKind::Changed,
            path: path.into(),
            before: Some(before.into()),
            after: Some(after.into()),
            movement: None,
            reshuffles: false,
        };
        let split = ("control=90, express=10", "control=50, express=50");
        let entries = [
            entry("enabled", ("false", "true")),
            DiffEntry { reshuffles: true, ..entry("salt", ("one", "two")) },
            DiffEntry { movement: Some(40.0), ..entry("criteria[\"US split\"].split", split) },
            DiffEntry { movement: Some(2.500_000_01), ..entry("criteria[1].rollout", ("10", "12.5")) },
        ];
        let lines = lines(&entries);
        let shown: Vec<String> =
            lines.iter().map(|line| line.0.iter().map(|(_, text)| text.as_str()).collect()).collect();
        assert_eq!(
            shown,
            [
                "  ~ enabled                      false → true",
                "  ~ salt                         one → two                                         reshuffles everyone",
                "  ~ rule \"US split\".split        control=90, express=10 → control=50, express=50   moves 40 %",
                "  ~ rule 2.rollout               10 → 12.5                                         moves 2.5 %",
            ]
        );
    }
}
