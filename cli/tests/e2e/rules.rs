//! What is said of a feature, its rules and its variants, edited one by one.

use serde_json::{Value, json};

use crate::world::World;

fn rules(world: &World, key: &str) -> Vec<Value> {
    let rules = world.run("dev", &["rule", "list", key, "-e", "dev", "-o", "json"]).ends(0).json();
    rules.as_array().unwrap().clone()
}

fn names(world: &World, key: &str) -> Vec<String> {
    rules(world, key).iter().map(|rule| rule["name"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn rules_are_edited_moved_and_removed() {
    let world = World::shared();
    let create = ["feature", "create", "ruled", "--type", "contextual", "--enabled"];
    world.run("dev", &[&create[..], &["--variant", "a=1", "--variant", "b=2"]].concat()).ends(0);
    let rule = |args: &[&str]| world.run("dev", &[&["rule"], args, &["-e", "dev"]].concat());
    for name in ["one", "two"] {
        rule(&["add", "ruled", "--name", name, "--when", "country == \"US\"", "--serve", "b"]).ends(0);
    }
    let split = ["--split", "a=90,b=10", "--rollout", "20", "--bucket-by", "company"];
    rule(&[&["add", "ruled", "--name", "zero", "--before", "one"][..], &split].concat()).ends(0);
    assert_eq!(names(&world, "ruled"), ["zero", "one", "two"]);
    rule(&["move", "ruled", "two", "--to", "1"]).ends(0);
    assert_eq!(names(&world, "ruled"), ["two", "zero", "one"]);
    rule(&["move", "ruled", "1", "--after", "zero"]).ends(0);
    rule(&["move", "ruled", "two", "--after", "zero"]).ends(0).says("already so");
    assert_eq!(names(&world, "ruled"), ["zero", "two", "one"]);
    rule(&["move", "ruled", "twoo", "--first"]).ends(6).says("Did you mean two?");
    rule(&["move", "ruled", "two", "--to", "9"]).ends(2).says("there are 1 to 3");

    // Shares shrink and grow in place; what is not said stays.
    rule(&["edit", "ruled", "zero", "--split", "a=50,b=50", "--name", "pilot"]).ends(0);
    let edited = rules(&world, "ruled")[0].clone();
    assert_eq!((&edited["name"], &edited["rollout"]), (&json!("pilot"), &json!(20)), "{edited:#}");
    assert_eq!(edited["bucketBy"], "company");
    rule(&["edit", "ruled", "pilot", "--serve", "c"]).ends(2).says("no variant \"c\"");
    rule(&["edit", "ruled", "pilot", "--when", "country = 1"]).ends(2).says("^");
    rule(&["edit", "ruled", "pilot", "--everyone", "--serve", "a", "--last"]).ends(0);
    let last = rules(&world, "ruled")[2].clone();
    assert!(last["when"].is_null() && last["serve"] == "a" && last["split"].is_null(), "{last:#}");
    rule(&["edit", "ruled", "pilot"]).ends(2).says("nothing to edit");
    rule(&["remove", "ruled", "1", "pilot", "--dry-run"]).ends(0).says("(dry run)");
    rule(&["remove", "ruled", "1", "pilot"]).ends(0);
    assert_eq!(names(&world, "ruled"), ["one"]);

    let variant = |args: &[&str]| world.run("dev", &[&["variant"], args, &["-e", "dev"]].concat());
    variant(&["list", "ruled"]).ends(0).says("b\t2\trule 1").says("a\t1\tdefault, off");
    variant(&["set", "ruled", "c=3", "a=5"]).ends(0).says("unused-variant");
    variant(&["set", "ruled", "d=text"]).ends(2).says("not be valid");
    variant(&["set", "ruled", "--default", "c"]).ends(0);
    variant(&["list", "ruled"]).ends(0).says("c\t3\tdefault").says("a\t5\toff");
    variant(&["remove", "ruled", "b"]).ends(9).says("rule 1").says("fgctl rule list ruled -e dev");
    variant(&["remove", "ruled", "x"]).ends(6);
    rule(&["remove", "ruled", "one"]).ends(0);
    variant(&["remove", "ruled", "b"]).ends(0);
}

#[test]
fn what_is_said_of_a_feature_is_edited_and_filtered_by() {
    let world = World::shared();
    for key in ["said-one", "said-two"] {
        world.run("dev", &["feature", "create", key, "--type", "simple", "--tag", "said"]).ends(0);
    }
    let edit = ["feature", "edit", "said-one", "--owner", "payments", "--lifecycle", "active"];
    let dated = [&edit[..], &["--removal-date", "2020-01-31", "--name", "Said"]].concat();
    world.run("dev", &dated).ends(0).says("payments").says("to be removed 2020-01-31");
    world.run("dev", &["feature", "edit", "said-one"]).ends(2);
    world.run("dev", &["feature", "tag", "said-one", "+q4", "q5", "-said", "-none"]).ends(0).says("q4,q5");
    let fewer = ["feature", "tag", "said-one", "-q5", "--remove", "none", "-o", "json"];
    assert_eq!(world.run("dev", &fewer).ends(0).json()["tags"], json!(["q4"]));
    world.run("dev", &["feature", "tag", "said-one", "--", "+q5", "-none"]).ends(0).says("q4,q5");
    let list = |args: &[&str]| {
        let args = [&["feature", "list", "--sort", "key", "-o", "name"], args].concat();
        world.run("dev", &args).ends(0).stdout
    };
    assert_eq!(list(&["--filter", "owner:payments lifecycle:active stale:yes"]), "feature/said-one\n");
    assert_eq!(list(&["--filter", "tag:said !lifecycle:active deployed:yes env:dev"]), "feature/said-two\n");
    assert_eq!(list(&["--filter", "tag:q4,q5 type:simple"]), "feature/said-one\n");
    assert_eq!(list(&["--filter", "said -L"]).lines().count(), 0);
    assert_eq!(list(&["--filter", "said", "-L", "1"]), "feature/said-one\n");
    let rest = world.run("dev", &["feature", "list", "--filter", "said", "-L", "1"]).ends(0);
    rest.says("1 of 2 shown. --all for the rest");
    assert_eq!(list(&["--filter", "said", "--all"]).lines().count(), 2);

    let nobody = ["feature", "edit", "said-one", "--owner", "", "--removal-date", "never", "--no-tags"];
    let after = world.run("dev", &[&nobody[..], &["-o", "json"]].concat()).ends(0).json();
    assert_eq!(
        (&after["owner"], &after["removalDate"], &after["tags"]),
        (&Value::Null, &Value::Null, &json!([]))
    );

    world.run("dev", &["feature", "withdraw", "said-two", "-e", "dev"]).ends(0);
    let back = world.run("dev", &["feature", "rollback", "said-two", "-e", "dev"]).ends(7);
    back.says("fgctl feature history said-two -e dev").says("--version N");
    world.run("dev", &["feature", "rollback", "said-two", "-e", "dev", "--version", "1"]).ends(0);
    world.run("dev", &["feature", "withdraw", "said-two", "-e", "dev"]).ends(0);
    world.run("dev", &["feature", "archive", "said-two", "--yes"]).ends(0).says("archived");
    world.run("dev", &["feature", "archive", "said-two"]).ends(0).says("already archived");
    assert_eq!(list(&["--archived", "--filter", "said"]), "feature/said-two\n");
    world.run("dev", &["feature", "list", "--archived", "--filter", "life:beta"]).ends(2);
}
