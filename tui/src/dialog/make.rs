//! The dialogs, each as what it asks and what it sends.

use chrono::{DateTime, Utc};
use fluxgate_client::Decision;
use fluxgate_wording::{Line, time};

use super::end::End;
use super::field::{Field, Part};
use super::{Dialog, fact};
use crate::order::Order;

fn reason(optional: bool) -> Field {
    Field::text(Part::Reason, "Reason", optional)
}

/// Asks before a feature goes to another stage.
pub(crate) fn promote(feature: &str, from: &str, to: &[String], protected: bool) -> Dialog {
    let order = Order::Promote {
        feature: feature.to_owned(),
        from: from.to_owned(),
        to: to.first().cloned().unwrap_or_default(),
        reason: String::new(),
    };
    let fields = vec![Field::choice(Part::To, "To", to.to_vec()), reason(!protected)];
    Dialog::new(format!("Promote {feature} from {from}?"), "Promote", order, fields)
}

/// Asks before a stage goes back to an earlier version.
pub(crate) fn roll_back(feature: &str, env: &str, version: Option<i64>, protected: bool) -> Dialog {
    let order =
        Order::RollBack { feature: feature.to_owned(), env: env.to_owned(), version, reason: String::new() };
    let text = version.map_or_else(String::new, |version| version.to_string());
    let fields = vec![Field::text(Part::Version, "To version", true).with(&text), reason(!protected)];
    Dialog::new(format!("Roll {feature} back in {env}?"), "Roll back", order, fields)
}

/// Asks before a feature is turned off; in a protected environment its key must be typed.
pub(crate) fn kill(
    (feature, env): (&str, &str),
    protected: bool,
    (ends, now): (Option<DateTime<Utc>>, DateTime<Utc>),
    facts: &[Line],
) -> Dialog {
    // An end that it has already is kept, unless somebody sets another.
    let end = ends.filter(|at| *at > now).map_or_else(End::by_hand, End::at);
    let order = Order::Kill {
        feature: feature.to_owned(),
        env: env.to_owned(),
        reason: String::new(),
        restore_at: None,
    };
    let mut fields = vec![Field::end(end, now), reason(false)];
    if protected {
        fields.push(Field::exactly(feature));
    }
    let mut about = vec![Line::from(format!("Serves the off variant to everyone in {env} at once."))];
    about.extend_from_slice(facts);
    about.push(fact("policy", "a kill needs no approval; it is in the audit"));
    Dialog::new(format!("Kill {feature} in {env}?"), "Kill", order, fields).about(about)
}

/// Asks before a kill is taken back.
pub(crate) fn restore(feature: &str, env: &str, facts: &[Line]) -> Dialog {
    let order = Order::Restore { feature: feature.to_owned(), env: env.to_owned(), reason: String::new() };
    Dialog::new(format!("Restore {feature} in {env}?"), "Restore", order, vec![reason(true)])
        .about(facts.to_vec())
}

/// Asks before a kill gets another end: from when, if it has one, to when.
pub(crate) fn reschedule(
    (feature, env): (&str, &str),
    reason: &str,
    (before, at): (Option<DateTime<Utc>>, DateTime<Utc>),
    now: DateTime<Utc>,
) -> Dialog {
    let order = Order::Kill {
        feature: feature.to_owned(),
        env: env.to_owned(),
        reason: reason.to_owned(),
        restore_at: Some(at),
    };
    let old = match before {
        Some(before) => format!("{}, in {}", time::when(before, now), time::left(before, now)),
        None => "by hand only".to_owned(),
    };
    let about = vec![fact("ends", old), fact("reason", "goes into the audit; what the kill says stays")];
    let title = format!("Move the end of the kill of {feature} in {env}?");
    let reason = Field::text(Part::Reason, "Reason", false).with(reason);
    let fields = vec![Field::end(End::at(at), now), reason];
    Dialog::new(title, "Move it", order, fields).about(about).ready()
}

/// Asks before changes are approved; each is named.
pub(crate) fn approve(changes: &[i64], facts: &[Line]) -> Dialog {
    vote(changes, Decision::Approve, ("Approve", true), facts)
}

/// Asks before changes are rejected, and why.
pub(crate) fn reject(changes: &[i64], facts: &[Line]) -> Dialog {
    vote(changes, Decision::Reject, ("Reject", false), facts)
}

fn vote(
    changes: &[i64],
    decision: Decision,
    (verb, optional): (&'static str, bool),
    facts: &[Line],
) -> Dialog {
    let numbers: Vec<String> = changes.iter().map(|number| format!("#{number}")).collect();
    let order = Order::Vote { changes: changes.to_vec(), decision, comment: String::new() };
    let label = if optional { "Comment" } else { "Reason" };
    let fields = vec![Field::text(Part::Comment, label, optional)];
    Dialog::new(format!("{verb} {}?", numbers.join(", ")), verb, order, fields).about(facts.to_vec())
}

/// Asks what is to be said about a change.
pub(crate) fn comment(change: i64) -> Dialog {
    let order = Order::Comment { change, text: String::new() };
    let fields = vec![Field::text(Part::Comment, "Comment", false)];
    Dialog::new(format!("Comment on #{change}"), "Say it", order, fields)
        .about(vec![Line::from("Everybody who sees the change sees it; it is no vote.")])
}

/// Asks before a change is taken back.
pub(crate) fn cancel(change: i64, facts: &[Line]) -> Dialog {
    let mut about = facts.to_vec();
    about.push(Line::from("Nothing of it is applied, and its votes are lost; it can be proposed again."));
    let order = Order::Cancel { change };
    let dialog = Dialog::new(format!("Cancel #{change}?"), "Take it back", order, Vec::new());
    // Where that is the question, a button of that name would say the opposite of what it does.
    Dialog { back: "Keep it", ..dialog.about(about) }
}

/// Asks before a change is let through, and why.
pub(crate) fn let_through(change: i64, facts: &[Line]) -> Dialog {
    let order = Order::Override { change, reason: String::new() };
    Dialog::new(format!("Override the policies of #{change}?"), "Let it through", order, vec![reason(false)])
        .about(facts.to_vec())
}

/// Asks before another document is proposed for a stage.
pub(crate) fn edit(
    (feature, env): (&str, &str),
    config: serde_json::Value,
    base: Option<i64>,
    protected: bool,
) -> Dialog {
    let order =
        Order::Edit { feature: feature.to_owned(), env: env.to_owned(), config, base, reason: String::new() };
    Dialog::new(format!("Edit {feature} in {env}?"), "Propose it", order, vec![reason(!protected)])
}

/// Asks what a new feature is to be called.
pub(crate) fn create() -> Dialog {
    let order = Order::Create { feature: String::new(), name: String::new(), reason: String::new() };
    let fields =
        vec![Field::text(Part::Key, "Key", false), Field::text(Part::Name, "Name", true), reason(true)];
    Dialog::new("Create a feature".to_owned(), "Create", order, fields)
        .about(vec![Line::from("Of type simple: on and off, off everywhere until it is promoted.")])
}
