//! Where settings come from, what a folder may choose, and what a context keeps from being sent.

use serde_json::json;

use crate::fake::Fake;

const MINE: &str = "# mine\ncurrent = \"a\"\n\n[contexts.a]\nserver = \"ADDRESS\" # home\nteam = \"one\"\nenv = \"dev\"\n\n\
    [contexts.b]\nserver = \"ADDRESS\"\nteam = \"two\"\n";

fn fake() -> Fake {
    let fake = Fake::json(&json!({"data": {"x": 1}}));
    fake.file("config/config.toml", &MINE.replace("ADDRESS", fake.address()));
    fake
}

/// Returns a setting and its origin.
fn setting(fake: &Fake, vars: &[(&str, &str)], args: &[&str]) -> (String, String) {
    let run = fake.with(vars, &[&["config", "get", "team", "-q", ".value, .origin"], args].concat()).ends(0);
    let mut lines = run.stdout.lines().map(str::to_owned);
    (lines.next().unwrap(), lines.next().unwrap())
}

#[test]
fn each_setting_has_its_origin() {
    let fake = fake();
    let is = |vars: &[(&str, &str)], args: &[&str], value: &str, origin: &str| {
        let (found, from) = setting(&fake, vars, args);
        assert_eq!(found, value);
        assert!(from.contains(origin), "{from}");
    };
    is(&[], &[], "one", "context a");
    is(&[], &["--context", "b"], "two", "context b");
    fake.file(".fluxgate.toml", "context = \"b\"\n");
    is(&[], &[], "two", "context b");
    fake.file(".fluxgate.toml", "team = \"three\"\nenv = \"qa\"\n");
    is(&[], &[], "three", ".fluxgate.toml");
    is(&[("FGCTL_TEAM", "four")], &[], "four", "FGCTL_TEAM");
    is(&[("FGCTL_TEAM", "four")], &["--team", "five"], "five", "flag");
    let list = fake.with(&[("FGCTL_TOKEN", "fgp_secret")], &["config", "list", "--origin"]).ends(0);
    assert!(
        list.stdout.contains("env\tqa\t") && list.stdout.contains("token\tset\tFGCTL_TOKEN"),
        "{list:#?}"
    );
    assert!(!list.stdout.contains("fgp_secret"));
    fake.with(&[], &["config", "get", "taem"]).ends(6).says("Did you mean team?");
}

#[test]
fn a_folder_never_chooses_where_a_token_goes() {
    let (fake, thief) = (fake(), Fake::json(&json!({"data": {"x": 1}})));
    fake.file(".fluxgate.toml", &format!("server = {:?}\n", thief.address()));
    let token = [("FGCTL_TOKEN", "fgp_secret")];
    fake.with(&token, &["env", "list"]).ends(2).says("never chooses where a token is sent");
    fake.file(".fluxgate.toml", "context = \"nosuch\"\n");
    fake.with(&token, &["env", "list"]).ends(6).says(".fluxgate.toml");
    assert_eq!((thief.asked(), fake.asked()), (0, 0));
    // A broken one is no reason to withhold help.
    fake.file(".fluxgate.toml", "= nonsense");
    fake.with(&[], &["feature", "--help"]).ends(0);
    fake.with(&[], &["env", "list"]).ends(2).says(".fluxgate.toml");
}

#[test]
fn a_read_only_context_sends_nothing_that_changes_something() {
    let fake = fake();
    fake.with(&[], &["context", "set", "a", "--read-only", "--protected", "dev,qa"]).ends(0);
    let written = std::fs::read_to_string(fake.place().join("config/config.toml")).unwrap();
    assert!(written.starts_with("# mine") && written.contains("# home"), "{written}");
    assert!(
        written.contains("read_only = true") && written.contains("protected = [\"dev\", \"qa\"]"),
        "{written}"
    );
    fake.with(&[], &["api", "--query", "mutation { x }"]).ends(5).says("\"a\" is read-only");
    fake.with(&[], &["change", "cancel", "7", "-o", "json"]).ends(5);
    assert_eq!(fake.asked(), 0);
    fake.with(&[], &["api", "--query", "{ x }"]).ends(0);
    // A variable says nothing of what else the document does; --dry-run asks the server first.
    let document =
        ["api", "--query", "mutation M($input: I!) { x(i: $input) y }", "-F", "input={\"dryRun\":true}"];
    fake.with(&[], &document).ends(5).says("\"a\" is read-only");
    assert_eq!(fake.asked(), 1);
    fake.with(&[], &[&document[..], &["--dry-run"]].concat()).ends(1).says("it knows no dry runs");
    assert_eq!(fake.asked(), 2);
    fake.with(&[], &["context", "set", "a", "--unset", "read-only,protected"]).ends(0);
    fake.with(&[], &["api", "--query", "mutation { x }"]).ends(0);
}

