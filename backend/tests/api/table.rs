//! The table of what the schema offers: of each field who may use it, and a harmless way to try.

use serde_json::{Value, json};

use crate::{input::ahead, world::PASSWORD};

/// Who may use a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Everybody, signed in or not.
    Public,
    /// Everybody who is signed in, even one who has to change the password first.
    Own,
    /// The same, but no token.
    InPerson,
    /// Everybody who is signed in.
    SignedIn,
    /// System administrators.
    SystemAdmin,
    /// System administrators, of a team that those who do not see it do not find.
    SystemAdminOfTeam,
    /// Who sees the team.
    Read,
    /// REQUESTER, APPROVER, TEAM_ADMIN, system administrators.
    Propose,
    /// APPROVER, TEAM_ADMIN; nobody else for a policy that lists no REQUESTER.
    Vote,
    /// TEAM_ADMIN only.
    Override,
    /// APPROVER, TEAM_ADMIN, system administrators.
    Restore,
    /// TEAM_ADMIN, system administrators.
    Manage,
    /// The same, but no token.
    Admit,
}

impl Class {
    /// The roles of which one is needed, none for any member; and whether a system administrator may without.
    pub fn roles(self) -> (&'static [&'static str], bool) {
        match self {
            Class::Propose => (&["REQUESTER", "APPROVER", "TEAM_ADMIN"], true),
            Class::Vote => (&["APPROVER", "TEAM_ADMIN"], false),
            Class::Override => (&["TEAM_ADMIN"], false),
            Class::Restore => (&["APPROVER", "TEAM_ADMIN"], true),
            Class::Manage | Class::Admit => (&["TEAM_ADMIN"], true),
            _ => (&[], true),
        }
    }

    /// Whether the field is one of a team's.
    pub fn in_team(self) -> bool {
        !matches!(self, Class::Public | Class::Own | Class::InPerson | Class::SignedIn | Class::SystemAdmin)
    }
}

