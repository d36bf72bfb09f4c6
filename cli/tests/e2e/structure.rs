//! A team's whole structure from nothing, with fgctl alone: who is in it, where features go, who must agree, who gets in;
//! keys that are rotated and end; and what is refused.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::run::{Run, fgctl, fgctl_with};
use crate::world::World;

/// A team of its own in the system that tests share.
struct Place {
    world: Arc<World>,
    server: String,
    team: &'static str,
}

impl Place {
    fn new(team: &'static str) -> Self {
        let world = World::shared();
        Self { server: world.address("backend"), world, team }
    }

    /// Runs as the admin, in the team.
    #[track_caller]
    fn run(&self, code: i32, args: &[&str]) -> Run {
        self.world.run("admin", &[args, &["--team", self.team]].concat()).ends(code)
    }

    #[track_caller]
    fn json(&self, args: &[&str]) -> Value {
        self.run(0, &[args, &["-o", "json"]].concat()).json()
    }

    /// Returns the folder of what somebody else has saved.
    fn config(&self) -> PathBuf {
        self.world.config().with_file_name(self.team)
    }

    fn sign_in(&self, username: &str, password: &str) -> Run {
        let args = ["login", "--server", &self.server, "--username", username, "--password-stdin"];
        let args = [&args[..], &["--context", username, "--team", self.team]].concat();
        fgctl(&self.config(), &args, password)
    }

    /// Runs as somebody who has signed in so.
    fn as_user(&self, username: &str, args: &[&str], stdin: &str) -> Run {
        fgctl(&self.config(), &[args, &["--context", username]].concat(), stdin)
    }

    /// Runs as a robot.
    fn with_token(&self, token: &str, args: &[&str]) -> Run {
        let args = [args, &["--server", &self.server, "--team", self.team]].concat();
        fgctl_with(&self.config(), &args, "", &[("FGCTL_TOKEN", token)])
    }

    /// Makes the team, its environments and a pipeline that branches.
    fn structure(&self) {
        self.run(0, &["team", "create", self.team, "--name", "Acme"]).says("Acme");
        for (key, kind) in
            [("dev", "development"), ("qa", "staging"), ("prod-us", "prod"), ("prod-eu", "prod")]
        {
            self.run(0, &["env", "create", key, "--type", kind]).says(key);
        }
        let create =
            ["pipeline", "create", "global", "--stages", "dev,qa", "--after", "qa", "prod-us,prod-eu"];
        self.run(0, &create).says("dev → qa → (prod-us | prod-eu)");
    }
}

/// Returns the secret that a command printed: alone on stdout, with the warning on stderr.
#[track_caller]
fn secret(run: &Run) -> String {
    assert!(run.stderr.contains("shown once"), "{run:#?}");
    let lines: Vec<&str> = run.stdout.lines().collect();
    let [secret] = lines[..] else { panic!("more than a secret: {run:#?}") };
    assert!(!run.stderr.contains(secret), "{run:#?}");
    secret.to_owned()
}

