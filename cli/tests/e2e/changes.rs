//! Changes whole: talked about, let through, overtaken and proposed again, for later, several features at once.

use serde_json::Value;

use crate::run::run;
use crate::world::World;

/// Lets the admin override the policy on production.
fn allow_override(world: &World) {
    world.graphql(
        "admin",
        r#"mutation { editPolicy(input: { team: "demo", name: "Production", overrideAllowed: true }) { name } }"#,
    );
}

fn number(change: &Value) -> String {
    change["change"]["number"].to_string()
}

#[test]
fn a_change_is_talked_about_overtaken_and_proposed_again() {
    let world = World::start();
    let promote = ["promote", "checkout-redesign", "--to", "prod", "--yes", "-o", "json"];
    let first = number(&world.run("dev", &promote).ends(8).json());
    world.run("lead", &["change", "comment", &first, "why not 10 % first?"]).ends(0).says("lead");
    world.run("dev", &["change", "comment", &first, "--comment", "it was"]).ends(0);
    let seen = world.run("dev", &["change", "view", &first]).ends(8);
    seen.says("why not 10 % first?").says("it was").says("0 of 1");

    // The same proposal joins it, whoever runs it again.
    let joined = world.run("dev", &["promote", "checkout-redesign", "--to", "prod", "--yes"]).ends(8);
    joined.says(&format!("joined #{first}, opened ")).says(" ago by dev");
    world.run("lead", &["approve", &first, "--wait=edges", "--timeout", "30s"]).ends(0);

    // Two edits of one stage: the one that is applied makes the other stale.
    let half = ["rule", "edit", "checkout-redesign", "US split", "-e", "prod", "--rollout", "50"];
    let half = [&half[..], &["--yes", "--reason", "half of them", "-o", "json"]].concat();
    let overtaken = number(&world.run("dev", &half).ends(8).json());
    let off = ["feature", "disable", "checkout-redesign", "-e", "prod", "--yes", "-o", "json"];
    let off = number(&world.run("dev", &off).ends(8).json());
    assert_eq!(
        world.run("dev", &["change", "list", "--mine", "-o", "name"]).ends(0).stdout.lines().count(),
        2
    );
    assert_eq!(
        world.run("lead", &["change", "list", "--mine", "-o", "json"]).ends(0).json(),
        Value::Array(vec![])
    );
    world.run("lead", &["approve", &off]).ends(0);
    let stale = world.run("dev", &["change", "wait", &overtaken]).ends(10);
    stale.says("is stale").says(&format!("fgctl change rebase {overtaken}"));
    world.run("dev", &["change", "rebase", &overtaken]).ends(2).says("needs --yes");
    world
        .run("dev", &["change", "rebase", &overtaken, "--dry-run"])
        .ends(0)
        .says("rollout")
        .says("(dry run)");
    let again =
        number(&world.run("dev", &["change", "rebase", &overtaken, "--yes", "-o", "json"]).ends(8).json());
    let view = world.run("dev", &["change", "view", &again]).ends(8);
    view.says(&format!("again\t#{overtaken}")).says("half of them");

    // Without an approval only where the policy allows it, with a reason that stays.
    let through = ["change", "override", &again, "--yes", "--reason", "INC-2291"];
    world.run("admin", &through).ends(5).says("allows no override");
    // What it is proposed under counts too, so that takes another one.
    allow_override(&world);
    world.run("dev", &["change", "cancel", &again]).ends(0);
    let rebase = ["change", "rebase", &overtaken, "--yes", "-o", "json"];
    let again = number(&world.run("dev", &rebase).ends(8).json());
    let through = ["change", "override", &again, "--yes", "--reason", "INC-2291"];
    world.run("admin", &["change", "override", &again, "--reason", "x"]).ends(2);
    world.run("admin", &[&through[..], &["--wait=edges"]].concat()).ends(0).says("1 of 1 edges have it");
    world.run("dev", &["change", "view", &again]).ends(0).says("let through\tadmin").says("INC-2291");
    let history = ["feature", "history", "checkout-redesign", "-e", "prod", "-L", "1"];
    world.run("dev", &history).ends(0).says("let through by admin");
}

