//! HTTP: GraphQL and its subscriptions, GraphiQL when asked for, and the health endpoints.

pub mod address;
mod graphql;
mod operation;
mod socket;

use std::{net::TcpListener, sync::Arc};

use actix_web::{App as Actix, HttpResponse, HttpServer, dev::Server, web};
use tokio::sync::watch;

use self::{address::Network, socket::slots::Slots};
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
    sockets: Arc<Slots>,
    stopped: watch::Receiver<bool>,
}

/// Makes the server on a bound listener.
pub fn serve(
    app: Arc<App>,
    listener: TcpListener,
    settings: &Settings,
    stopped: watch::Receiver<bool>,
) -> std::io::Result<Server> {
    let graphiql = settings.graphiql;
    let trusted_proxies = settings.trusted_proxies.clone();
    let (schema, live_schema) = (crate::graphql::schema(), crate::graphql::live_schema());
    let sockets = Arc::default();
    let shared = web::Data::new(Shared { app, schema, live_schema, trusted_proxies, sockets, stopped });
    let server = HttpServer::new(move || {
        let app = Actix::new()
            .app_data(shared.clone())
            .app_data(web::PayloadConfig::new(MAX_BODY))
            .route("/graphql", web::post().to(graphql::execute))
            .route("/graphql/ws", web::get().to(socket::open))
            .route("/livez", web::get().to(|| async { HttpResponse::Ok().body("ok") }))
            .route("/readyz", web::get().to(ready));
        if graphiql { app.route("/graphiql", web::get().to(graphql::graphiql)) } else { app }
    });
    Ok(server.listen(listener)?.workers(2).disable_signals().shutdown_timeout(5).run())
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
