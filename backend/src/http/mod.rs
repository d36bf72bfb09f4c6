//! HTTP: GraphQL and its subscriptions, GraphiQL when asked for, the health endpoints, and numbers for Prometheus.

pub mod address;
mod graphql;
mod observe;
mod operation;
pub mod origin;
mod socket;

use std::{net::TcpListener, sync::Arc};

use actix_web::{App as Actix, HttpResponse, HttpServer, dev::Server, middleware::from_fn, web};
use fluxgate_server::{metrics, tls::Certificate};
use tokio::sync::watch;

use self::{address::Network, origin::Origin, socket::slots::Slots};
use crate::{app::App, config::Settings, graphql::AdminSchema, store};

/// How large may a request be, in bytes?
const MAX_BODY: usize = 1024 * 1024;

/// What handlers share.
pub struct Shared {
    app: Arc<App>,
    schema: AdminSchema,
    /// The same for subscriptions, where each event has a caller of its own.
    live_schema: AdminSchema,
    trusted_proxies: Vec<Network>,
    /// Whose pages may ask.
    origins: Vec<Origin>,
    sockets: Arc<Slots>,
    stopped: watch::Receiver<bool>,
}

/// Makes the server on a bound listener.
pub fn serve(
    app: Arc<App>,
    listener: TcpListener,
    settings: &Settings,
    stopped: watch::Receiver<bool>,
    certificate: Option<&Arc<Certificate>>,
) -> anyhow::Result<Server> {
    let (graphiql, origins) = (settings.graphiql, settings.allowed_origin.clone());
    let trusted_proxies = settings.trusted_proxies.clone();
    let (schema, live_schema) = (crate::graphql::schema(), crate::graphql::live_schema());
    let shared = web::Data::new(Shared {
        app,
        schema,
        live_schema,
        trusted_proxies,
        origins: origins.clone(),
        sockets: Arc::default(),
        stopped,
    });
    let server = HttpServer::new(move || {
        let app = Actix::new()
            .app_data(shared.clone())
            .app_data(web::PayloadConfig::new(MAX_BODY))
            .service(web::resource("/graphql").wrap(origin::cors(&origins)).post(graphql::execute))
            .route("/graphql/ws", web::get().to(socket::open))
            .route("/livez", web::get().to(|| async { HttpResponse::Ok().body("ok") }))
            .route("/readyz", web::get().to(ready))
            .route("/metrics", web::get().to(numbers));
        let app = if graphiql { app.route("/graphiql", web::get().to(graphql::graphiql)) } else { app };
        app.wrap(from_fn(observe::observe))
    });
    let server = match certificate {
        // The library adds the protocol that it speaks.
        Some(certificate) => server.listen_rustls_0_23(listener, certificate.server_config(&[])?)?,
        None => server.listen(listener)?,
    };
    Ok(server.workers(2).disable_signals().shutdown_timeout(5).run())
}

/// Numbers for Prometheus.
async fn numbers(shared: web::Data<Shared>) -> HttpResponse {
    let numbers = shared.app.metrics.render(&shared.app);
    HttpResponse::Ok().content_type(metrics::CONTENT_TYPE).body(numbers)
}

/// Whether requests can be answered: the state is loaded, and the database answers.
async fn ready(shared: web::Data<Shared>) -> HttpResponse {
    let answer = async {
        let mut conn = shared.app.read().await?;
        Ok::<_, crate::error::Error>(store::delivery::head(&mut conn).await?)
    };
    match answer.await {
        Ok(_) => HttpResponse::Ok().body("ok"),
        Err(error) => HttpResponse::ServiceUnavailable().body(error.to_string()),
    }
}