#[test]
fn a_team_is_made_from_nothing() {
    let place = Place::new("acme");
    place.structure();
    place.run(0, &["team", "edit", "acme", "--description", "Rockets"]).says("Rockets");

    // People: a password by chance, printed once; or one from stdin, printed never.
    let password = secret(&place.run(0, &["user", "create", "wile", "--name", "Wile E."]));
    let create = ["user", "create", "roadie", "--password-stdin", "--context", "admin"];
    let made = fgctl(&place.world.config(), &create, "beep-beep\n").ends(0);
    assert!(!made.stdout.contains("beep"), "{made:#?}");
    place.run(0, &["member", "add", "wile", "--role", "requester"]).says("requester");
    place.run(0, &["member", "add", "roadie", "--role", "approver,requester"]);
    place.run(0, &["member", "add", "admin", "--role", "TEAM_ADMIN"]).says("team-admin");
    let members = place.json(&["member", "list"]);
    assert_eq!(members[2]["roles"], json!(["REQUESTER"]), "{members:#}");
    place.run(0, &["member", "list", "--search", "road", "-o", "name"]).says("member/roadie");
    place.run(0, &["member", "list", "-L", "1"]).says("1 of 3 shown");
    place.sign_in("wile", &password).ends(0);
    place.sign_in("roadie", "beep-beep\n").ends(0);

    // What contexts have, and who must agree.
    let create = ["context-key", "create", "tier", "--type", "string", "--allow", "free", "--allow", "5"];
    place.run(0, &create).says("\"free\", \"5\"");
    let edit = ["attr", "edit", "tier", "--allow", "pro", "--description", "what they pay for"];
    place.run(0, &edit).says("\"pro\"");
    assert_eq!(place.json(&["attr", "view", "tier"])["allowedValues"], json!(["pro"]));
    place.run(0, &["policy", "create", "Prod", "--scope", "production", "--auto-approve-hours", "48"]);
    let edited = place.json(&["policy", "edit", "Prod", "--no-auto-approve", "--approvals", "2", "--yes"]);
    assert_eq!((&edited["autoApproveHours"], &edited["approvals"]), (&Value::Null, &json!(2)));
    let edit = ["policy", "edit", "Prod", "--env", "prod-us,prod-eu", "--role", "approver"];
    place.run(2, &edit).says("needs --yes");
    place.run(0, &[&edit[..], &["--yes"]].concat());
    place.run(0, &["policy", "view", "Prod"]).says("prod-us, prod-eu").says("2 of approver").says("never");
    place.run(0, &["env", "edit", "qa", "--colour", "#3fb950", "--name", "Quality"]);
    let qa = place.json(&["env", "edit", "qa", "--no-colour"]);
    assert_eq!((&qa["colour"], &qa["name"]), (&Value::Null, &json!("Quality")));

    // Programs that get in.
    let create = ["client", "create", "web", "--kind", "frontend", "--origin", "http://localhost:5173"];
    assert!(secret(&place.run(0, &create)).starts_with("fgc_"));
    assert_eq!(place.json(&["client", "view", "web"])["origins"], json!(["http://localhost:5173"]));
    // Not without its origins.
    let create = ["client", "create", "app", "--kind", "frontend", "--origin", "shop.example"];
    place.run(1, &create).says("origins[0]");
    place.run(6, &["client", "view", "app"]);
    let create = ["token", "create", "ci", "--role", "requester", "--env", "dev", "--expires", "90d"];
    let token = secret(&place.run(0, &create));

    // Whoever has the token learns what it is.
    let told = place.with_token(&token, &["whoami"]).ends(0);
    told.says("token\tci").says("REQUESTER").says("only in\tdev").says("expires\t20");
    let told = place.with_token(&token, &["whoami", "-o", "json"]).ends(0).json();
    let team = place.json(&["team", "view"])["key"].clone();
    assert_eq!((&told["token"]["name"], &told["token"]["team"]), (&json!("ci"), &team), "{told:#}");
    assert!(place.json(&["whoami"])["token"].is_null());

    // The robot makes a feature where it may, and nowhere else.
    place.with_token(&token, &["feature", "create", "rocket", "--type", "simple"]).ends(0);
    place.with_token(&token, &["feature", "list", "-o", "name"]).ends(0).says("feature/rocket");
    place.with_token(&token, &["promote", "rocket", "--to", "qa", "--yes"]).ends(5).says("ci");
    place.as_user("wile", &["promote", "rocket", "--to", "qa"], "").ends(0);
    place.run(0, &["policy", "test", "rocket", "-e", "prod-us"]).says("Prod").says("2 of approver");
    place.run(0, &["policy", "test", "rocket", "-e", "dev"]).says("applied at once");

    let team = place.run(0, &["team", "view"]);
    team.says("dev, qa, prod-us, prod-eu").says("global").says("Prod").says("Rockets");
    for noun in ["team", "member", "user", "token", "key", "env", "pipeline", "attr", "policy", "client"] {
        let run = place.run(0, &[noun, "list"]);
        assert!(run.stdout.contains('\t') && !run.stdout.contains("KEY"), "{noun}: {run:#?}");
    }
}

