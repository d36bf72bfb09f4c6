//! From a client's operation to what it gives: limits first, then the schema, then codes for what went wrong.

use std::sync::Arc;

use actix_web::web;
use async_graphql::{
    Request as Operation, Response,
    parser::types::{ExecutableDocument, OperationType, Selection},
};
use futures_util::{
    StreamExt as _,
    stream::{self, BoxStream},
};

use super::{
    super::{
        Shared,
        operation::{failure, masked, within_limits},
    },
    talk::News,
};
use crate::{
    auth::Request,
    clock,
    error::{Error, Result},
    graphql::{Identity, loader::loader},
    service::presence::Presence,
};

/// Begins a subscription.
pub fn begin(
    shared: &web::Data<Shared>,
    presence: &Arc<Presence>,
    operation: Operation,
) -> BoxStream<'static, News> {
    let (shared, presence) = (web::Data::clone(shared), Arc::clone(presence));
    let request = request(&presence);
    let answers = stream::once({
        let request = request.clone();
        async move {
            match prepared(&shared, &presence, (operation, request)).await {
                Ok(operation) => shared.live_schema.execute_stream(operation),
                Err(why) => stream::iter([failure(why)]).boxed(),
            }
        }
    });
    let answers = answers.flatten().map(move |response| Some(masked(response, &request)));
    answers.chain(stream::iter([None])).boxed()
}

/// The answer to a subscription that does not begin.
pub fn refusal(presence: &Presence, why: Error) -> Response {
    masked(failure(why), &request(presence))
}

/// Each subscription is a request of its own, as its errors tell.
fn request(presence: &Presence) -> Request {
    Request {
        now: clock::now(),
        id: clock::new_id(),
        address: presence.address().map(str::to_owned),
        dry_run: false,
    }
}

/// Looks at the operation and gives it what resolvers ask for.
async fn prepared(
    shared: &Shared,
    presence: &Arc<Presence>,
    (operation, request): (Operation, Request),
) -> Result<Operation> {
    let mut operation = within_limits(operation)?;
    if let Ok(document) = operation.parsed_query() {
        one_subscription(document)?;
    }
    let identity: Identity = Ok(presence.caller().await?);
    Ok(operation
        .data(Arc::clone(&shared.app))
        .data(loader(shared.app.pool.clone(), request.now))
        .data(Arc::clone(presence))
        .data(request)
        .data(identity))
}

/// Refuses whatever is no subscription to one thing: queries and mutations go by POST, and what is counted is what runs.
fn one_subscription(document: &ExecutableDocument) -> Result<()> {
    for (_, operation) in document.operations.iter() {
        if operation.node.ty != OperationType::Subscription {
            return Err(Error::invalid(
                "query",
                "is no subscription: send queries and mutations to /graphql by POST",
            ));
        }
        let fields = &operation.node.selection_set.node.items;
        if !matches!(fields.as_slice(), [one] if matches!(one.node, Selection::Field(_))) {
            return Err(Error::invalid("query", "a subscription is to one field"));
        }
    }
    Ok(())
}
