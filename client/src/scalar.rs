//! What the schema's own scalars are in Rust; the generated code looks them up here by name.

#![expect(clippy::upper_case_acronyms, reason = "the names are those of the schema")]

pub(crate) type DateTime = chrono::DateTime<chrono::Utc>;
pub(crate) type JSON = serde_json::Value;
pub(crate) type UUID = uuid::Uuid;
