//! A second opinion: what a server comes to for the same context.

use fluxgate_client::evaluation::{self, Evaluation};
use fluxgate_client::{Api, ofrep};
use fluxgate_engine::{Explanation, Kept};
use serde_json::{Value, json};

use super::super::super::documents::Documents;
use super::super::eval::at_edge;
use super::steps::OWN_DEFAULT;
use crate::error::CliError;
use crate::output::{Line, Tone};

/// What somebody else came to.
pub(super) struct Second {
    who: &'static str,
    came_to: Evaluation,
}

/// The one kept assignment that explains what the other came to.
pub(super) struct KeptAs {
    feature: String,
    variant: String,
}

impl Kept for KeptAs {
    fn variant(&self, feature: &str, _salt: &str, _unit: &str) -> Option<&str> {
        (self.feature == feature).then_some(self.variant.as_str())
    }
}

impl Second {
    /// Tells what somebody came to.
    pub(super) fn of(who: &'static str, came_to: Evaluation) -> Self {
        Self { who, came_to }
    }

    pub(super) async fn backend(
        api: &Api,
        place: (&str, &str),
        key: &str,
        context: &Value,
    ) -> Result<Option<Self>, CliError> {
        let mut found = evaluation::evaluate(api, place, vec![key.to_owned()], context.clone()).await?;
        Ok(found.pop().map(|came_to| Self::of("the backend", came_to)))
    }

    pub(super) async fn edge(
        edge: &ofrep::Edge,
        (key, env): (&str, Option<&str>),
        context: &Value,
    ) -> Result<Self, CliError> {
        Ok(Self::of("the edge", at_edge(edge, (key, env), context).await?))
    }

    /// Returns whether it came to the same.
    pub(super) fn agrees(&self, explanation: &Explanation) -> bool {
        let theirs = &self.came_to;
        match &explanation.result {
            Ok(ours) => {
                theirs.error_code.is_none()
                    && theirs.variant == ours.variant
                    && theirs.value == ours.value
                    && theirs.reason.as_deref() == Some(ours.reason.as_str())
            }
            Err(error) => theirs.error_code.as_deref() == Some(error.code()),
        }
    }

    /// Returns the assignment that must have been kept, when a sticky split served something else.
    pub(super) fn kept(&self, documents: &Documents, key: &str, own: &Explanation) -> Option<KeptAs> {
        let is_sticky = documents.config(key)?.sticky;
        let variant = self.came_to.variant.clone().filter(|_| is_sticky && !self.agrees(own))?;
        Some(KeptAs { feature: key.to_owned(), variant })
    }

    pub(super) fn line(&self, explanation: &Explanation) -> Line {
        if self.agrees(explanation) {
            return Line::default()
                .and(Tone::Good, "  ✓ ")
                .and(Tone::Plain, format!("{} comes to the same", self.who));
        }
        let variant = self.came_to.variant.as_deref().unwrap_or(OWN_DEFAULT);
        let reason = self.came_to.reason.as_deref().or(self.came_to.error_code.as_deref());
        let version = self.came_to.version.map_or_else(String::new, |version| format!(", v{version}"));
        let text = format!("{} comes to {variant} ({}{version})", self.who, reason.unwrap_or("no reason"));
        Line::default().and(Tone::Bad, format!("  ✗ {text}"))
    }

    pub(super) fn to_json(&self, explanation: &Explanation) -> Value {
        json!({ "who": self.who, "agrees": self.agrees(explanation), "result": self.came_to })
    }
}
