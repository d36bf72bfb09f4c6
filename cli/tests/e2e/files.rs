//! A team as files: everything goes into them and comes back, plans hold, and what is wrong has its place.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::http::post;
use crate::poll::until;
use crate::run::{Run, fgctl};
use crate::world::World;

/// What a team may have, in the order in which people might write it.
const SHOP: &str = r##"
apiVersion: fluxgate/v1
kind: Policy
metadata: {name: Production}
spec: {scope: PRODUCTION, approvals: 2, roles: [TEAM_ADMIN, APPROVER], overrideAllowed: true}
---
apiVersion: fluxgate/v1
kind: Policy
metadata: {name: Quiet}
spec: {scope: LISTED, environments: [qa, dev], approvals: 1, roles: [REQUESTER], autoApproveHours: 4, enabled: false}
---
apiVersion: fluxgate/v1
kind: Feature
metadata: {key: upsell, tags: [cart, a.b]}
spec:
  kind: CONTEXTUAL
  name: One-click upsell
  description: |
    Two lines,
      "quoted": #1
  lifecycle: PERMANENT
  owner: growth
  removalDate: "2031-01-31T12:00:00+01:00"
  pipeline: branching
  variants: {none: 0, half: 0.5, one: 1.0}
  stages:
    dev:
      enabled: true
      default: none
      off: null
      sticky: true
      clientSide: true
      salt: "2026"
      dependsOn: [{feature: payments, variants: [v2]}]
      criteria:
        - {name: pilots, when: 'tier in ["pro"] and age >= 18', rollout: 12.5, bucketBy: company, serve: one}
        - {name: everyone, split: "none=50, half=25, one=25"}
    prod-eu: {enabled: false, default: one, off: none, dependsOn: [{feature: payments}]}
---
apiVersion: fluxgate/v1
kind: Feature
metadata: {key: payments}
spec:
  kind: CONTEXTUAL
  pipeline: branching
  lifecycle: ACTIVE
  stages:
    dev: {enabled: true, variants: {v1: {a: [1.0, "on"]}, v2: {}}, default: v2, off: v1, dependsOn: [{feature: base}]}
    qa: {enabled: true, variants: {v1: {a: [1.5, "off"]}}, default: v1, off: v1}
    prod-us: {enabled: true, variants: {v1: {}}, default: v1, off: v1}
    prod-eu: {enabled: true, variants: {v1: {}}, default: v1, off: v1}
---
apiVersion: fluxgate/v1
kind: Feature
metadata: {key: base}
spec: {kind: SIMPLE, pipeline: branching, stages: {dev: {enabled: true}, qa: {enabled: false}}}
---
apiVersion: fluxgate/v1
kind: Feature
metadata: {key: late}
spec: {kind: SIMPLE, pipeline: branching, stages: {qa: {enabled: true}}}
---
apiVersion: fluxgate/v1
kind: Feature
metadata: {key: nowhere}
spec: {kind: CONTEXTUAL, valueType: STRING, pipeline: branching, lifecycle: DEPRECATED}
---
apiVersion: fluxgate/v1
kind: ContextKey
metadata: {key: tier}
spec: {type: STRING, description: What they pay for, allowedValues: [free, pro]}
---
apiVersion: fluxgate/v1
kind: ContextKey
metadata: {key: age}
spec: {type: NUMBER, allowedValues: [18, 1.5]}
---
apiVersion: fluxgate/v1
kind: Pipeline
metadata: {key: branching}
spec:
  name: Two regions
  stages:
    - {environment: dev}
    - {environment: qa, after: dev}
    - {environment: prod-us, after: qa}
    - {environment: prod-eu, after: qa}
