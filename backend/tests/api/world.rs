//! A FluxGate of one test's own: the real server over a database of its own, with a team, its places and its people.

use std::{collections::HashMap, sync::LazyLock, time::Duration};

use clap::Parser as _;
use fluxgate_backend::{
    config::Cli,
    run::{self, Running},
};
use fluxgate_server::logs::{LogFormat, Logs};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgPool, Row as _};
use tempfile::TempDir;
use tokio::sync::Mutex;
use tracing::Dispatch;

use crate::{
    answer::Answer,
    input::{edit, mutation, new_feature, targeted, text},
};

/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery";
/// What seals the signing keys.
pub const MASTER_KEY: &str = "3f9a1c77d0be42858a6f0e5b9c2d4417";
/// How long may something take that happens by itself?
const PATIENCE: Duration = Duration::from_secs(10);
/// What the servers of all tests log to: nothing.
static LOGS: LazyLock<(Logs, Dispatch)> =
    LazyLock::new(|| Logs::new("info", LogFormat::Text, std::io::sink).unwrap());

/// A running FluxGate.
pub struct World {
    /// Its database, for looking and for what no caller may do.
    pub db: PgPool,
    /// Where GraphQL is.
    pub http: String,
    /// Where edges connect.
    pub grpc: String,
    /// For requests of a test's own.
    pub client: reqwest::Client,
    running: Option<Running>,
    files: TempDir,
    sessions: Mutex<HashMap<String, String>>,
}

impl World {
    /// A server that nobody has signed in to yet.
    pub async fn fresh(db: PgPool) -> World {
        World::fresh_with(db, &[]).await
    }

    /// The same with other settings; the database is the test's unless they say.
    pub async fn fresh_with(db: PgPool, settings: &[&str]) -> World {
        let files = tempfile::tempdir().unwrap();
        let url = url(&db);
        let running = if settings.contains(&"--database-url") {
            start(&files, settings).await
        } else {
            start(&files, &[&["--database-url", &url], settings].concat()).await
        };
        let (http, grpc) = (running.http.to_string(), running.grpc.to_string());
        World { running: Some(running), ..World::around(db, files, (&http, &grpc)) }
    }

    /// A server that runs as a process of its own.
    pub fn around(db: PgPool, files: TempDir, (http, grpc): (&str, &str)) -> World {
        World {
            http: format!("http://{http}/graphql"),
            grpc: format!("http://{grpc}"),
            client: reqwest::Client::new(),
            sessions: Mutex::default(),
            running: None,
            files,
            db,
        }
    }

    /// A page that is not GraphQL's.
    pub async fn get(&self, path: &str) -> reqwest::Response {
        let address = self.http.replace("/graphql", path);
        self.client.get(address).send().await.unwrap()
    }

    /// Team `acme` with dev → staging → prod and the people dev and peer (REQUESTER), lead (APPROVER) and guest; team
    /// `rival` with the environment `dev` and outsider, who may do everything there.
    pub async fn new(db: PgPool) -> World {
        World::with(db, &[]).await
    }

    /// The same, with more settings.
    pub async fn with(db: PgPool, settings: &[&str]) -> World {
        World::fresh_with(db, settings).await.furnished().await
    }

    /// Adds these to a fresh one.
    pub async fn furnished(self) -> World {
        let world = self;
        let input = json!({"token": world.bootstrap_token(), "username": "admin", "password": PASSWORD});
        let admin = world.done("", "bootstrap", input).await;
        world.sessions.lock().await.insert("admin".to_owned(), text(&admin["accessToken"]));
        world.team("acme", &[("dev", "DEVELOPMENT"), ("staging", "STAGING"), ("prod", "PRODUCTION")]).await;
        world.team("rival", &[("dev", "DEVELOPMENT")]).await;
        for (name, roles) in [
            ("dev", vec!["REQUESTER"]),
            ("peer", vec!["REQUESTER"]),
            ("lead", vec!["APPROVER"]),
            ("guest", vec![]),
        ] {
            world.user(name).await;
            world.member("acme", name, &roles).await;
        }
        world.user("outsider").await;
        world.member("rival", "outsider", &["REQUESTER", "APPROVER", "TEAM_ADMIN"]).await;
        world
    }

    /// The one-time token that the start wrote.
    pub fn bootstrap_token(&self) -> String {
        std::fs::read_to_string(self.token_file()).unwrap().trim().to_owned()
    }

    /// Where the one-time token stands.
    pub fn token_file(&self) -> std::path::PathBuf {
        self.files.path().join("token")
    }