/// Each field of the query root, and how it is asked for.
pub const QUERIES: [(&str, Class, &str); 10] = [
    ("server", Class::Public, "{ server { version } }"),
    ("me", Class::Own, "{ me { username } }"),
    ("token", Class::Own, "{ token { name } }"),
    ("teams", Class::SignedIn, "{ teams { nodes { key } } }"),
    ("team", Class::Read, r#"{ team(key: "TEAM") { key name description } }"#),
    ("signingKeys", Class::SystemAdmin, "{ signingKeys { kid } }"),
    ("logFilter", Class::SystemAdmin, "{ logFilter { filter } }"),
    ("audit", Class::SystemAdmin, "{ audit { nodes { action } } }"),
    ("user", Class::SignedIn, r#"{ user(username: "no.such.user") { email } }"#),
    ("users", Class::SystemAdmin, "{ users { nodes { email } } }"),
];

/// Each field of the subscription root, and how it is listened to, after a cursor that something has happened since.
pub const SUBSCRIPTIONS: [(&str, Class, &str); 7] = [
    ("changes", Class::Read, r#"changes(team: "TEAM", after: "CURSOR") { action }"#),
    ("features", Class::Read, r#"features(team: "TEAM", after: "CURSOR") { action }"#),
    ("kills", Class::Read, r#"kills(team: "TEAM", after: "CURSOR") { action }"#),
    ("audit", Class::Read, r#"audit(team: "TEAM", after: "CURSOR") { entry { action } }"#),
    ("edges", Class::Read, r#"edges(team: "TEAM") { name }"#),
    ("evaluations", Class::Read, r#"evaluations(team: "TEAM") { series { total } }"#),
    ("revision", Class::SignedIn, "revision { revision }"),
];

/// Each field of a team, all of which take no more than seeing the team, and how it is asked for.
pub const TEAM: [(&str, &str); 32] = [
    ("key", "key"),
    ("name", "name"),
    ("description", "description"),
    ("archivedAt", "archivedAt"),
    ("members", "members { nodes { user { username email } } }"),
    ("environments", "environments { nodes { id } }"),
    ("pipelines", "pipelines { nodes { key } }"),
    ("environment", r#"environment(key: "dev") { id }"#),
    ("pipeline", r#"pipeline(key: "main") { stages { after } }"#),
    ("contextKeys", "contextKeys { nodes { key } }"),
    ("contextKey", r#"contextKey(key: "country") { key type allowedValues }"#),
    ("policies", "policies { nodes { name } }"),
    ("policy", r#"policy(name: "production") { approvals }"#),
    ("clients", "clients { nodes { name keyIds } }"),
    ("client", r#"client(name: "shop") { keys { id } origins }"#),
    ("tokens", "tokens { nodes { name owner keys { id } } }"),
    ("token", r#"token(name: "ci") { roles environments state expiresAt }"#),
    ("kills", "kills { nodes { feature { key } kill { reason } } }"),
    ("features", "features { nodes { key } }"),
    ("feature", r#"feature(key: "flag") { id stages { live { config } } }"#),
    ("versions", r#"versions(feature: "flag") { nodes { config } }"#),
    ("changes", "changes { nodes { number items { after } } }"),
    ("change", "change(number: 1) { author }"),
    ("audit", "audit { nodes { subject } }"),
    ("edges", "edges { nodes { name } }"),
    (
        "evaluations",
        r#"evaluations(from: "2026-01-01T00:00:00Z", until: "2026-01-01T01:00:00Z", resolution: MINUTE) { series { total } }"#,
    ),
    (
        "topFeatures",
        r#"topFeatures(from: "2026-01-01T00:00:00Z", until: "2026-01-02T00:00:00Z") { features { total } }"#,
    ),
    (
        "uniqueUnits",
        r#"uniqueUnits(feature: "flag", from: "2026-01-01T00:00:00Z", until: "2026-01-02T00:00:00Z") { units }"#,
    ),
    ("staleFeatures", "staleFeatures(days: 30) { nodes { reasons } completeness { until } }"),
    ("evaluationSamples", "evaluationSamples { nodes { unit } }"),
    ("cursor", "cursor"),
    ("evaluate", r#"evaluate(environment: "dev", features: ["flag"], context: {}) { value }"#),
];

/// Each mutation, and an input, without its team, that comes to nothing however far it gets.
pub fn mutations() -> Vec<(&'static str, Class, Value)> {
    let text = "x".repeat(1_001);
    vec![
        ("bootstrap", Class::Public, json!({"token": "fgb_wrong", "username": "x", "password": PASSWORD})),
        ("signIn", Class::Public, json!({"username": "dev", "password": PASSWORD})),
        ("refreshSession", Class::Public, json!({"refreshToken": "fgr_wrong"})),
        ("signOut", Class::Public, json!({"refreshToken": "fgr_wrong"})),
        ("changePassword", Class::InPerson, json!({"oldPassword": PASSWORD, "newPassword": PASSWORD})),
        ("setLogFilter", Class::SystemAdmin, json!({"filter": "no filter: ="})),
        ("createUser", Class::SystemAdmin, json!({"username": "a b", "password": PASSWORD})),
        ("editUser", Class::SystemAdmin, json!({"username": "no.such.user", "name": "x"})),
        ("setUserActive", Class::SystemAdmin, json!({"username": "no.such.user", "active": true})),
        ("resetPassword", Class::SystemAdmin, json!({"username": "no.such.user", "password": PASSWORD})),
        ("rotateSigningKey", Class::SystemAdmin, json!({})),
        ("createTeam", Class::SystemAdmin, json!({"key": "a b"})),
        ("editTeam", Class::SystemAdminOfTeam, json!({"description": text})),
        ("archiveTeam", Class::SystemAdminOfTeam, json!({"reason": text})),
        ("unarchiveTeam", Class::SystemAdminOfTeam, json!({"reason": text})),
        ("setMember", Class::Admit, json!({"username": "no.such.user", "roles": []})),
        ("removeMember", Class::Admit, json!({"username": "no.such.user"})),
        ("createEnvironment", Class::Manage, json!({"key": "a b", "type": "STAGING"})),
        ("editEnvironment", Class::Manage, json!({"key": "none"})),
        ("setEnvironmentActive", Class::Manage, json!({"key": "none", "active": false})),
        ("createPipeline", Class::Manage, json!({"key": "a b", "stages": []})),
        ("editPipeline", Class::Manage, json!({"key": "none"})),
        (
            "addPipelineStage",
            Class::Manage,
            json!({"pipeline": "none", "environment": "dev", "after": "dev"}),
        ),
        ("removePipelineStage", Class::Manage, json!({"pipeline": "none", "environment": "dev"})),
        ("deletePipeline", Class::Manage, json!({"key": "none"})),
        ("createContextKey", Class::Manage, json!({"key": "", "type": "STRING"})),
        ("editContextKey", Class::Manage, json!({"key": "none"})),
        ("deleteContextKey", Class::Manage, json!({"key": "none"})),
        ("createPolicy", Class::Manage, json!({"name": "p", "scope": "ALL", "approvals": 0})),
        ("editPolicy", Class::Manage, json!({"name": "none"})),
        ("deletePolicy", Class::Manage, json!({"name": "none"})),
        ("createClient", Class::Manage, json!({"name": "a b", "kind": "EDGE"})),
        ("setClientEnabled", Class::Manage, json!({"name": "none", "enabled": false})),
        ("editClient", Class::Manage, json!({"name": "none"})),
        ("rotateClientKey", Class::Manage, json!({"name": "none"})),
        ("revokeClientKey", Class::Manage, json!({"name": "none", "keyId": "aaaaaaaa"})),
        ("deleteClient", Class::Manage, json!({"name": "none"})),
        ("createToken", Class::Admit, json!({"name": "a b", "roles": [], "expiresAt": ahead(600)})),
        ("rotateToken", Class::Admit, json!({"name": "none"})),
        ("revokeToken", Class::Admit, json!({"name": "none"})),
        ("createFeature", Class::Propose, json!({"key": "a b", "kind": "SIMPLE"})),
        ("editFeature", Class::Propose, json!({"feature": "none"})),
        ("archiveFeature", Class::Propose, json!({"feature": "none"})),
        ("unarchiveFeature", Class::Propose, json!({"feature": "none"})),
        ("killFeature", Class::Propose, json!({"feature": "none", "reason": "x"})),
        ("restoreFeature", Class::Restore, json!({"feature": "none"})),
        ("editStage", Class::Propose, json!({"feature": "none", "environment": "dev", "config": {}})),
        ("promote", Class::Propose, json!({"feature": "none", "to": "dev"})),
        ("rollback", Class::Propose, json!({"feature": "none", "environment": "dev"})),
        ("withdraw", Class::Propose, json!({"feature": "none", "environment": "dev"})),
        ("proposeBatch", Class::Propose, json!({"withdrawals": [{"feature": "none", "environment": "dev"}]})),
        // A change that is closed; whether one may is looked at first.
        ("vote", Class::Vote, json!({"number": 1, "decision": "APPROVE"})),
        // Somebody else's; one's own takes no more than proposing.
        ("cancelChange", Class::Manage, json!({"number": 1})),
        ("commentChange", Class::Propose, json!({"number": 999, "text": "x"})),
        ("rebaseChange", Class::Propose, json!({"number": 999})),
        ("overrideChange", Class::Override, json!({"number": 999, "reason": "x"})),
    ]
}