---
apiVersion: fluxgate/v1
kind: Environment
metadata: {key: prod-eu}
spec: {type: PRODUCTION, position: 7, colour: "#ff0000"}
---
apiVersion: fluxgate/v1
kind: Environment
metadata: {key: prod-us}
spec: {name: US, type: PRODUCTION, position: 6}
---
apiVersion: fluxgate/v1
kind: Environment
metadata: {key: qa}
spec: {type: STAGING, position: 4}
---
apiVersion: fluxgate/v1
kind: Environment
metadata: {key: old}
spec: {type: STAGING, position: 5, active: false}
"##;

/// A mutation as the admin.
fn ask(world: &World, token: Option<&str>, query: &str, input: &Value) -> Value {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let headers: Vec<(&str, &str)> = bearer.iter().map(|bearer| ("Authorization", bearer.as_str())).collect();
    let body = json!({ "query": query, "variables": { "input": input } }).to_string();
    let answer = post(&world.address("backend"), "/graphql", &headers, &body).unwrap();
    assert_eq!(answer.body["errors"], Value::Null, "{answer:#?}");
    answer.body["data"].clone()
}

/// Makes a team with nothing in it, which the admin runs.
fn empty_team(world: &World, team: &str) {
    let sign_in = "mutation($input: SignInInput!) { signIn(input: $input) { accessToken } }";
    let session = ask(world, None, sign_in, &json!({"username": "admin", "password": "demo-admin"}));
    let token = session["signIn"]["accessToken"].as_str();
    let create = "mutation($input: CreateTeamInput!) { createTeam(input: $input) { key } }";
    ask(world, token, create, &json!({"key": team}));
    let member = "mutation($input: SetMemberInput!) { setMember(input: $input) { roles } }";
    ask(world, token, member, &json!({"team": team, "username": "admin", "roles": ["TEAM_ADMIN"]}));
}

/// Runs `fgctl` as the admin, on a team.
fn on_team(world: &World, team: &str, args: &[&str]) -> Run {
    world.run("admin", &[args, &["--team", team]].concat())
}

/// All files below a folder, by their names in it.
fn tree(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_owned();
                files.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    files
}

fn path(folder: &Path) -> &str {
    folder.to_str().unwrap()
}

#[test]
fn a_team_goes_into_files_and_comes_back_the_same() {
    let world = World::start();
    let place = tempfile::tempdir().unwrap();
    let (demo, shop) = (place.path().join("demo"), place.path().join("shop"));
    empty_team(&world, "shop");

    // What the demo team has and what nobody would have beside it, in a team that has nothing yet.
    world
        .run("dev", &["export", "-d", path(&demo)])
        .ends(0)
        .says("3 features, 1 pipeline, 3 environments, 1 policy");
    for (name, text) in tree(&demo) {
        let file = demo.join(name);
        fs::write(file, text.replace("  team: demo\n", "")).unwrap();
    }
    fs::remove_file(demo.join("policies/Production.yaml")).unwrap();
    let written = place.path().join("shop.yaml");
    fs::write(&written, SHOP).unwrap();
    let files = ["-f", path(&demo), "-f", path(&written)];
    world.run("admin", &[&["validate"], &files[..]].concat()).ends(0).says("nothing is wrong");
    let applied = on_team(&world, "shop", &[&["apply", "--yes", "-o", "json"], &files[..]].concat()).ends(0);
    assert_eq!(applied.json()["applied"], 21, "{applied:#?}");
    let again = on_team(&world, "shop", &[&["apply", "--exit-code"], &files[..]].concat()).ends(0);
    again.says("0 applied, 21 unchanged.");

    // Kills are not in files.
    on_team(&world, "shop", &["export", "-d", path(&shop)]).ends(0);
    let exported = tree(&shop);
    let kill = ["kill", "base", "-e", "dev", "--reason", "a test", "--yes", "--confirm", "base"];
    on_team(&world, "shop", &kill).ends(0);
    on_team(&world, "shop", &["export", "-d", path(&shop)]).ends(0).says("(21 files, 0 of them changed)");
    assert_eq!(tree(&shop), exported);
    let diff = on_team(&world, "shop", &["diff", "-f", path(&shop), "--exit-code"]).ends(0);
    diff.says("feature/base is killed in dev. Files never change that.");
    diff.says("0 to create, 0 to change, 21 unchanged.");
    let upsell = &exported[Path::new("features/upsell.yaml")];
    assert!(upsell.contains("split: none=50, half=25, one=25") && upsell.contains("one: 1.0"), "{upsell}");
    assert!(exported[Path::new("features/nowhere.yaml")].contains("valueType: STRING"));
    assert!(!exported[Path::new("features/late.yaml")].contains("dev:"));

    // One thing's YAML is its file.
    for (at, text) in &exported {
        let noun = at.parent().unwrap().to_str().unwrap().trim_end_matches('s').replace("policie", "policy");
        let key = at.file_stem().unwrap().to_str().unwrap();
        let seen = on_team(&world, "shop", &[&noun, "view", key, "-o", "yaml"]).ends(0).stdout;
        assert_eq!(&seen, text, "{noun} {key}");
    }

    // Another server, where nobody ever made anything of it.
    let other = World::start();
    empty_team(&other, "shop");
    on_team(&other, "shop", &["apply", "-f", path(&shop), "--yes"]).ends(0);
    let back = place.path().join("back");
    on_team(&other, "shop", &["export", "-d", path(&back)]).ends(0);
    assert_eq!(tree(&back), exported);
    // In one stream it is the same.
    let stream = on_team(&other, "shop", &["export"]).ends(0).stdout;
    let diff = ["diff", "-f", "-", "--exit-code", "--context", "admin", "--team", "shop"];
    fgctl(&world.config(), &diff, &stream).ends(0).says("21 unchanged");
}