#[test]
fn keys_are_rotated_and_things_end() {
    let place = Place::new("ending");
    place.structure();
    place.run(0, &["feature", "create", "flag", "--type", "simple"]).says("flag");

    let token = secret(&place.run(0, &["token", "create", "ci", "--expires", "1h"]));
    let next = secret(&place.run(0, &["token", "rotate", "ci"]));
    place.with_token(&token, &["env", "list"]).ends(4);
    place.with_token(&next, &["env", "list"]).ends(0);
    place.with_token(&next, &["feature", "enable", "flag", "-e", "dev"]).ends(5);
    place.run(2, &["token", "revoke", "ci"]).says("needs --yes");
    place.run(0, &["token", "revoke", "ci", "--yes"]).says("revoked");
    place.with_token(&next, &["env", "list"]).ends(4);
    place.run(0, &["token", "list", "--revoked"]).says("ci");

    let first = secret(&place.run(0, &["client", "create", "api", "--kind", "backend"]));
    secret(&place.run(0, &["client", "rotate", "api", "--grace", "1h"]));
    let client = place.json(&["client", "view", "api"]);
    assert_eq!(client["keys"].as_array().map(Vec::len), Some(2), "{client:#}");
    let id = first.split('_').nth(1).unwrap();
    place.run(0, &["client", "revoke-key", "api", id, "--yes"]).says("keys that hold");
    place.run(6, &["client", "revoke-key", "api", id, "--yes"]);
    let rotated = place.json(&["client", "rotate", "api", "--grace", "0s", "--yes"]);
    assert!(rotated["key"].as_str().unwrap().starts_with("fgc_"), "{rotated:#}");
    assert_eq!(place.json(&["client", "disable", "api", "--yes"])["enabled"], json!(false));
    place.run(0, &["client", "disable", "api"]).says("already disabled");
    place.run(0, &["client", "enable", "api"]).says("enabled");
    place.run(0, &["client", "enable", "api"]).says("already enabled");
    place.run(0, &["client", "delete", "api", "--yes"]).says("deleted");
    place.run(6, &["client", "view", "api"]);

    place.run(0, &["pipeline", "add-stage", "global", "prod-eu", "--after", "qa"]);
    place.run(0, &["pipeline", "remove-stage", "global", "prod-eu", "--yes"]).says("dev → qa → prod-us");
    place.run(7, &["pipeline", "remove-stage", "global", "qa", "--yes"]).says("prod-us");
    place.run(7, &["pipeline", "delete", "global", "--yes"]).says("flag");
    place.run(0, &["pipeline", "create", "short", "--stages", "dev,prod-eu", "--name", "Short"]);
    place.run(0, &["pipeline", "edit", "short", "--name", "Shorter"]).says("Shorter");
    place.run(0, &["pipeline", "delete", "short", "--yes"]).says("deleted");
    place.run(0, &["env", "deactivate", "prod-eu"]).says("inactive");
    place.run(7, &["env", "deactivate", "dev"]).says("flag");
    place.run(0, &["env", "deactivate", "prod-eu"]).says("already inactive");
    place.run(0, &["env", "activate", "prod-eu"]).says("active");
    place.run(0, &["env", "activate", "prod-eu"]).says("already active");
    place.run(2, &["token", "rotate", "ci", "--grace", "25h"]).says("is more than 24 hours");
    place.run(7, &["user", "reset-password", "admin", "--yes"]).says("fgctl user password");
    place.run(6, &["feature", "diff", "flag", "-e", "dev", "--versions", "1..99"]).says("no v99 in dev");
    let back = place.run(6, &["feature", "rollback", "flag", "-e", "dev", "--version", "99", "--yes"]);
    back.says("flag has no v99 in dev").says("fgctl feature history flag -e dev");
    place.run(0, &["policy", "create", "All", "--scope", "all"]);
    place.run(0, &["policy", "delete", "All", "--yes"]).says("deleted");
    place.run(0, &["context-key", "create", "age", "--type", "number", "--allow", "18"]).says("18");
    place.run(0, &["context-key", "delete", "age", "--yes"]).says("deleted");
    assert_eq!(place.json(&["key", "rotate"])["state"], "SIGNS");
    place.run(0, &["key", "list"]).says("verifies");
}

