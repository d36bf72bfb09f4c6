//! Which web pages may ask, by the origin that their browser states.

use std::str::FromStr;

use actix_cors::Cors;
use actix_web::http::{Method, header};

use super::observe::REQUEST_ID;
use crate::service::origin;

/// For how long may a browser remember that it may ask, in seconds?
const REMEMBERED: usize = 600;

/// An origin as browsers write it, like `https://flags.example`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Origin, String> {
        let wanted = "https://host[:port], or http://localhost[:port]; no path, no wildcard";
        origin::normal(text).map(Origin).ok_or_else(|| format!("\"{text}\" is no web origin: {wanted}"))
    }
}

/// Whether pages of an origin may ask. What has no origin is no browser's, and is not meant here.
pub fn allowed(origin: &str, origins: &[Origin]) -> bool {
    origins.iter().any(|Origin(known)| known == origin)
}

/// Lets pages of these origins ask with a token of theirs. They have no cookies here, so none are let through.
pub fn cors(origins: &[Origin]) -> Cors {
    let origins = origins.to_vec();
    Cors::default()
        .allowed_origin_fn(move |origin, _| origin.to_str().is_ok_and(|origin| allowed(origin, &origins)))
        .allowed_methods([Method::POST])
        .allowed_headers([header::AUTHORIZATION, header::CONTENT_TYPE])
        .expose_headers([REQUEST_ID.clone()])
        .max_age(REMEMBERED)
}
