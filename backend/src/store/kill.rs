//! Kill switches that are on, of many features at once; `stage` has those of one.

use sqlx::{PgConnection, query_scalar};
use uuid::Uuid;

/// The keys of a pipeline's features that are killed in an environment.
pub async fn killed_in(
    conn: &mut PgConnection,
    environment: Uuid,
    pipeline: Uuid,
) -> sqlx::Result<Vec<String>> {
    query_scalar(
        "SELECT f.key FROM stage s JOIN feature f ON f.id = s.feature_id
         WHERE s.environment_id = $1 AND f.pipeline_id = $2 AND s.killed_at IS NOT NULL ORDER BY f.key",
    )
    .bind(environment)
    .bind(pipeline)
    .fetch_all(conn)
    .await
}