#[test]
fn people_come_and_go() {
    let place = Place::new("people");
    place.run(0, &["team", "create", "people"]);
    let password = secret(&place.run(0, &["user", "create", "pat", "--email", "pat@acme.io"]));
    place.run(0, &["member", "add", "pat", "--role", "requester"]);
    place.sign_in("pat", &password).ends(0);

    // A password that somebody else has set is good for one thing.
    let reset = secret(&place.run(0, &["user", "reset-password", "pat", "--yes"]));
    place
        .run(0, &["user", "view", "pat"])
        .says("must change password")
        .says("pat@acme.io")
        .says("team people");
    place.as_user("pat", &["env", "list"], "").ends(4);
    place.sign_in("pat", &reset).ends(0).says("change it before anything else");
    place.as_user("pat", &["env", "list"], "").ends(5).says("change your password first");
    place.as_user("pat", &["whoami"], "").ends(0).says("team people").says("change it before");
    place
        .as_user("pat", &["doctor"], "")
        .ends(3)
        .says("pat must change the password first")
        .says("fgctl user password");
    let change = ["user", "password", "--password-stdin"];
    place.as_user("pat", &change, "wrong-one\nright-one\n").ends(1).says("not your password");
    place.as_user("pat", &change, "only-one\n").ends(2).says("1 of 2");
    place.as_user("pat", &change, &format!("{reset}\nright-one\n")).ends(0).says("password changed");
    place.as_user("pat", &["env", "list"], "").ends(0).says("no environments yet");
    place.as_user("pat", &["user", "edit", "pat", "--name", "Pat"], "").ends(0).says("Pat");

    place.run(0, &["user", "deactivate", "pat", "--yes"]).says("deactivated");
    place.as_user("pat", &["env", "list"], "").ends(4);
    place.sign_in("pat", "right-one\n").ends(4);
    place.run(0, &["user", "list", "--deactivated", "--search", "pat", "-o", "name"]).says("user/pat");
    place.run(0, &["user", "activate", "pat"]).says("active");
    place.sign_in("pat", "right-one\n").ends(0);
    place.run(0, &["member", "remove", "pat", "--yes"]).says("removed");
    place.as_user("pat", &["env", "list"], "").ends(6).says("fgctl team list");
    place.run(7, &["user", "deactivate", "admin", "--yes"]);
}

