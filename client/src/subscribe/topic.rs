//! One subscription of a feed: what to ask for, from which place on, and what becomes of the answers.

use graphql_client::GraphQLQuery;
use graphql_ws_client::graphql::GraphqlOperation;
use serde::Serialize;
use serde_json::{Value, json};

use crate::document;
use crate::error::{Error, Refusal};

type Read<E> = Box<dyn Fn(Value) -> Result<E, serde_json::Error> + Send + Sync>;

/// One subscription.
pub(super) struct Topic<E> {
    body: Value,
    read: Read<E>,
}

/// The request of one, as it is sent.
#[derive(Serialize)]
#[serde(transparent)]
pub(super) struct Body(Value);

impl GraphqlOperation for Body {
    type Response = Value;
    type Error = serde_json::Error;

    fn decode(&self, data: Value) -> Result<Value, serde_json::Error> {
        Ok(data)
    }
}

/// What an answer says.
pub(super) enum Answer<E> {
    Event(E),
    Refused(Box<Refusal>),
    Unreadable(String),
}

impl<E> Topic<E> {
    pub(super) fn new<Q: GraphQLQuery>(
        variables: Q::Variables,
        event: impl Fn(Q::ResponseData) -> E + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let body = Q::build_query(variables);
        let text = document::only(body.query, body.operation_name);
        let variables =
            serde_json::to_value(body.variables).map_err(|error| Error::Setup(error.to_string()))?;
        Ok(Self {
            body: json!({ "query": text, "variables": variables, "operationName": body.operation_name }),
            read: Box::new(move |data| serde_json::from_value(data).map(&event)),
        })
    }

    pub(super) fn request(&self) -> Body {
        Body(self.body.clone())
    }

    /// Forgets its place: it goes on from now.
    pub(super) fn forget(&mut self) {
        self.body["variables"]["after"] = Value::Null;
    }

    /// Reads an answer, and remembers its place.
    pub(super) fn read(&mut self, mut answer: Value) -> Answer<E> {
        if let Some(error) = answer.pointer("/errors/0") {
            return Answer::Refused(Box::new(Refusal::from_answer(error)));
        }
        let data = answer.get_mut("data").map(Value::take).unwrap_or_default();
        let told = data.as_object().and_then(|fields| fields.values().next());
        let cursor = told.and_then(|told| told.get("cursor")).and_then(Value::as_str).map(str::to_owned);
        match (self.read)(data) {
            Ok(event) => {
                if let Some(cursor) = cursor {
                    self.body["variables"]["after"] = Value::from(cursor);
                }
                Answer::Event(event)
            }
            Err(error) => Answer::Unreadable(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Answer, Topic};
    use crate::audit::{WatchAudit, watch_audit};

    fn topic() -> Topic<String> {
        let variables = watch_audit::Variables { team: "demo".into(), ..Default::default() };
        Topic::new::<WatchAudit>(variables, |data| data.event.entry.subject).unwrap()
    }

    fn answer(cursor: &str) -> serde_json::Value {
        json!({"data": {"event": {"cursor": cursor, "entry": {
            "number": 1, "at": "2026-11-20T09:57:02Z", "actor": "dev", "actorKind": "USER", "owner": null,
            "action": "feature.kill", "subject": "checkout", "environment": null, "reason": null,
            "before": null, "after": null, "address": null}}}})
    }

    #[test]
    fn it_goes_on_behind_what_it_read_last() {
        let mut topic = topic();
        for cursor in ["one", "two"] {
            assert!(matches!(topic.read(answer(cursor)), Answer::Event(subject) if subject == "checkout"));
        }
        assert_eq!(topic.request().0["variables"]["after"], "two");
        assert!(topic.request().0["query"].as_str().unwrap().starts_with("fragment AuditEntry"));
        topic.forget();
        assert!(topic.request().0["variables"]["after"].is_null());
    }

    #[test]
    fn what_it_cannot_read_moves_nothing() {
        let mut topic = topic();
        let strange = json!({"data": {"event": {"cursor": "three"}}});
        assert!(matches!(topic.read(strange), Answer::Unreadable(_)));
        let refused = json!({"errors": [{"message": "no", "extensions": {"code": "STALE"}}]});
        assert!(matches!(topic.read(refused), Answer::Refused(_)));
        assert!(topic.request().0["variables"].get("after").is_none_or(serde_json::Value::is_null));
    }
}