/// The demo team in a folder, and the folder.
fn exported(world: &World) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    world.run("dev", &["export", "-d", path(folder.path())]).ends(0);
    folder
}

/// Replaces a text in a feature's file.
#[track_caller]
fn edit(folder: &Path, feature: &str, from: &str, to: &str) {
    let file = folder.join(format!("features/{feature}.yaml"));
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(from), "no {from:?} in {text}");
    fs::write(file, text.replace(from, to)).unwrap();
}

#[test]
fn a_plan_is_proposed_approved_and_stale() {
    let world = World::start();
    let folder = exported(&world);
    let (flags, plan) = (path(folder.path()), folder.path().join("plan.out"));
    let plan = path(&plan);
    let same = world.run("dev", &["diff", "-f", flags, "--exit-code"]).ends(0);
    assert_eq!(same.stdout, "0 to create, 0 to change, 8 unchanged.\n");

    // One rule in all environments, and a feature that is new.
    edit(folder.path(), "BetaUsers", "role == \"admin\"", "role in [\"admin\", \"lead\"]");
    let banner = "apiVersion: fluxgate/v1\nkind: Feature\nmetadata: {key: new-banner}\nspec: {kind: SIMPLE, stages: {dev: {enabled: true}}}\n";
    fs::write(folder.path().join("features/new-banner.yaml"), banner).unwrap();
    let diff = world.run("dev", &["diff", "-f", flags, "--exit-code", "--out", plan]).ends(3);
    assert_eq!(
        diff.stdout,
        "feature/BetaUsers (demo)  dev v1, prod v1, staging v1\n\
         \x20 ~ stages.dev.criteria[\"admins\"].when\n      - role == \"admin\"\n      + role in [\"admin\", \"lead\"]\n\
         \x20 ~ stages.prod.criteria[\"admins\"].when\n      - role == \"admin\"\n      + role in [\"admin\", \"lead\"]\n\
         \x20 ~ stages.staging.criteria[\"admins\"].when\n      - role == \"admin\"\n      + role in [\"admin\", \"lead\"]\n\n\
         feature/new-banner (demo)  new\n  + simple, pipeline standard, on in dev\n\n\
         1 to create, 1 to change, 7 unchanged.\nprod changes need 1 approval (policy \"Production\").\n"
    );

    // Production wants to be asked; without anybody to ask, nothing is sent.
    world.run("dev", &["apply", plan]).ends(2).says("needs --yes");
    let looked = world.run("dev", &["apply", plan, "--dry-run", "-o", "json"]).ends(0).json();
    // It counts what the real run would leave waiting, and for whom, and is no failure.
    assert_eq!(looked["items"][0]["result"], "would be pending", "{looked:#}");
    assert_eq!((&looked["applied"], &looked["pending"]), (&json!(1), &json!(1)), "{looked:#}");
    let would = looked["items"][0]["changes"].as_array().unwrap();
    let prod = would.iter().find(|change| change["environment"] == "prod").unwrap();
    assert_eq!((&prod["status"], &prod["policies"]), (&json!("PENDING"), &json!(["Production"])));
    assert!(would.iter().any(|change| change["status"] == "APPLIED"), "{looked:#}");
    world.run("dev", &["feature", "view", "new-banner"]).ends(6);

    let applied =
        world.run("dev", &["apply", plan, "--yes", "--reason", "more testers", "-o", "json"]).ends(8).json();
    let [changed, created] = [&applied["items"][0], &applied["items"][1]];
    assert_eq!((&created["name"], &created["result"]), (&json!("feature/new-banner"), &json!("created")));
    assert_eq!(changed["result"], "pending");
    let of = |environment: &str| {
        let changes = changed["changes"].as_array().unwrap();
        changes.iter().find(|change| change["environment"] == environment).unwrap()
    };
    assert_eq!((&of("dev")["status"], &of("prod")["status"]), (&json!("APPLIED"), &json!("PENDING")));
    let number = of("prod")["number"].to_string();
    // Again it joins what waits; approved, there is nothing left to do.
    world.run("dev", &["apply", plan, "--yes"]).ends(8).says(&format!("prod #{number} open"));
    let wait = ["apply", plan, "--yes", "--wait", "--timeout"];
    world.run("dev", &[&wait[..], &["1s"]].concat()).ends(8).says("still pending after 1s");
    // Taken back, it is proposed anew, and waited for until somebody decides.
    world.run("dev", &["change", "cancel", &number]).ends(0);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| world.run("dev", &[&wait[..], &["1m"]].concat()));
        let list = ["change", "list", "--waiting", "-o", "json"];
        let open = until(
            "it is proposed",
            || world.run("lead", &list).ends(0).json(),
            |list| list.as_array().is_some_and(|list| !list.is_empty()),
        );
        world.run("lead", &["approve", &open[0]["number"].to_string()]).ends(0);
        waiting.join().unwrap().ends(0).says("prod v2");
    });
    world.run("dev", &["apply", plan, "--exit-code"]).ends(0).says("0 applied, 9 unchanged.");

    // Somebody else was faster.
    edit(folder.path(), "new-banner", "enabled: true", "enabled: false");
    world.run("dev", &["diff", "-f", flags, "--out", plan, "--quiet"]).ends(0);
    world.run("dev", &["feature", "disable", "new-banner", "-e", "dev"]).ends(0);
    world.run("dev", &["feature", "enable", "new-banner", "-e", "dev"]).ends(0);
    let stale = world.run("dev", &["apply", plan, "--yes", "-o", "json"]).ends(7).error();
    let message = stale["message"].as_str().unwrap();
    assert!(
        message.starts_with("this plan is stale: new-banner moved from v1 to v3 in dev (dev, "),
        "{message}"
    );
    world.run("dev", &["apply", "-f", flags, "--exit-code"]).ends(3).says("1 applied, 8 unchanged.");
    world.run("dev", &["apply", "-f", flags, "--exit-code"]).ends(0);
    // A plan is for one team on one server.
    let text = fs::read_to_string(plan).unwrap();
    let id = world.env("dev");
    fs::write(plan, text.replace(&id, "00000000-0000-0000-0000-000000000000")).unwrap();
    world.run("dev", &["apply", plan]).ends(7).says("this plan is for team demo on ");
    fs::write(plan, "{}").unwrap();
    world.run("dev", &["apply", plan]).ends(2).says("is no plan");
}