#[test]
fn listing_fields_changes_nothing() {
    let fake = fake();
    fake.with(&[], &["api", "--query", "mutation { x }", "--json"]).ends(2).says("nothing was sent");
    fake.with(&[], &["api", "--query", "{ x }", "-q", ".["]).ends(2).says("nothing was done");
    fake.with(&[], &["api", "--query", "{ x }", "-t", "{{"]).ends(2);
    assert_eq!(fake.asked(), 0);
    let run = fake.with(&[], &["api", "--query", "{ x }", "--json"]).ends(0);
    assert_eq!(run.stdout, "data\ndata.x\n");
    fake.with(&[], &["context", "delete", "a", "--yes", "--json"]).ends(2).says("nothing was changed");
    fake.with(&[], &["context", "list", "--json"]).ends(0).says("current");
    fake.with(&[], &["api", "--query", "{ x }", "--json", "dta"]).ends(2).says("Did you mean data?");
}

#[test]
fn raw_graphql_ends_as_the_first_error_says() {
    let answer = json!({"data": null, "errors": [{"message": "no", "extensions": {"code": "FORBIDDEN"}}]});
    let fake = Fake::json(&answer);
    let run = fake.run(&["api", "--query", "{ x }"]).ends(5);
    assert_eq!(run.json(), answer);
    run.says("✗ no");
    let file = fake.file("q.graphql", "{ x }");
    fake.run(&["api", "-f", file.to_str().unwrap()]).ends(5);
    fake.run(&["api"]).ends(2).says("no document");
}

#[test]
fn a_context_is_forgotten_with_its_sign_in() {
    let fake = fake();
    fake.file("config/credentials/a.json", "{}");
    fake.with(&[], &["context", "delete", "a"]).ends(2).says("--yes");
    fake.with(&[], &["context", "delete", "a", "--yes"]).ends(0).says("deleted");
    assert!(!fake.place().join("config/credentials/a.json").exists());
    fake.with(&[], &["context", "delete", "a", "--yes"]).ends(6);
    fake.with(&[], &["context", "set", "../x", "--server", fake.address()]).ends(2);
    fake.with(&[], &["context", "set", "x", "--server", "nonsense"]).ends(2);
}

/// Returns what bash is told that the last word may be.
fn complete(fake: &Fake, server: &str, words: &[&str]) -> String {
    let index = (words.len() - 1).to_string();
    let vars = [
        ("COMPLETE", "bash"),
        ("_CLAP_COMPLETE_INDEX", &index),
        ("_CLAP_IFS", "\n"),
        ("FGCTL_SERVER", server),
        ("FGCTL_TEAM", "demo"),
        ("FGCTL_TOKEN", "t"),
    ];
    fake.with(&vars, &[&["--"], words].concat()).ends(0).stdout
}

#[test]
fn a_list_that_was_seen_completes_without_the_server() {
    let node = json!({
        "id": "0193b5f0-0000-7000-8000-000000000000", "key": "canary", "name": "Canary", "type": "STAGING",
        "colour": "", "position": 1, "active": true,
    });
    // Answers that list, and nothing else as it should be.
    let fake = Fake::json(&json!({"data": {"team": {"page": {
        "nodes": [node], "pageInfo": {"hasNextPage": false, "endCursor": null}, "totalCount": 1,
    }}}}));
    fake.run(&["env", "list"]).ends(0).says("canary");
    assert!(complete(&fake, fake.address(), &["fgctl", "kill", "x", "-e", ""]).contains("canary"));

    // Of a team's structure, too, of which the server is never asked.
    let node = json!({"key": "standard", "name": "Standard", "stages": []});
    let fake = Fake::json(&json!({"data": {"team": {"page": {
        "nodes": [node], "pageInfo": {"hasNextPage": false, "endCursor": null}, "totalCount": 1,
    }}}}));
    fake.run(&["pipeline", "list"]).ends(0).says("standard");
    let before = fake.asked();
    assert!(complete(&fake, fake.address(), &["fgctl", "pipeline", "view", ""]).contains("standard"));
    assert_eq!(fake.asked(), before);
    assert!(complete(&fake, "http://127.0.0.1:1", &["fgctl", "watch", ""]).contains("evaluations"));
}

