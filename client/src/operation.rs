//! The settings that all generated operations share.

/// Generates the request and the answer of one operation of a document in `graphql/`.
///
/// With a response type, the answer's one field is that type, so that operations share what they return.
macro_rules! operation {
    ($name:ident, $document:tt $(, $response:tt)?) => {
        #[derive(Clone, Copy, Debug, graphql_client::GraphQLQuery)]
        #[graphql(
            schema_path = "schema.graphql",
            query_path = $document,
            $(response_type = $response,)?
            response_derives = "Clone, Debug, PartialEq, Serialize",
            variables_derives = "Clone, Debug, Default",
            // To the server a null may say more than nothing.
            skip_serializing_none,
            custom_scalars_module = "crate::scalar",
            extern_enums(
                "ActorKind",
                "ChangeKind",
                "ChangeStatus",
                "ClientKind",
                "ContextKeyType",
                "Decision",
                "DiffKind",
                "EnvironmentType",
                "EvaluationGroup",
                "EvaluationReason",
                "FeatureKind",
                "FeatureSort",
                "Lifecycle",
                "PolicyScope",
                "ProposalOutcome",
                "Resolution",
                "Role",
                "SigningKeyState",
                "StageStatus",
                "TokenState",
                "StaleReason",
                "ValueType"
            )
        )]
        pub struct $name;
    };
}

pub(crate) use operation;