#[test]
fn a_broken_file_has_its_place_and_nothing_is_sent() {
    let world = World::shared();
    let folder = exported(&world);
    let flags = path(folder.path());
    edit(folder.path(), "checkout-redesign", "split: control=50", "split: contrl=50");
    edit(folder.path(), "BetaUsers", "role == \"admin\"", "role = \"admin\"");
    let validate = fgctl(folder.path(), &["validate", "-f", flags], "").ends(2);
    validate
        .says("features/BetaUsers.yaml:24:")
        .says("when: role = \"admin\"")
        .says("^ expected ==, found =");
    validate.says("^^^^^^ no variant \"contrl\"; did you mean \"control\"?");
    validate.says("5 problems in 2 of ");
    let value = fgctl(folder.path(), &["validate", "-f", flags, "-o", "json"], "").ends(2).json();
    let first = &value[0];
    assert_eq!((&first["severity"], &first["line"]), (&json!("error"), &json!(24)), "{value:#}");
    for verb in [&["diff"][..], &["apply", "--yes"]] {
        world
            .run("dev", &[verb, &["-f", flags]].concat())
            .ends(2)
            .says("did you mean \"control\"?")
            .says("nothing was sent");
    }
    let missing = folder.path().join("nothing.yaml");
    world.run("dev", &["diff", "-f", path(&missing)]).ends(2).says("cannot read ");

    // Another team's files are not meant.
    let folder = exported(&world);
    let flags = path(folder.path());
    edit(folder.path(), "BetaUsers", "team: demo", "team: shop");
    world.run("dev", &["diff", "-f", flags]).ends(2).says("is shop, but this is about team demo");
    // What a feature is for good.
    edit(folder.path(), "BetaUsers", "team: shop", "team: demo");
    edit(
        folder.path(),
        "holiday-banner",
        "kind: SIMPLE",
        "kind: CONTEXTUAL\n  variants: {\"on\": true, \"off\": false}",
    );
    edit(
        folder.path(),
        "holiday-banner",
        "enabled: true",
        "enabled: true\n      default: \"on\"\n      \"off\": \"off\"",
    );
    let refused = world.run("dev", &["apply", "-f", flags, "--yes"]).ends(7);
    refused.says("features/holiday-banner.yaml:").says("is SIMPLE for good, and cannot become CONTEXTUAL");
}