#[test]
fn names_complete_from_the_server_and_then_from_the_cache() {
    let fake = Fake::json(&json!({"data": {"team": {
        "features": {"nodes": [{"key": "checkout"}, {"key": "$(reboot)"}], "totalCount": 2},
        "environments": {"nodes": [{"key": "dev"}, {"key": "prod"}]},
        "changes": {"nodes": [{"number": 482}]},
    }}}));
    let of = |server: &str, words: &[&str]| complete(&fake, server, words);
    let server = fake.address();
    // A busy machine may need more than the deadline the first time.
    let found = crate::poll::until(
        "names",
        || {
            let _ = std::fs::remove_dir_all(fake.place().join("cache"));
            of(server, &["fgctl", "feature", "view", ""])
        },
        |found| found.contains("checkout"),
    );
    assert!(!found.contains("reboot"), "{found}");
    let before = fake.asked();
    assert!(of(server, &["fgctl", "promote", "checkout", "--to", "p"]).contains("prod"));
    assert!(of(server, &["fgctl", "change", "view", ""]).contains("482"));
    assert!(of(server, &["fgctl", "approve", ""]).contains("482"));
    assert!(of(server, &["fgctl", "feat"]).contains("feature"));
    assert_eq!(fake.asked(), before, "a minute long nothing is asked");
    // No server, no cache: nothing, and quickly.
    assert!(!of("http://127.0.0.1:1", &["fgctl", "feature", "view", ""]).contains("checkout"));
    let script = fake.with(&[], &["completion", "bash"]).ends(0).stdout;
    assert!(script.contains("COMPLETE=") && script.contains("fgctl"), "{script}");
    assert!(fake.with(&[], &["completion", "fish", "--static"]).ends(0).stdout.contains("feature"));
}

#[test]
fn manual_pages_are_written() {
    let fake = fake();
    fake.with(&[], &["man", "--dir", "man"]).ends(0).says("pages in man");
    let page = std::fs::read_to_string(fake.place().join("man/fgctl-feature-promote.1")).unwrap();
    assert!(page.contains("Examples"), "{page}");
}

#[test]
fn the_context_in_force_is_the_one_in_use() {
    let fake = fake();
    let in_use = |vars: &[(&str, &str)]| {
        let run = fake.with(vars, &["context", "list", "-q", ".[] | select(.current) | .name"]).ends(0);
        run.stdout.trim_end().to_owned()
    };
    let by_variable = [("FGCTL_CONTEXT", "b")];
    assert_eq!((in_use(&[]).as_str(), in_use(&by_variable).as_str()), ("a", "b"));
    assert_eq!(in_use(&[("FGCTL_CONTEXT", "nosuch")]), "");
    let used = |vars: &[(&str, &str)], name: &str| fake.with(vars, &["context", "use", name]).ends(0).stderr;
    assert_eq!(used(&by_variable, "a"), "here FGCTL_CONTEXT goes before it: commands use b\n");
    assert_eq!((used(&by_variable, "b").as_str(), used(&[], "a").as_str()), ("", ""));
    fake.file(".fluxgate.toml", "context = \"b\"\n");
    assert!(used(&[], "a").contains(".fluxgate.toml goes before it: commands use b"));
    assert_eq!(in_use(&[]), "b");
}

#[test]
fn words_that_are_missing_are_helped_with() {
    let fake = fake();
    // A variable that sets an option is no word.
    for vars in [&[][..], &[("FGCTL_CONTEXT", "a")]] {
        let help = fake.with(vars, &[]).ends(0);
        assert!(
            help.stdout.contains("\n  promote      Take what is live") && help.stderr.is_empty(),
            "{help:#?}"
        );
        let help = fake.with(vars, &["feature"]).ends(2);
        assert!(help.stderr.contains("\n  list ") && help.stdout.is_empty(), "{help:#?}");
    }
    fake.with(&[("FGCTL_SERVER", fake.address())], &["eval", "x", "-e", "dev", "--via", "edge"])
        .ends(2)
        .says("no edge given")
        .says("fgctl dev status");
}
