//! An event as a line, and as an object.

use chrono::{DateTime, Utc};
use fluxgate_client::audit::{AuditEntry, AuditEvent};
use fluxgate_client::subscribe::{ChangeEvent, FeatureEvent, KillEvent, ToldChange};
use fluxgate_wording::event::{entry, said};
use serde::Serialize;
use serde_json::Value;

use crate::output::{Cell, View};
use crate::time;

/// How wide are the columns on a terminal: what was done, to what, where, by whom?
const WIDTHS: [usize; 4] = [14, 20, 12, 6];

/// How much is seen on a terminal of what somebody said?
const SAID: usize = 120;

/// Something that happened.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "camelCase")]
pub(super) enum Told {
    Change(ChangeEvent),
    Feature(FeatureEvent),
    Kill(KillEvent),
    Audit(AuditEvent),
    /// One from before, which has no cursor to go on from.
    #[serde(rename = "audit")]
    Entry(Entry),
}

/// An entry that was read from a list.
#[derive(Debug, Serialize)]
pub(super) struct Entry {
    pub(super) cursor: Option<String>,
    pub(super) entry: AuditEntry,
}

/// Shows an event; on a terminal its fields stand below those of the ones before.
pub(super) fn of(told: &Told, aligned: bool) -> View {
    let (at, fields) = match told {
        Told::Change(event) => (event.at, change(event)),
        Told::Feature(event) => (event.at, feature(event)),
        Told::Kill(event) => (event.at, kill(event)),
        Told::Audit(AuditEvent { entry: done, .. }) | Told::Entry(Entry { entry: done, .. }) => {
            (done.at, entry(done))
        }
    };
    let name = match told {
        Told::Change(event) => format!("change/{}", event.change.number),
        Told::Feature(event) => format!("feature/{}", event.feature.key),
        Told::Kill(event) => format!("feature/{}", event.feature.key),
        Told::Audit(AuditEvent { entry, .. }) | Told::Entry(Entry { entry, .. }) => {
            format!("audit/{}", entry.number)
        }
    };
    let mut value = serde_json::to_value(told).unwrap_or_default();
    // An entry has its fields where `audit list` has them, beside the cursor.
    if let Some(fields) = value.as_object_mut()
        && let Some(Value::Object(entry)) = fields.remove("entry")
    {
        fields.extend(entry);
    }
    row((at, value), &fields, aligned).named(name)
}

/// Shows fields, the last of which may be long.
pub(super) fn row((at, value): (DateTime<Utc>, Value), fields: &[String; 5], aligned: bool) -> View {
    let view = View::of(&value);
    if !aligned {
        let cells = fields.iter().map(Cell::text);
        return view.row(std::iter::once(Cell::Text(time::instant(at))).chain(cells).collect());
    }
    // A person needs no sign for nothing at the end.
    let last = fields.iter().rposition(|field| !field.is_empty()).unwrap_or_default();
    let mut line = time::of_day(at);
    for (index, field) in fields.iter().enumerate().take(last + 1) {
        let field = match field.as_str() {
            "" => "-".to_owned(),
            words if index == WIDTHS.len() => shortened(words),
            word => word.to_owned(),
        };
        let width = WIDTHS.get(index).filter(|_| index < last).copied().unwrap_or_default();
        line += &format!("  {field:<width$}");
    }
    view.line(line)
}

/// Returns what somebody said, as much of it as a line has room for.
fn shortened(words: &str) -> String {
    match words.char_indices().nth(SAID) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words.to_owned(),
    }
}

fn change(event: &ChangeEvent) -> [String; 5] {
    let change = &event.change;
    let mut features: Vec<&str> = change.items.iter().map(|item| item.feature.key.as_str()).collect();
    features.dedup();
    let mut places: Vec<String> = change
        .items
        .iter()
        .map(|item| match &item.source {
            Some(source) => format!("{} → {}", source.key, item.environment.key),
            None => item.environment.key.clone(),
        })
        .collect();
    places.dedup();
    let what = format!("#{} {} {}", change.number, change.kind.as_str().to_lowercase(), features.join(", "));
    let [what, place] = [what, places.join(", ")];
    [event.action.clone(), what, place, event.actor.clone(), outcome(event, change)]
}

