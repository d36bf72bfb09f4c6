//! `/graphql/ws`: subscriptions over graphql-transport-ws. One task a socket: it hears the client, tells what its
//! subscriptions give as fast as the client reads, and ends with the session.

mod protocol;
mod pulse;
pub mod slots;
mod subscribe;
mod talk;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web,
};

use self::talk::{MAX_MESSAGE, Socket};
use super::{
    Shared, address,
    origin::{self, Origin},
};

/// Opens a socket.
pub async fn open(shared: web::Data<Shared>, http: HttpRequest, body: web::Payload) -> HttpResponse {
    let refused = |status: StatusCode, why: &'static str| HttpResponse::build(status).body(why);
    if !offers_protocol(&http) {
        return refused(StatusCode::BAD_REQUEST, "offer the WebSocket protocol graphql-transport-ws");
    }
    if !origin_allowed(&http, &shared.origins) {
        return refused(StatusCode::FORBIDDEN, "pages of this origin may not subscribe here");
    }
    let from = address::of(&http, &shared.trusted_proxies);
    let Some(slot) = shared.sockets.take(from) else {
        return refused(StatusCode::SERVICE_UNAVAILABLE, "too many sockets are open; try again later");
    };
    let (response, session, messages) = match actix_ws::handle_with_protocols(&http, body, &[protocol::NAME])
    {
        Ok(opened) => opened,
        Err(why) => return why.error_response(),
    };
    let messages = messages.max_frame_size(MAX_MESSAGE).aggregate_continuations();
    let messages = messages.max_continuation_size(MAX_MESSAGE);
    let socket = Socket::new(shared, session, (slot, from));
    actix_web::rt::spawn(socket.run(messages));
    response
}

fn offers_protocol(http: &HttpRequest) -> bool {
    let offered = http.headers().get_all(header::SEC_WEBSOCKET_PROTOCOL);
    let mut offered = offered.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    offered.any(|name| name.trim() == protocol::NAME)
}

/// Whether a page of the request's origin may open sockets: browsers ask nobody before they do, unlike with other
/// requests. Programs send no origin; pages of this server's own host may, and those that may ask otherwise.
fn origin_allowed(http: &HttpRequest, known: &[Origin]) -> bool {
    let Some(origin) = http.headers().get(header::ORIGIN) else { return true };
    if origin.to_str().is_ok_and(|origin| origin::allowed(origin, known)) {
        return true;
    }
    let host = http.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
    matches!((origin, host), (Some((_, origin)), Some(host)) if origin.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn other_sites_open_no_sockets() {
        for (origin, allowed) in [
            (None, true),
            (Some("https://flags.example:8080"), true),
            (Some("https://console.example"), true),
            (Some("http://FLAGS.example:8080"), true),
            (Some("https://flags.example"), false),
            (Some("https://evil.example"), false),
            (Some("https://flags.example:8080.evil.example"), false),
            (Some("null"), false),
            (Some(""), false),
        ] {
            let mut request = TestRequest::default().insert_header((header::HOST, "flags.example:8080"));
            if let Some(origin) = origin {
                request = request.insert_header((header::ORIGIN, origin));
            }
            let known = ["https://console.example".parse().unwrap()];
            assert_eq!(origin_allowed(&request.to_http_request(), &known), allowed, "{origin:?}");
        }
    }
}
