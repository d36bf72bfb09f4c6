//! Editing what is said of a feature. Nothing of it is served, so it takes no change.

use async_graphql::MaybeUndefined;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use sqlx::PgConnection;

use super::{check_tags, lock, require_present};
use crate::{
    access::{self, Action},
    auth::Caller,
    error::{Error, Result},
    service::{audit, key, team},
    store::{
        audit::NewEntry,
        feature::{self, Feature, Lifecycle},
        stage::LockedStage,
    },
};

/// What is to be said of a feature; what is absent stays.
pub struct EditFeature {
    /// The team's key.
    pub team: String,
    /// The feature's key.
    pub feature: String,
    /// Its name.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Where it stands; archiving is something else.
    pub lifecycle: Option<Lifecycle>,
    /// Who looks after it; null for nobody.
    pub owner: MaybeUndefined<String>,
    /// When it should be gone; null for never.
    pub removal_date: MaybeUndefined<DateTime<Utc>>,
    /// All its tags, in place of those that it has.
    pub tags: Option<Vec<String>>,
    /// Tags beside those that it has.
    pub add_tags: Vec<String>,
    /// Tags that it has no more.
    pub remove_tags: Vec<String>,
}

/// Edits what is said of a feature.
pub async fn edit(conn: &mut PgConnection, caller: &Caller, wanted: EditFeature) -> Result<Feature> {
    let team = team::find(conn, caller, &wanted.team, Action::Propose).await?;
    let lists = [
        ("tags", wanted.tags.as_deref().unwrap_or_default()),
        ("addTags", &wanted.add_tags),
        ("removeTags", &wanted.remove_tags),
    ];
    for (path, list) in lists {
        key::check_many(path, list)?;
    }
    let (before, stages) = lock(conn, team.id, &wanted.feature).await?;
    // It is said of the feature wherever it is.
    access::require_within(caller, &team, stages.iter().map(LockedStage::place))?;
    require_present(&before)?;
    let after = edited(&before, wanted)?;
    let (old, new) = differing(&before, &after);
    if new.is_empty() {
        return Ok(before);
    }
    feature::update(conn, &after).await?;
    let entry = NewEntry {
        team: Some(team.id),
        action: "feature.edit",
        subject: after.key.clone(),
        feature: Some(after.id),
        before: Some(Value::Object(old)),
        after: Some(Value::Object(new)),
        ..NewEntry::default()
    };
    audit::record(conn, caller, &entry).await?;
    Ok(after)
}

fn edited(before: &Feature, wanted: EditFeature) -> Result<Feature> {
    let mut after = before.clone();
    if let Some(name) = wanted.name {
        let blank = || Error::invalid("name", "must not be empty");
        after.name = key::text("name", Some(name))?.ok_or_else(blank)?;
    }
    if let Some(description) = wanted.description {
        after.description = key::text("description", Some(description))?.unwrap_or_default();
    }
    match wanted.lifecycle {
        Some(Lifecycle::Archived) => {
            return Err(Error::invalid("lifecycle", "becomes ARCHIVED by archiving the feature"));
        }
        Some(lifecycle) => after.lifecycle = lifecycle,
        None => {}
    }
    match wanted.owner {
        MaybeUndefined::Value(owner) => after.owner = key::text("owner", Some(owner))?,
        MaybeUndefined::Null => after.owner = None,
        MaybeUndefined::Undefined => {}
    }
    match wanted.removal_date {
        MaybeUndefined::Value(date) => {
            key::check_instant("removalDate", Some(date))?;
            after.removal_date = Some(date);
        }
        MaybeUndefined::Null => after.removal_date = None,
        MaybeUndefined::Undefined => {}
    }
    after.tags = tags(&before.tags, wanted.tags, wanted.add_tags, &wanted.remove_tags)?;
    Ok(after)
}

/// The tags that a feature has then, in the order in which they came. Those that are not touched are not judged.
fn tags(
    have: &[String],
    set: Option<Vec<String>>,
    add: Vec<String>,
    remove: &[String],
) -> Result<Vec<String>> {
    if set.is_some() && !(add.is_empty() && remove.is_empty()) {
        return Err(Error::invalid("tags", "are either set, or added and removed"));
    }
    if let Some(tag) = add.iter().find(|tag| remove.contains(tag)) {
        return Err(Error::invalid("removeTags", format!("{tag} is to be added too")));
    }
    if set.is_none() && add.is_empty() {
        return Ok(have.iter().filter(|tag| !remove.contains(tag)).cloned().collect());
    }
    let kept = set.unwrap_or_else(|| have.iter().filter(|tag| !remove.contains(tag)).cloned().collect());
    let mut tags: Vec<String> = Vec::new();
    for tag in kept.into_iter().chain(add) {
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    check_tags(&tags)?;
    Ok(tags)
}

/// What differs, as it was and as it is.
fn differing(before: &Feature, after: &Feature) -> (Map<String, Value>, Map<String, Value>) {
    let said = |feature: &Feature| {
        [
            ("name", json!(feature.name)),
            ("description", json!(feature.description)),
            ("lifecycle", json!(feature.lifecycle)),
            ("owner", json!(feature.owner)),
            ("removalDate", json!(feature.removal_date)),
            ("tags", json!(feature.tags)),
        ]
    };
    let mut both = (Map::new(), Map::new());
    for ((field, old), (_, new)) in said(before).into_iter().zip(said(after)) {
        if old != new {
            both.0.insert(field.to_owned(), old);
            both.1.insert(field.to_owned(), new);
        }
    }
    both
}