    /// The same database under another server, as a second replica has it.
    pub async fn replica(&self) -> Running {
        start(&self.files, &["--database-url", &url(&self.db)]).await
    }

    /// Ends the server; what it left running would hold the database.
    pub async fn stop(self) {
        if let Some(running) = self.running {
            running.stop().await.unwrap();
        }
    }

    /// Asks as somebody; nobody is "".
    pub async fn ask(&self, who: &str, query: &str, variables: Value) -> Answer {
        let token = if who.is_empty() { None } else { Some(self.token(who).await) };
        self.ask_with(token.as_deref(), query, variables).await
    }

    /// Asks with a token, whatever it is.
    pub async fn ask_with(&self, token: Option<&str>, query: &str, variables: Value) -> Answer {
        let mut request = self.client.post(&self.http).json(&json!({"query": query, "variables": variables}));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.unwrap();
        Answer { status: response.status().as_u16(), body: response.json().await.unwrap() }
    }

    /// Asks from somewhere else, as a proxy tells it, with a token.
    pub async fn ask_from(
        &self,
        address: &str,
        token: Option<&str>,
        query: &str,
        variables: &Value,
    ) -> Answer {
        let body = json!({"query": query, "variables": variables});
        let mut request = self.client.post(&self.http).header("x-forwarded-for", address).json(&body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.unwrap();
        Answer { status: response.status().as_u16(), body: response.json().await.unwrap() }
    }

    /// Runs a mutation from somewhere else, with no token.
    pub async fn run_from(&self, address: &str, field: &str, input: Value) -> Answer {
        self.ask_from(address, None, &mutation(field), &json!({"input": input})).await
    }

    /// The data of a query.
    pub async fn query(&self, who: &str, query: &str) -> Value {
        self.ask(who, query, json!({})).await.data().clone()
    }

    /// Runs a mutation.
    pub async fn run(&self, who: &str, field: &str, input: Value) -> Answer {
        self.ask(who, &mutation(field), json!({"input": input})).await
    }

    /// Runs a mutation that succeeds, and gives what it gave.
    pub async fn done(&self, who: &str, field: &str, input: Value) -> Value {
        self.run(who, field, input).await.data()[field].clone()
    }

    /// Somebody's access token; the first question signs in.
    pub async fn token(&self, who: &str) -> String {
        let mut sessions = self.sessions.lock().await;
        if let Some(token) = sessions.get(who) {
            return token.clone();
        }
        let input = json!({"input": {"username": who, "password": PASSWORD}});
        let answer = self.ask_with(None, &mutation("signIn"), input).await;
        let token = text(&answer.data()["signIn"]["accessToken"]);
        sessions.insert(who.to_owned(), token.clone());
        token
    }

    /// Forgets somebody's token; the next question signs in again.
    pub async fn sign_in_again(&self, who: &str) {
        self.sessions.lock().await.remove(who);
    }

    /// Makes a user.
    pub async fn user(&self, name: &str) {
        self.done("admin", "createUser", json!({"username": name, "password": PASSWORD})).await;
    }

    /// Gives a user exactly these roles in a team.
    pub async fn member(&self, team: &str, name: &str, roles: &[&str]) {
        self.done("admin", "setMember", json!({"team": team, "username": name, "roles": roles})).await;
    }

    /// Makes a team whose environments are a pipeline.
    pub async fn team(&self, key: &str, environments: &[(&str, &str)]) {
        self.done("admin", "createTeam", json!({"key": key})).await;
        let mut stages: Vec<Value> = Vec::new();
        for (environment, kind) in environments {
            let input = json!({"team": key, "key": environment, "type": kind});
            self.done("admin", "createEnvironment", input).await;
            let after = stages.last().map(|stage| stage["environment"].clone());
            stages.push(json!({"environment": environment, "after": after}));
        }
        self.done("admin", "createPipeline", json!({"team": key, "key": "main", "stages": stages})).await;
    }

    /// Makes a feature of acme that is on in dev.
    pub async fn feature(&self, key: &str) {
        let made = self.done("dev", "createFeature", new_feature(key)).await;
        assert_eq!(made["outcome"], "APPLIED");
    }

    /// Makes a policy of acme: name, scope, how many, of which roles.
    pub async fn policy(&self, name: &str, scope: &str, approvals: i32, roles: &[&str]) {
        let input =
            json!({"team": "acme", "name": name, "scope": scope, "approvals": approvals, "roles": roles});
        self.done("admin", "createPolicy", input).await;
    }

    /// Proposes a document; gives the proposal.
    pub async fn edit(&self, who: &str, feature: &str, environment: &str, config: Value) -> Value {
        self.done(who, "editStage", edit(feature, environment, config)).await
    }

    /// Proposes an edit that waits, and gives its number.
    pub async fn pending(&self, who: &str, feature: &str, environment: &str, name: &str) -> i64 {
        let proposal = self.edit(who, feature, environment, targeted(name)).await;
        assert_eq!(proposal["outcome"], "PENDING", "{proposal}");
        proposal["change"]["number"].as_i64().unwrap()
    }

    /// Votes on a change of acme.
    pub async fn vote(&self, who: &str, number: i64, decision: &str) -> Answer {
        self.run(who, "vote", json!({"team": "acme", "number": number, "decision": decision})).await
    }

    /// A change of acme.
    pub async fn change(&self, number: i64) -> Value {
        let fields =
            "number status reason failure revision policies { name approvals required satisfied roles }
                      votes { user decision } items { version }";
        let query = format!(r#"{{ team(key: "acme") {{ change(number: {number}) {{ {fields} }} }} }}"#);
        self.query("admin", &query).await["team"]["change"].clone()
    }

    /// The live version of a feature of acme in an environment, and its document.
    pub async fn live(&self, feature: &str, environment: &str) -> Option<(i32, Value)> {
        let row = sqlx::query(
            "SELECT v.number, v.config FROM stage s JOIN feature f ON f.id = s.feature_id
             JOIN team t ON t.id = f.team_id AND t.key = 'acme' JOIN environment e ON e.id = s.environment_id
             JOIN version v ON v.stage_id = s.id AND v.number = s.live_version WHERE f.key = $1 AND e.key = $2",
        );
        let row = row.bind(feature).bind(environment).fetch_optional(&self.db).await.unwrap();
        row.map(|row| (row.get(0), row.get(1)))
    }

    /// Runs SQL that no caller could.
    pub async fn sql(&self, statement: &str) -> sqlx::Result<u64> {
        Ok(sqlx::query(AssertSqlSafe(statement.to_owned())).execute(&self.db).await?.rows_affected())
    }

    /// What one number is in the database.
    pub async fn number(&self, statement: &str) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(statement.to_owned())).fetch_one(&self.db).await.unwrap()
    }

