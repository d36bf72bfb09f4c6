//! The end of a feature: back to an earlier version, what needs it, withdrawn, put away and brought back.

use serde_json::json;

use crate::world::World;

#[test]
fn a_feature_is_rolled_back_withdrawn_and_put_away() {
    let world = World::shared();
    for key in ["base", "top"] {
        world.run("dev", &["feature", "create", key, "--type", "simple", "--enabled"]).ends(0);
    }
    world.run("dev", &["feature", "disable", "base", "-e", "dev"]).ends(0);
    let value = || world.evaluate("base", &world.env("dev"), "US").unwrap().body["value"].clone();
    let back = ["feature", "rollback", "base", "-e", "dev", "--wait=edges", "--timeout", "30s"];
    world.run("dev", &back).ends(0);
    assert_eq!(value(), json!(true));
    world.run("dev", &["feature", "rollback", "base", "-e", "dev", "--version", "9"]).ends(6);

    world.run("dev", &["dependency", "add", "top", "base", "-e", "dev"]).ends(0);
    world.run("dev", &["dependency", "list", "top", "-e", "dev"]).ends(0).says("base").says("any but off");
    for key in ["base", "top"] {
        let refused = world.run("dev", &["feature", "archive", key, "--yes"]).ends(9);
        refused.says(&format!("fgctl feature withdraw {key} -e dev"));
    }
    let needed = world.run("dev", &["feature", "archive", "base", "--yes"]).ends(9);
    needed.says("fgctl dependency remove top base -e dev");
    world.run("dev", &["dependency", "remove", "top", "base", "-e", "dev"]).ends(0);
    world
        .run("dev", &["dependency", "remove", "top", "base", "-e", "dev"])
        .ends(0)
        .says("does not need base");
    world.run("dev", &["feature", "withdraw", "base", "-e", "dev"]).ends(0);
    world.run("dev", &["feature", "archive", "base"]).ends(2).says("--yes");
    world.run("dev", &["feature", "archive", "base", "--yes"]).ends(0).says("archived");
    let gone = world.run("dev", &["feature", "rollback", "base", "-e", "dev"]);
    gone.ends(7).says("fgctl feature unarchive base");
    world.run("dev", &["feature", "unarchive", "base"]).ends(0).says("beta");
}