/// Says where a change stands, and what was said about it.
fn outcome(event: &ChangeEvent, change: &ToldChange) -> String {
    let votes = change.policies.iter().max_by_key(|policy| policy.required - policy.approvals);
    let votes =
        votes.map_or_else(String::new, |policy| format!(" {} of {}", policy.approvals, policy.required));
    let status = change.status.as_str().to_lowercase();
    let vote = change.votes.iter().rev().find(|vote| vote.user == event.actor);
    // The one that the event tells of: there may be others since, and a robot's is its owner's.
    let comment = change.comments.iter().find(|comment| comment.at == event.at);
    let words = match event.action.as_str() {
        "change.propose" => change.reason.as_deref(),
        "change.approve" | "change.reject" => vote.and_then(|vote| vote.comment.as_deref()),
        "change.comment" => comment.map(|comment| comment.text.as_str()),
        _ => change.failure.as_deref(),
    };
    let words = words.filter(|words| !words.is_empty());
    let words = words.map_or_else(String::new, |words| format!(": {words:?}"));
    let version = change.items.iter().find_map(|item| item.version);
    match (event.action.as_str(), version) {
        ("change.apply", Some(version)) => format!("{status} as v{version}{words}"),
        _ => format!("{status}{votes}{words}"),
    }
}

fn feature(event: &FeatureEvent) -> [String; 5] {
    [
        event.action.clone(),
        event.feature.key.clone(),
        event.environment.clone().unwrap_or_default(),
        event.actor.clone(),
        said(event.reason.as_deref()),
    ]
}

fn kill(event: &KillEvent) -> [String; 5] {
    let places: Vec<&str> = event.stages.iter().map(|stage| stage.environment.key.as_str()).collect();
    let until = event.stages.iter().filter_map(|stage| stage.kill.as_ref()?.restore_at).max();
    let mut words = vec![said(event.reason.as_deref())];
    words.extend(until.map(|at| format!("restores {}", time::instant(at))));
    words.retain(|word| !word.is_empty());
    [
        event.action.clone(),
        event.feature.key.clone(),
        places.join(", "),
        event.actor.clone(),
        words.join("  "),
    ]
}

#[cfg(test)]
mod tests {
    use fluxgate_client::subscribe::ChangeEvent;
    use serde_json::json;

    use super::{Told, of};
    use crate::output::{Looks, Shape, render};

    fn shown(text: &str, aligned: bool) -> String {
        let event: ChangeEvent = serde_json::from_value(json!({
            "cursor": "1", "at": "2026-11-20T10:39:00Z", "action": "change.comment", "actor": "ops",
            "change": {"number": 12, "kind": "PROMOTE", "status": "PENDING", "reason": null, "author": "dev",
                "createdAt": "2026-11-20T10:00:00Z", "applyAt": null, "appliedAt": null, "revision": null,
                "failure": null, "votes": [],
                "items": [{"feature": {"key": "checkout"}, "environment": {"key": "prod"},
                    "source": {"key": "staging"}, "version": null}],
                "comments": [{"user": "lead", "text": "earlier", "at": "2026-11-20T10:38:00Z"},
                    {"user": "ops", "text": text, "at": "2026-11-20T10:39:00Z"},
                    {"user": "ops", "text": "later", "at": "2026-11-20T10:40:00Z"}],
                "policies": [{"name": "Production", "approvals": 0, "required": 1, "satisfied": false}]}
        }))
        .unwrap();
        let now = "2026-11-20T10:41:02Z".parse().unwrap();
        let looks = Looks { terminal: aligned, width: aligned.then_some(80), ascii: false, now };
        render(&of(&Told::Change(event), aligned), &Shape::default(), looks).unwrap()
    }

    #[test]
    fn an_entry_has_its_fields_at_the_top() {
        let event = json!({"cursor": "7", "entry": {
            "number": 7, "at": "2026-11-20T10:39:00Z", "actor": "ops", "actorKind": "USER", "owner": null,
            "action": "change.apply", "subject": "#12", "environment": "prod", "reason": null,
            "before": null, "after": null, "address": null,
        }});
        let value = of(&Told::Audit(serde_json::from_value(event).unwrap()), false).value;
        let told = [&value["event"], &value["cursor"], &value["action"], &value["number"]];
        assert_eq!(told, [&json!("audit"), &json!("7"), &json!("change.apply"), &json!(7)]);
        assert!(value.get("entry").is_none(), "{value:#}");
    }

    #[test]
    fn a_comment_is_there_in_its_own_words() {
        let words = "pending 0 of 1: \"why now?\"\n";
        assert!(shown("why now?", false).ends_with(&format!("\t{words}")), "{}", shown("why now?", false));
        assert!(shown("why now?", true).contains("why now?"));
    }

    #[test]
    fn what_is_long_goes_on_below_and_is_shortened_for_people_only() {
        let text = "so many words ".repeat(20);
        assert!(shown(&text, false).contains(&text));
        let seen = shown(&text, true);
        assert!(seen.lines().count() > 1 && seen.ends_with("…\n"), "{seen}");
        assert!(seen.lines().all(|line| line.chars().count() <= 80), "{seen}");
    }
}
