//! What a feature would be for someone.

use serde_json::Value;

use crate::api::Api;
use crate::error::Error;

mod generated {
    #![expect(missing_docs, reason = "the schema documents what is generated from it")]

    use crate::operation::operation;

    operation!(Evaluate, "graphql/evaluation.graphql");
}

pub use generated::evaluate::Evaluation;
pub use generated::{Evaluate, evaluate};

/// Evaluates features in an environment for one context.
pub async fn evaluate(
    api: &Api,
    (team, environment): (&str, &str),
    features: Vec<String>,
    context: Value,
) -> Result<Vec<Evaluation>, Error> {
    let variables =
        evaluate::Variables { team: team.to_owned(), environment: environment.to_owned(), features, context };
    Ok(api.run::<Evaluate>(variables).await?.team.evaluations)
}