#[test]
fn a_team_is_put_away_and_brought_back() {
    let place = Place::new("former");
    place.structure();
    place.run(0, &["feature", "create", "flag", "--type", "simple"]);
    place.run(0, &["client", "create", "shop", "--kind", "backend"]);
    let archive = ["team", "archive", "former"];
    // Nobody is asked, and nobody confirmed.
    place.run(2, &archive).says("--yes");
    let archive = [&archive[..], &["--yes", "--reason", "merged"]].concat();
    let blocked = place.run(9, &archive);
    blocked.says("fgctl feature archive flag --team former").says("fgctl client disable shop --team former");
    place.run(0, &["feature", "withdraw", "flag", "-e", "dev", "--yes"]);
    place.run(0, &["feature", "archive", "flag", "--yes"]);
    place.run(0, &["client", "disable", "shop", "--yes"]);
    place.run(0, &["team", "archive", "former", "--dry-run"]).says("(dry run)");
    assert!(place.json(&["team", "view"])["archivedAt"].is_null());
    place.run(0, &archive).says("archived");
    place.run(0, &archive).says("already archived");
    assert!(!place.run(0, &["team", "list", "-o", "name"]).stdout.contains("team/former"));
    assert_eq!(place.run(0, &["team", "list", "--archived", "-o", "name"]).stdout, "team/former\n");
    place.run(0, &["feature", "view", "flag"]).says("archived");
    place.run(7, &["feature", "unarchive", "flag"]).says("fgctl team unarchive former");
    let refused = place.run(7, &["env", "create", "more", "--type", "dev"]);
    assert!(!refused.says("fgctl team unarchive former").stderr.contains("fgctl env view"), "{refused:#?}");
    place.run(0, &["team", "unarchive", "former"]);
    place.run(0, &["team", "unarchive", "former"]).says("not archived");
    place.run(0, &["feature", "unarchive", "flag"]);
    place.run(0, &["feature", "unarchive", "flag"]).says("not archived");
}

#[test]
fn what_is_done_at_once_is_rehearsed() {
    let place = Place::new("trial");
    place.structure();
    place.run(0, &["feature", "create", "flag", "--type", "simple"]);
    place.run(0, &["client", "create", "shop", "--kind", "backend"]);
    let everything = || {
        let about = |args: &[&str]| place.json(args);
        let things =
            ["env", "pipeline", "attr", "policy", "token", "member"].map(|noun| about(&[noun, "list"]));
        (
            things,
            about(&["client", "view", "shop"]),
            about(&["feature", "view", "flag"]),
            about(&["audit", "list"]),
        )
    };
    let before = everything();
    for tried in [
        &["env", "create", "more", "--type", "dev"][..],
        &["env", "edit", "dev", "--name", "Other"],
        &["env", "deactivate", "qa"],
        &["pipeline", "add-stage", "global", "dev", "--after", "qa"],
        &["pipeline", "remove-stage", "global", "prod-us"],
        &["attr", "create", "country", "--type", "string"],
        &["policy", "create", "All", "--scope", "all", "--approvals", "1"],
        &["client", "rotate", "shop"],
        &["client", "disable", "shop"],
        &["client", "delete", "shop"],
        &["token", "create", "ci", "--role", "requester", "--expires", "1d"],
        &["member", "add", "dev", "--role", "requester"],
        &["kill", "flag", "-e", "dev", "--reason", "a try"],
        &["kill", "flag", "--everywhere", "--reason", "a try", "--wait=edges"],
        &["feature", "edit", "flag", "--name", "Other"],
        &["feature", "tag", "flag", "+new"],
        &["feature", "enable", "flag", "-e", "dev"],
    ] {
        let seen = place.run(if tried[1] == "add-stage" { 7 } else { 0 }, &[tried, &["--dry-run"]].concat());
        assert!(seen.stdout.contains("(dry run)") || seen.code == 7, "{seen:#?}");
        assert!(!seen.stdout.contains("fgc_") && !seen.stdout.contains("fgt_"), "{seen:#?}");
    }
    let tried = place.json(&["client", "rotate", "shop", "--dry-run"]);
    assert_eq!(
        (&tried["dryRun"], &tried["client"]["name"], &tried["key"]),
        (&json!(true), &json!("shop"), &json!(null))
    );
    assert_eq!(place.run(0, &["client", "rotate", "shop", "--dry-run", "-o", "name"]).stdout, "");
    let origin = ["client", "create", "web", "--kind", "frontend", "--dry-run", "--origin"];
    place.run(0, &[&origin[..], &["https://shop.example"]].concat()).says("(dry run)");
    place.run(1, &[&origin[..], &["ftp://shop.example"]].concat());
    let document = r#"mutation { createTeam(input: {key: "tried"}) { key } }"#;
    let answer = place.run(0, &["api", "--dry-run", "--query", document]).stdout;
    assert!(answer.contains("dryRun"), "{answer}");
    // Variables that say so are nothing to a document that does not use them.
    place.run(0, &["api", "--dry-run", "--query", document, "-F", "input={\"dryRun\":true}"]);
    place.run(6, &["team", "view", "tried"]);
    assert_eq!(place.json(&["feature", "tag", "flag", "+new", "--dry-run"])["dryRun"], true);
    let kill = [
        "kill",
        "flag",
        "-e",
        "dev",
        "--reason",
        "a try",
        "--dry-run",
        "--json",
        "feature.stages,environments",
    ];
    let picked = place.run(0, &kill);
    assert!(!picked.stderr.contains("it was done"), "{picked:#?}");
    // What it would refuse, it refuses.
    place.run(9, &["feature", "archive", "flag", "--dry-run"]);
    assert_eq!(everything(), before);
}

