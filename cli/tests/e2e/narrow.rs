//! What is seen where there is little room: keys and states in lists, all of what people wrote, and what is said beside.

use crate::run::run;
use crate::world::World;

const KEY: &str = "checkout-redesign-on-a-single-page-with-express-payment-2026";
const REASON: &str = "the redesign has been in staging for two weeks, the error rate is green and conversion is up, \
                      so that it is to be in production before the weekend begins";

/// Returns what a person sees on a terminal of so many columns, every line of which fits.
fn seen(world: &World, width: usize, args: &[&str]) -> String {
    let mut command = world.command("admin", args);
    command.env("FGCTL_FORCE_TTY", width.to_string()).env("NO_COLOR", "1");
    let shown = run(&mut command, "").stdout;
    assert!(!shown.is_empty(), "{args:?}");
    if !args.contains(&"wide") {
        for line in shown.lines().filter(|line| !line.contains(KEY)) {
            assert!(line.chars().count() <= width, "{args:?} at {width}: {line:?}");
        }
    }
    shown
}

/// Returns text without the places where it was broken.
fn unbroken(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn keys_and_states_stay_and_words_are_whole() {
    let world = World::start();
    let run = |args: &[&str]| world.run("dev", args);
    let create = ["feature", "create", KEY, "--type", "contextual", "--enabled", "--owner", "payments-emea"];
    let variants = ["--variant", "control=\"classic\"", "--variant", "express=\"one-page\""];
    // What nothing serves yet is what the rules to come are for.
    let made = run(&[&create[..], &variants].concat()).ends(0);
    assert!(!made.stderr.contains("unused-variant"), "{made:#?}");
    let when = "country in [\"FI\", \"SE\", \"NO\"] and appVersion semver \">=2.0.0 <3.0.0\"";
    run(&["rule", "add", KEY, "-e", "dev", "--when", when, "--serve", "express"]).ends(0);
    run(&["promote", KEY, "--to", "staging"]).ends(0);
    run(&["promote", KEY, "--to", "prod", "--yes", "--reason", REASON]).ends(8);
    let number = run(&["change", "list", "-o", "json", "-q", ".[0].number"]).ends(0).stdout;
    let number = number.trim();
    let comment = "yesterday the 99th percentile of the provider was at two seconds for half an hour";
    world.run("lead", &["change", "comment", number, comment]).ends(0);

    let token = ["token", "create", "ci-deploy-of-payments-in-emea-and-apac", "--role", "requester"];
    world.run("admin", &[&token[..], &["--expires", "9d"]].concat()).ends(0);

    for width in [80, 60] {
        let shown = |args: &[&str]| seen(&world, width, args);
        let features = shown(&["feature", "list"]);
        for wanted in ["KEY", "DEV", "STAGING", "PROD", "checkout-redesign-on-a-", "● on", "◐ #"] {
            assert!(features.contains(wanted), "{wanted} at {width}:\n{features}");
        }
        let changes = shown(&["change", "list"]);
        for wanted in ["WHAT", "STATUS", "VOTES", "promote check", "◐ pending", "0 of 1"] {
            assert!(changes.contains(wanted), "{wanted} at {width}:\n{changes}");
        }
        let change = unbroken(&shown(&["change", "view", number]));
        assert!(change.contains(REASON) && change.contains(comment), "{change}");
        let history = shown(&["feature", "history", KEY]);
        assert!(unbroken(&history).contains("rule 1 position 1:") && !history.contains("exp…"), "{history}");
        assert!(history.contains("WHAT") && history.contains("promoted from dev"), "{history}");
        assert!(shown(&["rule", "list", KEY, "-e", "dev"]).contains("SERVES"));
        let view = shown(&["feature", "view", KEY]);
        assert!(view.lines().all(|line| !line.trim_start().starts_with('·')), "{view}");
        assert!(view.contains("by dev\n"), "{view}");
        for list in ["env", "pipeline", "member", "policy", "team", "edge", "client", "token"] {
            shown(&[list, "list"]);
        }
        shown(&["audit", "list"]);
    }

    // Whoever asks for all of it gets it whole, however wide.
    let ids = run(&["env", "list", "-o", "json", "-q", ".[].id"]).ends(0).stdout;
    let wide = seen(&world, 60, &["env", "list", "-o", "wide"]);
    assert!(!ids.is_empty() && ids.lines().all(|id| wide.contains(id)), "{wide}");

    what_cannot_be_is_said(&world);
}

/// A policy that asks for more votes than there are people who can give one; words that are missing.
fn what_cannot_be_is_said(world: &World) {
    let admin = |args: &[&str]| world.run("admin", args);
    // A lead and an admin are two.
    let create = ["policy", "create", "Council", "--env", "staging", "--approvals", "3"];
    let said = "policy \"Council\" asks for 3 approvals, 2 people can give one";
    assert!(admin(&create).ends(0).stderr.contains(said));
    let edit = |approvals| admin(&["policy", "edit", "Council", "--approvals", approvals, "--yes"]).ends(0);
    assert!(!edit("2").stderr.contains("can give one"));
    assert!(edit("3").stderr.contains(said));
    assert!(admin(&["policy", "test", "BetaUsers", "-e", "staging"]).ends(0).stderr.contains(said));
    world.run("dev", &["feature", "create", "stuck", "--type", "simple"]).ends(0);
    world.run("dev", &["promote", "stuck", "--to", "staging", "--yes", "--reason", "x"]).ends(8);
    let open = world.run("dev", &["change", "list", "--feature", "stuck", "-o", "json", "-q", ".[0].number"]);
    let number = open.stdout.trim();
    let change = world.run("dev", &["change", "view", number]).ends(8);
    assert!(change.stderr.contains("2 people can give one"), "{change:#?}");
    world.run("dev", &["change", "cancel", number]).ends(0);
    admin(&["policy", "delete", "Council", "--yes"]).ends(0);

    // What the environment sets is no part of what a command needs.
    let mut command = world.command("dev", &["token", "create", "ci"]);
    let missing =
        run(command.env("FGCTL_SERVER", "http://127.0.0.1:1").env("FGCTL_TEAM", "demo"), "").ends(2);
    assert!(missing.stderr.contains("  --expires <TIME>\n"), "{missing:#?}");
    assert!(missing.stderr.contains("Usage: fgctl token create [OPTIONS] --expires <TIME> <NAME>\n"));
}
