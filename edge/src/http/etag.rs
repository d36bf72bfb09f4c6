//! When a client has already what it asks for: a tag over everything that an answer depends on.

use actix_web::http::header::{HeaderMap, IF_NONE_MATCH};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fluxgate_engine::{Attribute, Context};
use uuid::Uuid;
use xxhash_rust::xxh3::Xxh3;

use super::auth::Asker;
use crate::listing::Version;

/// Tells apart who asks, where, and with which context.
pub(super) fn identity(asker: Asker<'_>, environment: Uuid, context: &Context<'_>) -> u128 {
    let mut hash = Xxh3::new();
    match asker {
        Asker::Client(credential) => hash.update(&credential.id()),
        Asker::Anonymous => hash.update(&[0; 8]),
    }
    hash.update(environment.as_bytes());
    hash_fields(&mut hash, context.iter());
    hash.digest128()
}

/// Returns the tag of an answer, quoted; `expires` is the end of what the answer lends.
pub(super) fn etag(identity: u128, version: Version, expires: u64) -> String {
    let mut hash = Xxh3::new();
    hash.update(&identity.to_le_bytes());
    hash.update(&version.to_le_bytes());
    hash.update(&expires.to_le_bytes());
    format!("\"{}\"", version_text(hash.digest128()))
}

/// Returns a version as people and programs see it.
pub(super) fn version_text(version: Version) -> String {
    URL_SAFE_NO_PAD.encode(version.to_le_bytes())
}

/// Returns whether the client says that it has the answer of this tag.
pub(super) fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let wanted = etag.trim_matches('"');
    // No tag has a comma in it.
    let listed = headers.get_all(IF_NONE_MATCH).filter_map(|line| line.to_str().ok());
    listed.flat_map(|line| line.split(',')).any(|tag| {
        let tag = tag.trim();
        let tag = tag.strip_prefix("W/").unwrap_or(tag);
        tag == "*" || tag.trim_matches('"') == wanted
    })
}

/// Hashes fields in the order of their keys; of doubled keys the last counts, as it does in an evaluation.
fn hash_fields<'c>(hash: &mut Xxh3, fields: impl Iterator<Item = (&'c str, &'c Attribute<'c>)>) {
    let mut fields: Vec<_> = fields.collect();
    fields.sort_by_key(|(key, _)| *key);
    let last_of = fields.chunk_by(|a, b| a.0 == b.0).filter_map(|doubled| doubled.last());
    for (key, value) in last_of {
        hash_text(hash, key);
        hash_attribute(hash, value);
    }
    hash.update(b"}");
}

fn hash_attribute(hash: &mut Xxh3, attribute: &Attribute<'_>) {
    match attribute {
        Attribute::Null => hash.update(b"n"),
        Attribute::Bool(value) => hash.update(if *value { b"t" } else { b"f" }),
        Attribute::Number(value) => {
            hash.update(b"d");
            hash.update(&value.to_bits().to_le_bytes());
        }
        Attribute::Text(text) => hash_text(hash, text),
        Attribute::List(elements) => {
            hash.update(b"[");
            elements.iter().for_each(|element| hash_attribute(hash, element));
            hash.update(b"]");
        }
        Attribute::Object(fields) => {
            hash.update(b"{");
            hash_fields(hash, fields.iter().map(|(key, value)| (&**key, value)));
        }
    }
}

fn hash_text(hash: &mut Xxh3, text: &str) {
    hash.update(b"s");
    hash.update(&(text.len() as u64).to_le_bytes());
    hash.update(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn of(json: &str) -> u128 {
        let context: Context<'_> = serde_json::from_str(json).unwrap();
        identity(Asker::Anonymous, Uuid::nil(), &context)
    }

    #[test]
    fn the_same_context_is_the_same_however_it_is_written() {
        let one = of(r#"{"a":1,"b":{"c":[1,"x"],"d":null}}"#);
        assert_eq!(of(r#"{ "b": {"d": null, "c": [1.0, "x"]}, "a": 1 }"#), one);
        assert_eq!(of(r#"{"a":"former","a":1,"b":{"c":[1,"x"],"d":null}}"#), one);
    }

    #[test]
    fn what_differs_anywhere_is_another() {
        let contexts = [
            "{}",
            r#"{"a":1}"#,
            r#"{"a":"1"}"#,
            r#"{"a":null}"#,
            r#"{"a":true}"#,
            r#"{"a":false}"#,
            r#"{"a":[]}"#,
            r#"{"a":{}}"#,
            r#"{"a":[1]}"#,
            r#"{"a":[[],1]}"#,
            r#"{"a":[[1]]}"#,
            r#"{"a":"","b":"c"}"#,
            r#"{"a":"b","c":""}"#,
            r#"{"a":{"b":1}}"#,
            r#"{"a":{},"b":1}"#,
        ];
        for (n, a) in contexts.iter().enumerate() {
            for b in &contexts[n + 1..] {
                assert_ne!(of(a), of(b), "{a} {b}");
            }
        }
        let environment = identity(Asker::Anonymous, Uuid::max(), &Context::new());
        assert_ne!(environment, of("{}"));
        assert_ne!(etag(1, 2, 3), etag(1, 2, 4));
        assert_ne!(etag(1, 2, 3), etag(1, 3, 3));
    }

    #[test]
    fn tags_are_found_in_every_way_to_write_them() {
        let known = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            values.iter().for_each(|value| headers.append(IF_NONE_MATCH, HeaderValue::from_static(value)));
            is_known(&headers, "\"abc\"")
        };
        for values in
            [&["\"abc\""][..], &["W/\"abc\""], &["*"], &["abc"], &["\"x\", W/\"abc\""], &["\"x\"", "\"abc\""]]
        {
            assert!(known(values), "{values:?}");
        }
        for values in [&[][..], &["\"ab\""], &[""], &["\"abcd\",\"x\""]] {
            assert!(!known(values), "{values:?}");
        }
    }
}