#[test]
fn what_depends_on_each_other_goes_at_once_and_what_fails_says_so() {
    let world = World::start();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("flags.yaml");
    let flags = path(&file);
    let feature = |key: &str, spec: &str| {
        format!(
            "---\napiVersion: fluxgate/v1\nkind: Feature\nmetadata: {{key: {key}, tags: [ours]}}\nspec:\n  kind: CONTEXTUAL\n  variants: {{a: 1}}\n  stages:\n{spec}"
        )
    };
    let stage = |environment: &str, more: &str| {
        format!("    {environment}: {{enabled: true, default: a, off: a{more}}}\n")
    };
    let (plain, needs) = (stage("prod", ""), stage("prod", ", dependsOn: [{feature: below}]"));
    let all = format!(
        "{}{}{}",
        feature("above", &(stage("dev", "") + &needs)),
        feature("below", &(stage("dev", "") + &plain)),
        feature("apart", &(stage("dev", "") + &plain))
    );
    fs::write(&file, &all).unwrap();
    let applied = world.run("dev", &["apply", "-f", flags, "--yes", "-o", "json"]).ends(8).json();
    let prod = |index: usize| {
        let item: &Value = &applied["items"][index];
        let changes = item["changes"].as_array().unwrap();
        changes.iter().find(|change| change["environment"] == "prod").unwrap()["number"].to_string()
    };
    assert_eq!(applied["items"][1]["name"], "feature/apart", "{applied:#}");
    assert_eq!(prod(0), prod(2), "{applied:#}");
    assert_ne!(prod(0), prod(1), "{applied:#}");

    // Rejected while it is waited for; the other one is applied.
    world.run("lead", &["change", "reject", &prod(0), "--reason", "not now"]).ends(0);
    world.run("lead", &["approve", &prod(1)]).ends(0);
    let again = world.run("dev", &["apply", "-f", flags, "--yes", "-o", "json"]).ends(8).json();
    let number = again["items"][0]["changes"][0]["number"].to_string();
    world.run("lead", &["approve", &number]).ends(0);
    world.run("dev", &["apply", "-f", flags, "--exit-code"]).ends(0).says("0 applied, 3 unchanged.");

    // One of two is refused by the server, and only that one.
    world.run("dev", &["apply", "-f", flags]).ends(0);
    let key = "---\napiVersion: fluxgate/v1\nkind: ContextKey\nmetadata: {key: age}\nspec: {type: NUMBER}\n";
    let keys = folder.path().join("key.yaml");
    fs::write(&keys, key).unwrap();
    // Only an admin declares context keys.
    world.run("dev", &["apply", "-f", path(&keys)]).ends(5);
    world.run("admin", &["apply", "-f", path(&keys)]).ends(0);
    let broken = all.replacen(
        "dev: {enabled: true, default: a, off: a}",
        "dev: {enabled: true, default: a, off: a, criteria: [{when: age == \"x\", serve: a}]}",
        1,
    );
    let broken = broken.replace("key: apart, tags: [ours]", "key: apart, tags: [ours, more]");
    fs::write(&file, &broken).unwrap();
    let partial = world.run("dev", &["apply", "-f", flags, "--yes", "-o", "json"]).ends(1).json();
    let results: Vec<&Value> =
        partial["items"].as_array().unwrap().iter().map(|item| &item["result"]).collect();
    assert_eq!(results, ["failed", "changed"], "{partial:#}");
    assert_eq!(partial["items"][0]["error"]["code"], "INVALID", "{partial:#}");

    // What nobody names any more is archived only when that is said, and typed.
    fs::write(&file, feature("below", &(stage("dev", "") + &plain))).unwrap();
    world.run("dev", &["apply", "-f", flags, "--exit-code"]).ends(0).says("0 applied, 1 unchanged.");
    let prune = ["apply", "-f", flags, "--prune", "ours", "--yes"];
    world.run("dev", &["diff", "-f", flags, "--prune", "ours"]).ends(0).says("2 to archive");
    world.run("dev", &prune).ends(2).says("--confirm demo");
    let looked = world.run("dev", &[&prune[..], &["--dry-run", "-o", "json"]].concat()).ends(0).json();
    assert_eq!((&looked["applied"], &looked["pending"]), (&json!(0), &json!(2)), "{looked:#}");
    assert_eq!(looked["items"][0]["changes"][1]["policies"], json!(["Production"]), "{looked:#}");
    let pruned = world.run("dev", &[&prune[..], &["--confirm", "demo"]].concat()).ends(8);
    pruned.says("feature/above\tpending");
    let changes = world.run("lead", &["change", "list", "--waiting", "-o", "json"]).ends(0).json();
    for change in changes.as_array().unwrap() {
        world.run("lead", &["approve", &change["number"].to_string()]).ends(0);
    }
    world.run("dev", &[&prune[..], &["--confirm", "demo"]].concat()).ends(0).says("feature/above\tarchived");
    world.run("dev", &["diff", "-f", flags, "--prune", "ours", "--exit-code"]).ends(0);
}
