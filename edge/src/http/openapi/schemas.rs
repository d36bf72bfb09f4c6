//! The shapes of what is asked and answered, as they are described; the handlers write and read them by hand.
#![expect(dead_code, reason = "the shapes are described, never made")]

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

/// One flag and a context, in either spelling.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum EvaluateRequest {
    FlagKey(FlagKeyForm),
    FeatureKey(FeatureKeyForm),
}

/// In OpenFeature's words.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "flagKey": "BetaUsers", "context": { "targetingKey": "user-15", "role": "admin" },
}))]
pub(super) struct FlagKeyForm {
    flag_key: String,
    context: Option<EitherContext>,
}

/// In FluxGate's words.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "feature_key": "BetaUsers", "environment_id": "00000000-0000-0000-0000-000000000000",
    "context": [{ "key": "userId", "value": "15" }, { "key": "role", "value": "admin" }],
}))]
pub(super) struct FeatureKeyForm {
    feature_key: String,
    /// Key or id, for clients of all environments of a team
    environment_id: Option<String>,
    context: Option<EitherContext>,
}

/// Attributes of whom or what the flag is evaluated for, as an object or as a list.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum EitherContext {
    Object(BTreeMap<String, Value>),
    List(Vec<Attribute>),
}

/// One attribute.
#[derive(Serialize, ToSchema)]
pub(super) struct Attribute {
    key: String,
    #[schema(required = false)]
    value: Value,
}

/// A context.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "context": { "targetingKey": "user-15", "role": "admin" } }))]
pub(super) struct FlagRequest {
    /// Attributes of whom or what the flag is evaluated for, `targetingKey` first: at most 128, strings of at most 4 KiB.
    /// A client of all environments of a team names one of them in `environment` or `environment_id`.
    context: Option<BTreeMap<String, Value>>,
}

/// A context for all flags.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "context": { "targetingKey": "user-15", "role": "admin" } }))]
pub(super) struct BulkRequest {
    /// Attributes of whom or what the flag is evaluated for, `targetingKey` first: at most 128, strings of at most 4 KiB.
    /// A client of all environments of a team names one of them in `environment` or `environment_id`.
    context: Option<BTreeMap<String, Value>>,
}

/// Why a flag has its value.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Reason {
    Static,
    TargetingMatch,
    Split,
    Default,
    Disabled,
}

/// What the value is of.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Metadata {
    /// The number of the config within its stage
    #[schema(required = false)]
    version: u64,
    /// What the edge served: the effect of all changes up to here
    #[schema(required = false)]
    revision: u64,
    /// The name of the criterion that decided
    #[schema(required = false)]
    criterion: String,
    /// Whether the kill switch decided
    #[schema(required = false)]
    kill_switch: bool,
    /// The feature that has to be on first
    #[schema(required = false)]
    blocked_by: String,
}

/// The plain answer.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Evaluated {
    flag_key: String,
    /// Null when the application's own default counts
    value: Value,
    #[schema(required = true)]
    variant: Option<String>,
    reason: Reason,
    /// `FLAG_NOT_FOUND` when there is no such flag
    #[schema(required = false)]
    error_code: String,
    metadata: Metadata,
}

/// The OFREP answer.
#[derive(Serialize, ToSchema)]
pub(super) struct Flag {
    key: String,
    /// Absent when the application's own default counts
    #[schema(required = false)]
    value: Value,
    /// Empty when the application's own default counts
    variant: String,
    reason: Reason,
    metadata: Metadata,
}

/// A flag, or why it has no value.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum FlagOrError {
    Flag(Flag),
    Error(FlagError),
}

/// All flags in the order of their keys.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct AllFlags {
    flags: Vec<FlagOrError>,
    metadata: SetMetadata,
    event_streams: Vec<EventStream>,
}

/// What the flags are of.
#[derive(Serialize, ToSchema)]
pub(super) struct SetMetadata {
    revision: u64,
}

/// Where to follow what changes.
#[derive(Serialize, ToSchema)]
pub(super) struct EventStream {
    /// `sse`
    #[serde(rename = "type")]
    kind: String,
    endpoint: Endpoint,
}

/// An address on the host that was asked.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Endpoint {
    request_uri: String,
}

/// Why there is no value.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Error {
    error_code: ErrorCode,
    error_details: String,
    metadata: BTreeMap<String, Value>,
}

/// Why this flag has no value.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct FlagError {
    key: String,
    error_code: ErrorCode,
    error_details: String,
    metadata: BTreeMap<String, Value>,
}

/// Why there is no value, in the plain form.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PlainError {
    /// As far as it could be read
    #[schema(required = false)]
    flag_key: String,
    error_code: ErrorCode,
    error_details: String,
    metadata: BTreeMap<String, Value>,
}

/// What went wrong, in OpenFeature's words.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum ErrorCode {
    FlagNotFound,
    General,
    InvalidContext,
    ParseError,
    ProviderNotReady,
    TargetingKeyMissing,
}

/// The process lives.
#[derive(Serialize, ToSchema)]
pub(super) struct Healthy {
    /// `ok`
    status: String,
}

/// There is something to serve.
#[derive(Serialize, ToSchema)]
pub(super) struct Ready {
    /// `ok`
    status: String,
    revision: u64,
}

/// What an edge serves and what its stream is doing; more may come.
#[derive(Serialize, ToSchema)]
pub(super) struct Status {
    name: String,
    id: Uuid,
    version: String,
    ready: bool,
    #[schema(required = true)]
    epoch: Option<Uuid>,
    #[schema(required = true)]
    revision: Option<u64>,
    environments: u64,
    flags: u64,
    stream: BTreeMap<String, Value>,
}
