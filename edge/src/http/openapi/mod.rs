//! The OpenAPI document, written beside the handlers instead of on them, so that what answers is not shaped by what
//! describes it. A test compares it with the table of routes.

mod paths;
mod schemas;

use actix_web::web::Bytes;
use utoipa::OpenApi;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AnyOfBuilder, Schema};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};

/// The document as it is sent.
#[derive(Debug)]
pub(super) struct Document(pub(super) Bytes);

#[derive(OpenApi)]
#[openapi(
    info(
        title = "FluxGate edge",
        description = "Evaluates feature flags from memory: OFREP for every OpenFeature provider, and a plain form for everybody else.",
    ),
    paths(
        paths::evaluate,
        paths::single,
        paths::bulk,
        paths::events,
        paths::livez,
        paths::readyz,
        paths::health,
        paths::status,
        paths::metrics,
        paths::document,
    ),
    security(("bearer" = []), ("apiKey" = [])),
)]
struct Description;

/// Returns the document for an edge whose OFREP stands under a prefix.
pub(super) fn document(prefix: &str) -> serde_json::Result<Document> {
    let mut document = Description::openapi();
    let components = document.components.get_or_insert_default();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("A client key")).build();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    let header = ApiKeyValue::with_description("X-API-Key", "A client key");
    components.add_security_scheme("apiKey", SecurityScheme::ApiKey(ApiKey::Header(header)));
    // A request may name the flag in both spellings.
    if let Some(RefOr::T(Schema::OneOf(either))) = components.schemas.remove("EvaluateRequest") {
        let any = either.items.into_iter().fold(AnyOfBuilder::new(), AnyOfBuilder::item);
        components.schemas.insert("EvaluateRequest".to_owned(), RefOr::T(Schema::AnyOf(any.build())));
    }
    let paths = std::mem::take(&mut document.paths.paths);
    document.paths.paths = paths
        .into_iter()
        .map(
            |(path, item)| {
                if path.starts_with("/ofrep/") { (format!("{prefix}{path}"), item) } else { (path, item) }
            },
        )
        .collect();
    Ok(Document(serde_json::to_vec(&document)?.into()))
}
