//! What a new system is filled with: a team, three environments, three people, three features.

use fluxgate_client::{EnvironmentType, FeatureKind, Role};
use serde_json::{Value, json};

/// The team that has everything.
pub(crate) const TEAM: &str = "demo";

/// The way of every feature.
pub(crate) const PIPELINE: &str = "standard";

/// The policy that covers production.
pub(crate) const POLICY: &str = "Production";

/// The client of the edge that is started here; the edge is called the same.
pub(crate) const EDGE_CLIENT: &str = "edge-local";

/// The client that callers of the edge use.
pub(crate) const CALLERS_CLIENT: &str = "callers";

/// What a person reads once it is all there.
pub(crate) const SUMMARY: &str = "team demo, 3 environments, 3 features";

/// Someone who can sign in.
#[derive(Debug)]
pub(crate) struct User {
    pub(crate) username: &'static str,
    pub(crate) password: &'static str,
    pub(crate) name: &'static str,
    pub(crate) role: Role,
}

/// The one who runs it: the first admin of the server, and the team's.
pub(crate) const ADMIN: User =
    User { username: "admin", password: "demo-admin", name: "Ada Admin", role: Role::TeamAdmin };

/// The one who proposes.
pub(crate) const DEV: User =
    User { username: "dev", password: "demo-dev", name: "Dan Developer", role: Role::Requester };

/// The one who approves.
pub(crate) const LEAD: User =
    User { username: "lead", password: "demo-lead", name: "Lea Lead", role: Role::Approver };

/// Everyone.
pub(crate) const USERS: [User; 3] = [ADMIN, DEV, LEAD];

/// The environments, in the pipeline's order.
pub(crate) const ENVIRONMENTS: [(&str, &str, EnvironmentType); 3] = [
    ("dev", "Development", EnvironmentType::Development),
    ("staging", "Staging", EnvironmentType::Staging),
    ("prod", "Production", EnvironmentType::Production),
];

/// A feature and how far along the pipeline it is live.
#[derive(Debug)]
pub(crate) struct Feature {
    pub(crate) key: &'static str,
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) kind: FeatureKind,
    pub(crate) tags: &'static [&'static str],
    /// The stages it is promoted to, one after the other.
    pub(crate) promoted_to: &'static [&'static str],
    /// Its document; a simple feature has the usual one.
    pub(crate) config: Option<Value>,
}

/// Returns the features.
pub(crate) fn features() -> [Feature; 3] {
    [
        Feature {
            key: "BetaUsers",
            name: "Beta users",
            description: "Who sees what is not finished yet: admins.",
            kind: FeatureKind::Contextual,
            tags: &["access"],
            promoted_to: &["staging", "prod"],
            config: Some(json!({
                "enabled": true,
                "variants": { "on": true, "off": false },
                "default": "off",
                "off": "off",
                "criteria": [
                    { "name": "admins", "when": { "key": "role", "op": "equals", "value": "admin" }, "serve": "on" }
                ]
            })),
        },
        Feature {
            key: "checkout-redesign",
            name: "Checkout redesign",
            description: "One page instead of three, tried on half of the customers in the US.",
            kind: FeatureKind::Contextual,
            tags: &["checkout", "experiment"],
            promoted_to: &["staging"],
            config: Some(json!({
                "enabled": true,
                "variants": { "control": "Buy now", "express": "Get started today" },
                "default": "control",
                "off": "control",
                "criteria": [
                    {
                        "name": "US split",
                        "when": { "key": "country", "op": "equals", "value": "US" },
                        "split": [{ "variant": "control", "weight": 50 }, { "variant": "express", "weight": 50 }]
                    }
                ]
            })),
        },
        Feature {
            key: "holiday-banner",
            name: "Holiday banner",
            description: "Greets everyone during the holidays.",
            kind: FeatureKind::Simple,
            tags: &["marketing"],
            promoted_to: &[],
            config: None,
        },
    ]
}

#[cfg(test)]
mod tests {
    use fluxgate_engine::FlagConfig;

    use super::*;

    #[test]
    fn the_documents_are_valid() {
        for config in features().into_iter().filter_map(|feature| feature.config) {
            let parsed: FlagConfig = serde_json::from_value(config).unwrap();
            assert_eq!(parsed.criteria.len(), 1);
        }
    }
}
