//! Operations whose input says null for some fields: to the server that is more than leaving them out.

use std::marker::PhantomData;

use graphql_client::{GraphQLQuery, QueryBody};
use serde::{Serialize, Serializer};
use serde_json::Value;

/// An operation with one `input`, some of whose fields are null.
pub(crate) struct Nulled<Q>(PhantomData<Q>);

/// What such an operation is sent with.
pub(crate) struct Variables<V> {
    /// The operation's own.
    pub(crate) variables: V,
    /// The fields of `input` that are null.
    pub(crate) nulls: Vec<&'static str>,
}

impl<Q: GraphQLQuery> GraphQLQuery for Nulled<Q> {
    type Variables = Variables<Q::Variables>;
    type ResponseData = Q::ResponseData;

    fn build_query(wanted: Self::Variables) -> QueryBody<Self::Variables> {
        let body = Q::build_query(wanted.variables);
        QueryBody {
            variables: Variables { variables: body.variables, nulls: wanted.nulls },
            query: body.query,
            operation_name: body.operation_name,
        }
    }
}

impl<V: Serialize> Serialize for Variables<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut variables = serde_json::to_value(&self.variables).map_err(serde::ser::Error::custom)?;
        for field in &self.nulls {
            variables["input"][field] = Value::Null;
        }
        variables.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Variables;

    #[test]
    fn nulls_stand_beside_the_rest() {
        let variables = Variables { variables: json!({"input": {"team": "a"}}), nulls: vec!["removalDate"] };
        let sent = serde_json::to_value(&variables).unwrap();
        assert_eq!(sent, json!({"input": {"team": "a", "removalDate": null}}));
    }
}