#[test]
fn several_features_travel_together_and_later() {
    let world = World::shared();
    for key in ["lower", "upper"] {
        world.run("dev", &["feature", "create", key, "--type", "simple", "--enabled"]).ends(0);
    }
    world.run("dev", &["dependency", "add", "upper", "lower", "-e", "dev"]).ends(0);
    let blocked = world.run("dev", &["promote", "upper", "--to", "staging"]).ends(9);
    blocked.says("fgctl promote lower --to staging");
    let several =
        world.run("dev", &["promote", "upper", "holiday-banner", "--to", "staging", "--dry-run"]).ends(9);
    several.says("upper: needs lower");
    let both =
        world.run("dev", &["promote", "upper", "lower", "--to", "staging", "-o", "json"]).ends(0).json();
    assert_eq!(both["items"].as_array().unwrap().len(), 2, "{both:#}");
    world.run("dev", &["feature", "view", "lower"]).ends(0).says("needed by  upper (dev, staging)");
    world.run("dev", &["feature", "view", "upper"]).ends(0).says("needs      lower (dev, staging)");

    // Approved, it waits for its time, and the list has it still.
    let later = ["promote", "upper", "lower", "--to", "prod", "--yes", "--apply-at", "2h", "-o", "json"];
    let change = number(&world.run("dev", &later).ends(8).json());
    world.run("lead", &["approve", &change]).ends(0).says("scheduled");
    world.run("dev", &["change", "list", "--feature", "upper"]).ends(0).says("approved");
    world.run("dev", &["change", "view", &change]).ends(8).says("not before");
    world.run("dev", &["change", "cancel", &change]).ends(0).says("cancelled");
    world
        .run("dev", &["feature", "withdraw", "upper", "-e", "dev", "--apply-at", "soon"])
        .ends(2)
        .says("write it like");
}

#[test]
fn a_kill_has_an_end_and_is_listed() {
    let world = World::shared();
    world.run("dev", &["feature", "create", "siren", "--type", "simple", "--enabled"]).ends(0);
    let kill = ["kill", "siren", "-e", "dev", "--reason", "too loud"];
    // Whoever cannot take it back hears that, and is led nowhere.
    let told = world.run("dev", &kill).ends(0);
    told.says("you cannot restore it: that takes APPROVER or TEAM_ADMIN");
    world.run("lead", &["feature", "restore", "siren", "-e", "dev"]).ends(0).says("restored");
    let told = world.run("lead", &kill).ends(0);
    assert!(!told.stderr.contains("you cannot restore it"), "{told:#?}");
    world.run("lead", &["feature", "restore", "siren", "-e", "dev"]).ends(0).says("restored");
    world
        .run("dev", &[&kill[..], &["--restore-in", "30m"]].concat())
        .ends(0)
        .says("restores")
        .says("edge-local");
    let kills = || world.run("dev", &["feature", "kills", "-e", "dev", "-o", "json"]).ends(0).json();
    let listed = kills();
    assert_eq!(listed[0]["feature"]["key"], "siren", "{listed:#}");
    assert!(listed[0]["kill"]["restoreAt"].is_string(), "{listed:#}");
    world.run("dev", &["feature", "view", "siren"]).ends(0).says("killed in dev").says("restores");
    // For longer is anyone's; until somebody restores it is for longer than any time.
    world
        .run("dev", &[&kill[..], &["--until-restored"]].concat())
        .ends(0)
        .says("now until somebody restores it");
    assert!(kills()[0]["kill"]["restoreAt"].is_null());
    world.run("dev", &[&kill[..], &["--restore-in", "1m"]].concat()).ends(5);
    world.run("lead", &["feature", "restore", "siren", "-e", "dev"]).ends(0).says("restored");
    world.run("dev", &["feature", "kills", "-e", "dev"]).ends(0).says("nothing is killed");
}

#[test]
fn a_run_in_ci_says_which_it_is_and_gets_its_outputs() {
    let world = World::shared();
    world.run("dev", &["feature", "create", "in-ci", "--type", "simple"]).ends(0);
    let folder = tempfile::tempdir().unwrap();
    let (outputs, summary) = (folder.path().join("outputs"), folder.path().join("summary"));
    let mut job = world.command("dev", &["feature", "enable", "in-ci", "-e", "dev", "--wait=edges"]);
    job.env("GITHUB_ACTIONS", "true")
        .env("GITHUB_REPOSITORY", "acme/shop")
        .env("GITHUB_RUN_ID", "5512")
        .env("GITHUB_ACTOR", "dan")
        .env("GITHUB_OUTPUT", &outputs)
        .env("GITHUB_STEP_SUMMARY", &summary);
    run(&mut job, "").ends(0).says("applied as dev v2");
    let written = std::fs::read_to_string(&outputs).unwrap();
    assert!(written.contains("state=applied\nrevision=") && written.starts_with("change="), "{written}");
    let table = std::fs::read_to_string(&summary).unwrap();
    assert!(table.contains("| in-ci | dev | applied | v2 | #"), "{table}");
    run(&mut job, "").ends(0).says("already on");
    assert!(std::fs::read_to_string(&outputs).unwrap().ends_with("change=\nstate=unchanged\nrevision=\n"));
    let history =
        world.run("dev", &["feature", "history", "in-ci", "-e", "dev", "-L", "1", "-o", "json"]).ends(0);
    let said = history.json()[0]["change"]["reason"].clone();
    assert_eq!(said, "GitHub Actions: acme/shop run 5512 by dan");
}
