//! What is said to the server: documents of mutations and their inputs.

use serde_json::{Value, json};

/// The document of a mutation, with a selection that tells what tests ask about.
pub fn mutation(field: &str) -> String {
    let selection = match field {
        "bootstrap" | "signIn" | "refreshSession" | "changePassword" => {
            "accessToken refreshToken user { username systemAdmin mustChangePassword memberships { team roles } }"
        }
        "signOut" | "createUser" => "username",
        "setMember" | "removeMember" => "user { username } roles",
        "createTeam" | "editTeam" => "key name description",
        "archiveTeam" | "unarchiveTeam" => "key archivedAt",
        "createPipeline" | "editPipeline" | "addPipelineStage" | "removePipelineStage" | "deletePipeline" => {
            "key name stages { environment { key } after }"
        }
        "createEnvironment" | "editEnvironment" | "setEnvironmentActive" => {
            "id key name type colour position active"
        }
        "createContextKey" | "editContextKey" | "deleteContextKey" => "key type description allowedValues",
        "createPolicy" | "editPolicy" | "deletePolicy" => "name scope environments approvals roles enabled",
        "editUser" | "setUserActive" | "resetPassword" => {
            "username name email active systemAdmin mustChangePassword"
        }
        "rotateSigningKey" => "kid state verifiesUntil",
        "createToken" | "rotateToken" => {
            "key token { name owner roles environments state expiresAt keys { id notAfter } }"
        }
        "revokeToken" => "name state revokedAt",
        "setLogFilter" => "filter configured",
        "createClient" | "rotateClientKey" => "key client { id name keyIds }",
        "setClientEnabled" | "editClient" | "revokeClientKey" | "deleteClient" => {
            "name enabled keyIds origins"
        }
        "editFeature" | "archiveFeature" | "unarchiveFeature" => {
            "key name description lifecycle owner removalDate tags"
        }
        "killFeature" | "restoreFeature" => "environments revision",
        "vote" | "cancelChange" | "overrideChange" | "commentChange" => "number status failure revision",
        "createFeature" | "editStage" | "promote" | "rollback" | "withdraw" | "rebaseChange" | "proposeBatch" => {
            "outcome change { number status revision failure author }
             items { feature { key } environment { key } source { key } baseVersion version before after
                     diff { kind path } }
             policies { name required satisfied } gates { gate feature passed message hint } warnings { rule path message }"
        }
        other => panic!("{other} is a mutation that the tests do not know"),
    };
    let kind = format!("{}{}Input", field[..1].to_uppercase(), &field[1..]);
    format!("mutation Run($input: {kind}!) {{ {field}(input: $input) {{ {selection} }} }}")
}

/// The input of a feature that is on from the start and may target.
pub fn new_feature(key: &str) -> Value {
    json!({"team": "acme", "key": key, "kind": "CONTEXTUAL", "enabled": true})
}

/// The input of an edit.
pub fn edit(feature: &str, environment: &str, config: Value) -> Value {
    let mut input = json!({"team": "acme", "feature": feature, "environment": environment});
    input["config"] = config;
    input
}

/// A document with one criterion of this name, by which documents differ.
pub fn targeted(name: &str) -> Value {
    json!({"enabled": true, "variants": {"on": true, "off": false}, "default": "off", "off": "off",
           "criteria": [{"name": name, "serve": "on"}]})
}

/// An instant so many seconds from now.
#[expect(clippy::disallowed_methods, reason = "what is said to a server of now depends on when that is")]
pub fn ahead(seconds: i64) -> Value {
    json!(chrono::Utc::now() + chrono::TimeDelta::seconds(seconds))
}

/// A text out of an answer.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
