//! The list of a team's features: which of them, and in which order.

use chrono::{DateTime, Utc};
use sqlx::{
    FromRow, PgConnection, Postgres,
    postgres::{PgArguments, PgRow},
    query::QueryAs,
    query_as,
};
use uuid::Uuid;

use super::{Feature, FeatureKind, Lifecycle, select_features};
use crate::{
    error::Result,
    store::{
        page::{Page, PageRequest, instant, not_of_this_list},
        word_enum,
    },
};

word_enum!(
    /// What a list of features is sorted by.
    FeatureSort {
        /// By key.
        Key,
        /// The newest first.
        Created,
        /// What was changed last first, on any stage.
        Changed,
    }
);

/// What a list shows unless asked for more.
const PRESENT: &[Lifecycle] =
    &[Lifecycle::Beta, Lifecycle::Active, Lifecycle::Permanent, Lifecycle::Deprecated];

/// Which features are wanted: all of what is said must hold.
#[derive(Clone, Debug, Default)]
pub struct FeatureFilter {
    /// Found in key, name, tags or owner.
    pub search: Option<String>,
    /// In any of these; in all but ARCHIVED when empty.
    pub lifecycle: Vec<Lifecycle>,
    /// Of this kind.
    pub kind: Option<FeatureKind>,
    /// With all of these tags.
    pub tags: Vec<String>,
    /// Looked after by them.
    pub owner: Option<String>,
    /// To be removed before this time, or not.
    pub stale: Option<(bool, DateTime<Utc>)>,
    /// Where the rest must hold; anywhere when absent.
    pub environment: Option<Uuid>,
    /// With the kill switch on, or not.
    pub killed: Option<bool>,
    /// With a change that waits, or not.
    pub pending: Option<bool>,
    /// With a live version, or not.
    pub deployed: Option<bool>,
}

/// Which features of team `$1` are wanted, by what `bind` binds to `$2` to `$12`.
macro_rules! wanted {
    () => {
        "f.team_id = $1
         AND ($2::text IS NULL OR position(lower($2) IN
              lower(concat_ws(' ', f.key, f.name, f.owner, array_to_string(f.tags, ' ')))) > 0)
         AND f.lifecycle = ANY ($3)
         AND ($4::text IS NULL OR f.kind = $4)
         AND f.tags @> $5
         AND ($6::text IS NULL OR f.owner = $6)
         AND ($7::boolean IS NULL OR $7 = coalesce(f.removal_date < $8, false))
         AND ($9::uuid IS NULL OR EXISTS (
              SELECT 1 FROM stage s WHERE s.feature_id = f.id AND s.environment_id = $9))
         AND ($10::boolean IS NULL OR $10 = (f.id IN (
              SELECT s.feature_id FROM stage s JOIN environment e ON e.id = s.environment_id
              WHERE e.team_id = $1 AND s.killed_at IS NOT NULL AND ($9::uuid IS NULL OR s.environment_id = $9))))
         AND ($11::boolean IS NULL OR $11 = (f.id IN (
              SELECT s.feature_id FROM change c JOIN change_item i ON i.change_id = c.id
              JOIN stage s ON s.id = i.stage_id
              WHERE c.team_id = $1 AND c.status IN ('PENDING', 'APPROVED')
                AND ($9::uuid IS NULL OR s.environment_id = $9))))
         AND ($12::boolean IS NULL OR $12 = EXISTS (
              SELECT 1 FROM stage s WHERE s.feature_id = f.id AND s.live_version IS NOT NULL
                AND ($9::uuid IS NULL OR s.environment_id = $9)))"
    };
}

type Statement<'q, O> = QueryAs<'q, Postgres, O, PgArguments>;

