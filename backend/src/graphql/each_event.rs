//! Each event of a subscription is resolved as a request of its own: with the caller as they are then, the time, and what it may
//! read.

use std::sync::Arc;

use async_graphql::{
    Data, Response, ServerError,
    async_trait::async_trait,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute},
};

use super::{Identity, loader::loader};
use crate::{app::App, auth::Request, clock, service::presence::Presence};

/// Gives each event what resolvers ask for.
pub struct EachEvent;

impl ExtensionFactory for EachEvent {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(EachEvent)
    }
}

#[async_trait]
impl Extension for EachEvent {
    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        let (Ok(presence), Ok(request), Ok(app)) =
            (ctx.data::<Arc<Presence>>(), ctx.data::<Request>(), ctx.data::<Arc<App>>())
        else {
            return next.run(ctx, operation_name).await;
        };
        match presence.caller().await {
            Ok(caller) => {
                let mut data = Data::default();
                let request = Request { now: clock::now(), ..request.clone() };
                data.insert(loader(app.pool.clone(), request.now));
                data.insert(request);
                data.insert::<Identity>(Ok(caller));
                next.run_with_data(ctx, operation_name, data).await
            }
            Err(error) => {
                let mut refused = ServerError::new(error.to_string(), None);
                refused.source = Some(Arc::new(error));
                Response::from_errors(vec![refused])
            }
        }
    }
}