#[test]
fn refusals_say_what_there_is() {
    let world = World::shared();
    let run = |args: &[&str]| world.run("admin", args);
    let dev = |args: &[&str]| world.run("dev", args);
    // Taken.
    for taken in [
        &["team", "create", "demo"][..],
        &["user", "create", "dev"],
        &["env", "create", "dev", "--type", "dev"],
        &["pipeline", "create", "standard", "--stages", "dev"],
        &["policy", "create", "Production", "--scope", "all"],
        &["client", "create", "callers", "--kind", "backend"],
    ] {
        let error = run(&[taken, &["-o", "json"]].concat()).ends(7).error();
        assert!(error["hint"].as_str().unwrap_or_default().starts_with("fgctl "), "{error:#}");
    }
    // Not there: with what there is, and a command that exists.
    for (wrong, meant) in [
        (&["env", "view", "pord"][..], "prod"),
        (&["pipeline", "view", "standart"], "standard"),
        (&["policy", "view", "Prodution"], "Production"),
        (&["client", "view", "caller"], "callers"),
        (&["user", "view", "leed"], "lead"),
        (&["member", "remove", "leed", "--yes"], "lead"),
        (&["team", "view", "dmeo"], "demo"),
        (&["pipeline", "remove-stage", "standard", "prd", "--yes"], "prod"),
    ] {
        let error = run(&[wrong, &["-o", "json"]].concat()).ends(6).error();
        assert!(error["message"].as_str().unwrap().contains(&format!("Did you mean {meant}?")), "{error:#}");
        assert!(error["hint"].as_str().unwrap().starts_with("fgctl "), "{error:#}");
    }
    for nothing in [&["token", "view", "x"][..], &["context-key", "view", "x"]] {
        run(nothing).ends(6).says("fgctl ");
    }
    // Not allowed.
    for others in [
        &["team", "create", "mine"][..],
        &["user", "list"],
        &["key", "list"],
        &["env", "create", "mine", "--type", "dev"],
        &["policy", "delete", "Production", "--yes"],
        &["client", "rotate", "callers"],
        &["member", "add", "dev", "--role", "team-admin"],
        &["token", "create", "mine", "--expires", "1d"],
    ] {
        let refused = dev(others).ends(5);
        assert_eq!(refused.stdout, "", "{refused:#?}");
    }
    // Nothing is sent that makes no sense, or that nobody confirmed.
    for senseless in [
        &["env", "edit", "dev"][..],
        &["policy", "create", "p"],
        &["pipeline", "create", "p", "--stages", "dev,dev"],
        &["pipeline", "create", "p", "--stages", "dev", "--after", "staging", "prod"],
        &["token", "create", "t", "--expires", "never"],
        &["client", "create", "c", "--kind", "edge", "--origin", "https://a.example"],
        &["client", "rotate", "callers", "--grace", "0s"],
        &["client", "delete", "callers"],
        &["user", "reset-password", "dev"],
        &["policy", "delete", "Production"],
    ] {
        run(senseless).ends(2);
    }
}
