//! OpenFeature's OFREP provider for Rust against a real edge. One test: the provider remembers for the whole process that it
//! has to wait.

use std::time::Duration;

use open_feature::provider::FeatureProvider as _;
use open_feature::{EvaluationContext, EvaluationErrorCode};
use open_feature_ofrep::{OfrepOptions, OfrepProvider};
use reqwest::header::{HeaderMap, HeaderValue};
use serde_json::Value;

async fn provider(edge: &Value, key: &str) -> OfrepProvider {
    let mut headers = HeaderMap::new();
    headers.insert("authorization", HeaderValue::try_from(format!("Bearer {key}")).unwrap());
    let base_url = edge.as_str().unwrap().to_owned();
    OfrepProvider::new(OfrepOptions { base_url, headers, ..OfrepOptions::default() }).await.unwrap()
}

/// Asks by the method of the type; an object comes as the number of its fields, the provider's own values as text.
async fn ask(provider: &OfrepProvider, case: &Value, context: &EvaluationContext) -> (String, Option<String>) {
    let key = case["key"].as_str().unwrap();
    macro_rules! told {
        ($method:ident, $value:ident => $text:expr) => {{
            let details = provider.$method(key, context).await.unwrap_or_else(|error| panic!("{key}: {error:?}"));
            let $value = details.value;
            ($text, details.variant)
        }};
    }
    match case["type"].as_str().unwrap() {
        "boolean" => told!(resolve_bool_value, value => value.to_string()),
        "string" => told!(resolve_string_value, value => format!("{value:?}")),
        "integer" => told!(resolve_int_value, value => value.to_string()),
        "float" => told!(resolve_float_value, value => value.to_string()),
        _ => told!(resolve_struct_value, value => value.fields.len().to_string()),
    }
}

fn expected(case: &Value) -> String {
    match &case["value"] {
        Value::Object(fields) => fields.len().to_string(),
        other => other.to_string(),
    }
}

#[tokio::test]
async fn a_provider_is_served_as_it_expects() {
    let world = std::fs::read(std::env::var("CLIENTS_WORLD").unwrap()).unwrap();
    let world: Value = serde_json::from_slice(&world).unwrap();
    let key = world["server"].as_str().unwrap();
    let context = EvaluationContext::default()
        .with_targeting_key(world["context"]["targetingKey"].as_str().unwrap())
        .with_custom_field("plan", world["context"]["plan"].as_str().unwrap());
    let flags = provider(&world["edge"], key).await;
    for case in world["cases"].as_array().unwrap() {
        let (value, variant) = ask(&flags, case, &context).await;
        assert_eq!(value, expected(case), "{case}");
        assert_eq!(variant.as_deref(), case["variant"].as_str(), "{case}");
    }

    let unknown = flags.resolve_bool_value("nothing", &context).await.unwrap_err();
    assert_eq!(unknown.code, EvaluationErrorCode::FlagNotFound);
    let nobody = EvaluationContext::default();
    let missing = flags.resolve_string_value("string-split", &nobody).await.unwrap_err();
    assert_eq!(missing.code, EvaluationErrorCode::InvalidContext, "what it makes of every 400");
    let stranger = provider(&world["edge"], &format!("{}_", &key[..key.len() - 1])).await;
    let refused = stranger.resolve_bool_value("boolean-static", &context).await.unwrap_err();
    assert!(matches!(refused.code, EvaluationErrorCode::General(text) if text.contains("authentication")));

    let often = provider(&world["limited"], key).await;
    let mut said = Vec::new();
    for _ in 0..1000 {
        match often.resolve_bool_value("boolean-static", &context).await {
            Err(error) if said.is_empty() && error.message.as_deref().is_some_and(|text| text.contains("wait")) => {
                said.push("paused");
            }
            Ok(_) if said == ["paused"] => {
                said.push("let in again");
                break;
            }
            _ => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
    assert_eq!(said, ["paused", "let in again"]);
}