    /// What one text is in the database.
    pub async fn text(&self, statement: &str) -> String {
        sqlx::query_scalar(AssertSqlSafe(statement.to_owned())).fetch_one(&self.db).await.unwrap()
    }

    /// Runs statements that no caller may, one after the other.
    pub async fn script(&self, statements: &str) {
        sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).execute(&self.db).await.unwrap();
    }

    /// What each table holds, in short, but for the audit, sessions, what edges said, and what happens by itself.
    pub async fn contents(&self) -> Vec<(String, i64, String)> {
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
        )
        .fetch_all(&self.db)
        .await
        .unwrap();
        let mut contents = Vec::new();
        let own = ["audit_entry", "refresh_token", "edge", "periodic_job"];
        let told =
            |table: &&String| !own.contains(&table.as_str()) && !table.starts_with("evaluation_count_");
        for table in tables.iter().filter(told) {
            let rows = format!(
                "SELECT count(*), md5(coalesce(string_agg(t::text, E'\n' ORDER BY t::text), '')) FROM {table} t"
            );
            let row = sqlx::query(AssertSqlSafe(rows)).fetch_one(&self.db).await.unwrap();
            contents.push((table.clone(), row.get(0), row.get(1)));
        }
        contents
    }
}

/// Where a test's database is.
pub fn url(db: &PgPool) -> String {
    db.connect_options().to_url_lossy().to_string()
}

async fn start(files: &TempDir, settings: &[&str]) -> Running {
    let token = files.path().join("token");
    let mut arguments = vec![
        "fluxgate-backend",
        "--dev",
        "--http-addr",
        "127.0.0.1:0",
        "--grpc-addr",
        "127.0.0.1:0",
        "--master-key",
        MASTER_KEY,
        "--trusted-proxies",
        "127.0.0.1",
        "--bootstrap-token-file",
        token.to_str().unwrap(),
    ];
    arguments.extend(settings);
    run::start(&Cli::try_parse_from(arguments).unwrap().settings, LOGS.0.clone()).await.unwrap()
}

/// Asks again until there is an answer, for as long as is fair.
pub async fn eventually<T>(what: &str, mut question: impl AsyncFnMut() -> Option<T>) -> T {
    let asked = async {
        loop {
            if let Some(answer) = question().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(answer) => answer,
        Err(_) => panic!("{what}: not within {PATIENCE:?}"),
    }
}
