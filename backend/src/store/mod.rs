//! The only SQL: per noun the struct of its row and functions over a connection.
//!
//! The row is the domain value is the GraphQL node. Rows that hold secrets derive neither.

pub mod assignment;
pub mod audit;
pub mod bounded;
pub mod change;
pub mod client;
pub mod comment;
pub mod constraint;
pub mod context_key;
pub mod delivery;
pub mod edge;
pub mod environment;
pub mod evaluation;
pub mod failure;
pub mod feature;
pub mod feed;
pub mod grants;
pub mod ingest;
pub mod kill;
pub mod member;
pub mod page;
pub mod pipeline;
pub mod policy;
pub mod retention;
pub mod schema;
pub mod session;
pub mod signing_key;
pub mod stage;
pub mod team;
pub mod token;
pub mod user;
pub mod version;
pub mod vote;

/// The migrations, in the binary.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../migrations");

/// Lets a connection's statements take as long as they need.
pub async fn lift_timeouts(conn: &mut sqlx::PgConnection) -> sqlx::Result<()> {
    sqlx::raw_sql("SET statement_timeout = 0; SET lock_timeout = 0").execute(conn).await?;
    Ok(())
}

/// An enum that is the same upper-case word in SQL, GraphQL and JSON.
macro_rules! word_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, sqlx::Type, async_graphql::Enum,
                 serde::Serialize, serde::Deserialize)]
        #[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE", no_pg_array)]
        #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }

        impl sqlx::postgres::PgHasArrayType for $name {
            fn array_type_info() -> sqlx::postgres::PgTypeInfo {
                <String as sqlx::postgres::PgHasArrayType>::array_type_info()
            }
            fn array_compatible(ty: &sqlx::postgres::PgTypeInfo) -> bool {
                <String as sqlx::postgres::PgHasArrayType>::array_compatible(ty)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let items = <$name as async_graphql::resolver_utils::EnumType>::items();
                f.write_str(items.iter().find(|item| item.value == *self).map_or("", |item| item.name))
            }
        }
    };
}
pub(crate) use word_enum;
