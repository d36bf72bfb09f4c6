//! Opens a socket and says who we are.

use std::sync::Arc;
use std::time::Duration;

use graphql_ws_client::{Client, ConnectionActor};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{self, http};
use tokio_tungstenite::{Connector, connect_async_tls_with_config};

use crate::api::{self, Api};
use crate::error::{Code, Error, Refusal};

/// How long may it take to be let in?
const WITHIN: Duration = Duration::from_secs(10);
/// How often is a silent server asked whether it is there? After three times without an answer it counts as gone.
const PING_EVERY: Duration = Duration::from_secs(10);
/// The server's words for a token that is no longer good.
const UNAUTHORIZED: [u16; 2] = [4401, 4403];
/// The server's word for what is none of the protocol.
const BAD_REQUEST: u16 = 4400;

/// Why there is no socket.
#[derive(Debug)]
pub(super) enum Closed {
    /// It may work in a moment.
    Gone(String),
    /// With another token.
    Unauthorized(String),
    /// Whatever answers has no subscriptions.
    Unable(String),
}

impl Closed {
    pub(super) fn into_error(self, api: &Api) -> Error {
        let server = api.server().to_owned();
        match self {
            Self::Gone(cause) => Error::Unreachable { server, cause, tries: 1 },
            Self::Unable(detail) => Error::BadAnswer { server, detail },
            Self::Unauthorized(message) => Error::Server(Box::new(Refusal {
                code: Code::Unauthenticated,
                message,
                ..Refusal::default()
            })),
        }
    }
}

/// Opens a socket; the actor must be polled for the client to do anything.
pub(super) async fn open(
    api: &Api,
    bearer: Option<&SecretString>,
) -> Result<(Client, ConnectionActor), Closed> {
    let Some(bearer) = bearer else {
        return Err(Closed::Unauthorized("sign in first".to_owned()));
    };
    tokio::time::timeout(WITHIN, let_in(api, bearer))
        .await
        .unwrap_or_else(|_| Err(Closed::Gone("no answer in time".to_owned())))
}

async fn let_in(api: &Api, bearer: &SecretString) -> Result<(Client, ConnectionActor), Closed> {
    let request = request(api).map_err(|error| Closed::Unable(error.to_string()))?;
    let socket = connect_async_tls_with_config(request, None, false, connector(api));
    let (socket, _) = socket.await.map_err(refused)?;
    let payload = json!({ "Authorization": format!("Bearer {}", bearer.expose_secret()) });
    let client = Client::build(socket).keep_alive_interval(PING_EVERY).subscription_buffer_size(16);
    let client = client.payload(payload).map_err(|error| Closed::Unable(error.to_string()))?;
    client.await.map_err(|error| match error {
        graphql_ws_client::Error::Close(code, why) if UNAUTHORIZED.contains(&code) => {
            Closed::Unauthorized(why)
        }
        graphql_ws_client::Error::Close(BAD_REQUEST, why) => Closed::Unable(why),
        graphql_ws_client::Error::Close(_, why) => Closed::Gone(why),
        graphql_ws_client::Error::Decode(why) => Closed::Unable(why),
        other => Closed::Gone(other.to_string()),
    })
}

fn request(api: &Api) -> Result<http::Request<()>, tungstenite::Error> {
    // Both schemes have their counterpart: http is ws, https is wss.
    let url = format!("{}/graphql/ws", api.server().replacen("http", "ws", 1));
    let mut request = url.into_client_request()?;
    let headers = request.headers_mut();
    headers.insert("sec-websocket-protocol", HeaderValue::from_static("graphql-transport-ws"));
    headers.insert("user-agent", HeaderValue::from_static(api::USER_AGENT));
    Ok(request)
}

/// Returns how TLS is spoken where more authorities are trusted than the machine knows; else as the library does.
fn connector(api: &Api) -> Option<Connector> {
    if api.authorities().is_empty() {
        return None;
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    // That they can be read was seen when they were given.
    roots.add_parsable_certificates(CertificateDer::pem_slice_iter(api.authorities()).flatten());
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    Some(Connector::Rustls(Arc::new(config)))
}

fn refused(error: tungstenite::Error) -> Closed {
    match error {
        tungstenite::Error::Http(answer) if matches!(answer.status().as_u16(), 429 | 500..=599) => {
            Closed::Gone(format!("it answers {}", answer.status()))
        }
        tungstenite::Error::Http(answer) => {
            Closed::Unable(format!("it answers {} to a WebSocket", answer.status()))
        }
        tungstenite::Error::Protocol(why) => Closed::Unable(why.to_string()),
        other => Closed::Gone(api::innermost(&other)),
    }
}