/// Binds a filter.
fn bind<'q, O>(statement: Statement<'q, O>, team: Uuid, filter: &'q FeatureFilter) -> Statement<'q, O>
where
    O: for<'r> FromRow<'r, PgRow>,
{
    let lifecycle = if filter.lifecycle.is_empty() { PRESENT } else { &filter.lifecycle };
    statement
        .bind(team)
        .bind(&filter.search)
        .bind(lifecycle)
        .bind(filter.kind)
        .bind(&filter.tags)
        .bind(&filter.owner)
        .bind(filter.stale.map(|(stale, _)| stale))
        .bind(filter.stale.map(|(_, now)| now))
        .bind(filter.environment)
        .bind(filter.killed)
        .bind(filter.pending)
        .bind(filter.deployed)
}

/// A page of a team's features. A cursor of one order is none of another.
pub async fn list(
    conn: &mut PgConnection,
    team: Uuid,
    (filter, sort): (&FeatureFilter, FeatureSort),
    page: &PageRequest,
) -> Result<Page<Feature>> {
    let after =
        page.after.as_deref().map(|cursor| read(sort, cursor).ok_or_else(not_of_this_list)).transpose()?;
    let (at, key) = after.map_or((None, None), |(at, key)| (at, Some(key)));
    let mut total = 0;
    if page.counted {
        let count = query_as(concat!("SELECT count(*) FROM feature f WHERE ", wanted!()));
        (total,) = bind(count, team, filter).fetch_one(&mut *conn).await?;
    }
    let statement = query_as(match sort {
        FeatureSort::Key => {
            select_features!(
                wanted!(),
                " AND $14::timestamptz IS NULL AND ($15::text IS NULL OR f.key > $15)
                 ORDER BY f.key LIMIT $13"
            )
        }
        FeatureSort::Created => {
            select_features!(
                wanted!(),
                " AND ($14::timestamptz IS NULL OR (f.created_at, f.key) < ($14, $15::text))
                 ORDER BY f.created_at DESC, f.key DESC LIMIT $13"
            )
        }
        FeatureSort::Changed => {
            select_features!(
                wanted!(),
                " AND ($14::timestamptz IS NULL OR (f.changed_at, f.key) < ($14, $15::text))
                 ORDER BY f.changed_at DESC, f.key DESC LIMIT $13"
            )
        }
    });
    let rows = bind(statement, team, filter).bind(page.limit()).bind(at).bind(key).fetch_all(conn).await?;
    Ok(page.page(rows, total, |feature: &Feature| write(sort, feature)))
}

/// The cursor behind a feature: the order, what it sorts by, and the key, by which ties are broken.
fn write(sort: FeatureSort, feature: &Feature) -> String {
    let at = match sort {
        FeatureSort::Key => return format!("key:{}", feature.key),
        FeatureSort::Created => feature.created_at,
        FeatureSort::Changed => feature.changed_at,
    };
    format!("{}:{}:{}", word(sort), at.timestamp_micros(), feature.key)
}

/// What a cursor of this order says.
fn read(sort: FeatureSort, cursor: &str) -> Option<(Option<DateTime<Utc>>, &str)> {
    let rest = cursor.strip_prefix(word(sort))?.strip_prefix(':')?;
    if sort == FeatureSort::Key {
        return Some((None, rest));
    }
    let (at, key) = rest.split_once(':')?;
    Some((Some(instant(at)?), key))
}

fn word(sort: FeatureSort) -> &'static str {
    match sort {
        FeatureSort::Key => "key",
        FeatureSort::Created => "created",
        FeatureSort::Changed => "changed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_by_its_own_order_only() {
        use FeatureSort::{Changed, Created, Key};
        assert_eq!(read(Key, "key:a:b"), Some((None, "a:b")));
        let at = DateTime::from_timestamp_micros(1_700_000_000_000_001);
        assert_eq!(read(Created, "created:1700000000000001:flag"), Some((at, "flag")));
        for (sort, cursor) in [
            (Key, "created:1:a"),
            (Changed, "created:1:a"),
            (Created, "created:a"),
            (Created, "created:x:a"),
            (Key, "a"),
        ] {
            assert_eq!(read(sort, cursor), None, "{cursor}");
        }
        assert_eq!(read(Created, "created:9223372036854775807:a"), None);
    }
}
