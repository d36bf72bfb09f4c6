//! The same result in every form, from a real system.

use serde_json::Value;

use crate::world::World;

#[test]
fn one_list_in_every_form() {
    let world = World::start();
    let list = |args: &[&str]| world.run("dev", &[&["feature", "list"], args].concat()).ends(0).stdout;
    let features: Value = serde_json::from_str(&list(&["-o", "json"])).unwrap();
    let features = features.as_array().unwrap();
    let keys: Vec<&str> = features.iter().map(|feature| feature["key"].as_str().unwrap()).collect();
    assert!(keys.contains(&"checkout-redesign"), "{keys:?}");

    let lines = |text: String| text.lines().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(lines(list(&["-q", ".[].key"])), keys);
    assert_eq!(lines(list(&["-t", "{% for f in it %}{{ f.key }}\n{% endfor %}"])), keys);
    let named: Vec<String> = keys.iter().map(|key| format!("feature/{key}")).collect();
    assert_eq!(lines(list(&["-o", "name"])), named);
    let jsonl = lines(list(&["-o", "jsonl", "--json", "key"]));
    assert_eq!(jsonl, keys.iter().map(|key| format!("{{\"key\":\"{key}\"}}")).collect::<Vec<_>>());

    let csv = lines(list(&["-o", "csv"]));
    assert!(csv[0].starts_with("key,type,life,dev,staging,prod,owner,changed"), "{csv:?}");
    assert_eq!(csv.len(), keys.len() + 1);
    let yaml = list(&["-o", "yaml"]);
    assert_eq!(yaml.matches("  key: checkout-redesign\n").count(), 1, "{yaml}");
    let plain = lines(list(&[]));
    let headed = lines(list(&["--header"]));
    assert_eq!(&headed[1..], plain);
    assert!(headed[0].starts_with("KEY\tTYPE\t"), "{headed:?}");

    // Only the names of fields: a change in production would be proposed otherwise.
    let before = world.run("dev", &["change", "list", "--all", "-o", "json"]).json();
    let withdraw = ["feature", "withdraw", "BetaUsers", "-e", "prod", "--yes", "--reason", "x", "--json"];
    world.run("dev", &withdraw).ends(2).says("nothing was sent");
    assert_eq!(world.run("dev", &["change", "list", "--all", "-o", "json"]).json(), before);
    let run = world.run("dev", &["feature", "view", "BetaUsers", "--json", "owner,stages.environment.key"]);
    assert_eq!(run.json()["stages"][0]["environment"]["key"], "dev");
}
