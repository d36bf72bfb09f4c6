//! What a team's state means: what needs attention first, then what waits, and how the edges are.

use chrono::{DateTime, TimeDelta, Utc};
use fluxgate_client::status::{Status, StatusChange};
use fluxgate_wording::attention::{self, Attention};
use fluxgate_wording::moving::votes;
use serde_json::{Value, json};

use crate::output::{Cell, Line, Tone, View};
use crate::time;

/// How many changes that wait are shown?
const SHOWN: usize = 10;

/// Whence it is looked at.
pub(super) struct Sight<'a> {
    pub(super) now: DateTime<Utc>,
    /// The context, or the server's address.
    pub(super) place: &'a str,
    pub(super) stale_days: i64,
}

/// What needs attention, and the rest.
pub(super) struct Report<'s> {
    status: &'s Status,
    attention: Vec<Attention>,
}

impl<'s> Report<'s> {
    pub(super) fn new(status: &'s Status, sight: &Sight<'_>, failed_within: TimeDelta) -> Self {
        Self { status, attention: attention::of(status, sight.now, failed_within) }
    }

    pub(super) fn view(&self, sight: &Sight<'_>) -> View {
        let team = &self.status.team;
        let mut view = View::of(&self.value(sight)).named(format!("team/{}", team.key)).line(
            Line::default()
                .and(Tone::Strong, &team.key)
                .and(Tone::Plain, format!(" on {}", sight.place))
                .and(
                    Tone::Dim,
                    format!("  {}  rev {}", time::of_day(sight.now), self.status.server.revision),
                ),
        );
        view = match self.attention.is_empty() {
            true => view
                .line("")
                .line(Line::default().and(Tone::Good, "✓ ").and(Tone::Plain, "nothing needs attention")),
            false => self.attention.iter().fold(view.line(""), |view, item| view.row(row(item, sight.now))),
        };
        view = view.line("");
        for row in self.rows(sight) {
            view = view.row(row);
        }
        self.suggest(view)
    }

    fn value(&self, sight: &Sight<'_>) -> Value {
        let team = &self.status.team;
        let connected = team.edges.nodes.iter().filter(|edge| edge.connected).count();
        let in_sync = team.edges.nodes.iter().filter(|edge| edge.in_sync).count();
        json!({
            "team": team.key,
            "server": sight.place,
            "at": time::instant(sight.now),
            "revision": self.status.server.revision,
            "attention": self.attention,
            "killed": team.kills.total_count,
            "pending": {
                "total": team.pending.total_count,
                "waitingForMe": team.waiting_for_me.total_count,
                "changes": team.pending.nodes,
            },
            "scheduled": { "total": team.scheduled.total_count, "changes": team.scheduled.nodes },
            "edges": { "total": team.edges.total_count, "connected": connected, "inSync": in_sync },
            "features": team.features.total_count,
            "stale": {
                "total": team.stale_features.total_count,
                "days": sight.stale_days,
                "complete": team.stale_features.completeness.complete,
            },
        })
    }

    /// What is not urgent: a word, and what there is to say.
    fn rows(&self, sight: &Sight<'_>) -> Vec<Vec<Cell>> {
        let team = &self.status.team;
        let mut rows = Vec::new();
        let row = |word: &str, text: String| vec![Cell::text(word), Cell::Prose(text)];
        let pending = &team.pending;
        rows.push(row(
            "waiting",
            match pending.total_count {
                0 => "no change waits for approval".to_owned(),
                total => {
                    // Those that are left out are older, so the oldest is known only without them.
                    let all = i64::try_from(pending.nodes.len()).is_ok_and(|shown| shown == total);
                    let oldest = pending.nodes.last().filter(|_| all);
                    let oldest = oldest.map(|change| {
                        format!(", oldest #{} {}", change.number, time::ago(change.created_at, sight.now))
                    });
                    let mine = team.waiting_for_me.total_count;
                    format!("{}, {mine} you can decide{}", count(total, "change"), oldest.unwrap_or_default())
                }
            },
        ));
        rows.extend(pending.nodes.iter().take(SHOWN).map(|change| row("moving", moving(change, sight.now))));
        let scheduled = team.scheduled.nodes.iter().take(SHOWN);
        rows.extend(scheduled.map(|change| row("scheduled", moving(change, sight.now))));
        rows.push(row("edges", self.edges()));
        let stale = &team.stale_features;
        if stale.total_count > 0 {
            let sure = if stale.completeness.complete { "" } else { ", as far as edges have told" };
            let features = count(stale.total_count, "feature");
            rows.push(row(
                "stale",
                format!("{features} at rest for {} days{sure} (fgctl stale)", sight.stale_days),
            ));
        }
        rows
    }

    fn edges(&self) -> String {
        let edges = &self.status.team.edges;
        let in_sync = edges.nodes.iter().filter(|edge| edge.in_sync).count();
        // One that is away said once how many it had.
        let connected = edges.nodes.iter().filter(|edge| edge.connected);
        let rates = connected.filter_map(|edge| edge.evaluations_per_second);
        let rate = rates.fold(0.0, |sum, rate| sum + rate);
        match edges.total_count {
            0 => "none has connected within the hour".to_owned(),
            total => format!("{in_sync} of {total} in sync, {rate:.1} evaluations/s"),
        }
    }

    fn suggest(&self, mut view: View) -> View {
        let killed = self.attention.iter().find(|item| item.kind == "killed");
        if let Some((item, env)) = killed.and_then(|item| Some((item, item.environment.as_ref()?))) {
            view = view.next(format!("fgctl feature restore {} -e {env}", item.what));
        }
        if self.status.team.waiting_for_me.total_count > 0 {
            view = view.next("fgctl change list --waiting");
        }
        if self.attention.iter().any(|item| item.kind == "edge") {
            view = view.next("fgctl edge list");
        }
        view
    }
}

/// Returns what needs attention as a row.
fn row(item: &Attention, now: DateTime<Utc>) -> Vec<Cell> {
    vec![
        Cell::State(item.tone(), item.kind.to_owned()),
        Cell::Prose(item.what.clone()),
        Cell::text(item.place()),
        Cell::Prose(item.text(now)),
    ]
}

/// Says what a change that is open would do and what it waits for.
fn moving(change: &StatusChange, now: DateTime<Utc>) -> String {
    let what = change.items.first().map_or_else(String::new, |item| {
        let from = item.source.as_ref().map_or_else(String::new, |source| format!("{} → ", source.key));
        format!("{}  {from}{}", item.feature.key, item.environment.key)
    });
    let more = match change.items.len() {
        0 | 1 => String::new(),
        n => format!(" and {} more", n - 1),
    };
    let votes = match votes(change) {
        none if none.is_empty() => none,
        some => format!("  {some}"),
    };
    let at = change.apply_at.map(|at| format!("  at {}, in {}", time::instant(at), time::left(at, now)));
    format!(
        "#{} {what}{more}{votes}{}  by {}, {}",
        change.number,
        at.unwrap_or_default(),
        change.author,
        time::ago(change.created_at, now)
    )
}

fn count(n: i64, thing: &str) -> String {
    if n == 1 { format!("1 {thing}") } else { format!("{n} {thing}s") }
}
