//! Settings: which source wins, and in which words a file is refused.

#![expect(clippy::unwrap_used, reason = "a test ends where it is not as expected")]

use std::{ffi::OsString, fs, os::unix::fs::PermissionsExt as _, path::PathBuf};

use clap::{CommandFactory as _, Parser};
use fluxgate_server::settings::{self, Loaded, Refusal};
use secrecy::{ExposeSecret as _, SecretString};

/// A program with a setting of each kind. Its variables are not set, but for one that everybody has.
#[derive(Debug, Parser)]
#[command(name = "sample")]
struct Sample {
    /// A file.
    #[arg(long, env = "SAMPLE_CONFIG")]
    config: Option<PathBuf>,
    /// An address.
    #[arg(long, env = "SAMPLE_HTTP_ADDR", default_value = "127.0.0.1:1")]
    http_addr: std::net::SocketAddr,
    /// A number.
    #[arg(long, env = "SAMPLE_WORKERS", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=9))]
    workers: u32,
    /// A switch.
    #[arg(long, env = "SAMPLE_LOUD", action = clap::ArgAction::Set, default_value_t = false,
          default_missing_value = "true", num_args = 0..=1)]
    loud: bool,
    /// A list | of names.
    #[arg(long, env = "SAMPLE_NAMES", value_delimiter = ',')]
    names: Vec<String>,
    /// A choice.
    #[arg(long, env = "SAMPLE_FORM", default_value = "round", value_parser = ["round", "square"])]
    form: String,
    /// A secret.
    #[arg(long, env = "SAMPLE_SECRET", hide_env_values = true)]
    secret: Option<SecretString>,
    /// A file with the secret.
    #[arg(long, env = "SAMPLE_SECRET_FILE", conflicts_with = "secret")]
    secret_file: Option<PathBuf>,
    /// From a variable that is there.
    #[arg(long, env = "CARGO_PKG_NAME", default_value = "nothing")]
    package: String,
}

/// Loads with a file of this content.
fn load(content: &str, more: &[&str]) -> Result<Loaded<Sample>, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    fs::write(&path, content).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let mut arguments = vec!["sample", "--config", path.to_str().unwrap()];
    arguments.extend(more);
    let loaded = settings::load(arguments.into_iter().map(OsString::from), "SAMPLE_");
    loaded.map_err(|refusal| match refusal {
        Refusal::Setting(line) => line.replace(folder.path().to_str().unwrap(), "."),
        Refusal::Answer(answer) => answer.to_string(),
    })
}

#[test]
fn a_flag_wins_over_a_variable_over_the_file_over_the_default() {
    let file = "http_addr = \"127.0.0.1:2\" # mine\nworkers = 7\nloud = true\nnames = [\"a\", \"b\"]\npackage = \"file\"\n";
    let sample = load(file, &["--workers", "8"]).unwrap().settings;
    assert_eq!(sample.http_addr.port(), 2);
    assert_eq!(sample.workers, 8);
    assert!(sample.loud);
    assert_eq!(sample.names, ["a", "b"]);
    assert_eq!(sample.package, "fluxgate-server", "a variable wins over the file");
    assert_eq!(sample.form, "round");
    let sample = load(file, &["--names", "c", "--loud=false", "--package", "flag"]).unwrap().settings;
    assert_eq!((sample.names, sample.loud, sample.package.as_str()), (vec!["c".to_owned()], false, "flag"));
    assert!(load("names = []", &[]).unwrap().settings.names.is_empty());
}

#[test]
fn what_is_wrong_with_a_file_is_one_line_with_its_place() {
    for (content, expected) in [
        ("# x\n  htpp_addr = \"x\"", "./config.toml:2:3: htpp_addr is no setting; did you mean http_addr?"),
        ("http-addr = \"x\"", "./config.toml:1:1: http-addr is no setting; did you mean http_addr?"),
        ("colour = 1", "./config.toml:1:1: colour is no setting; --help lists them"),
        ("config = \"x\"", "./config.toml:1:1: config is no setting; --help lists them"),
        ("http_addr = 8080", "./config.toml:1:1: http_addr takes a string, not an integer"),
        ("workers = \"7\"", "./config.toml:1:1: workers takes an integer, not a string"),
        ("loud = \"yes\"", "./config.toml:1:1: loud takes a boolean, not a string"),
        ("names = \"a,b\"", "./config.toml:1:1: names takes an array, not a string"),
        ("names = [1]", "./config.toml:1:1: names takes an array of strings, not of integers"),
        ("names = [\"a,b\"]", "./config.toml:1:1: names: \"a,b\" is one entry; an entry holds no comma"),
        ("\n[http_addr]\nx = 1", "./config.toml:2:2: http_addr takes a string, not a table"),
        ("workers = 12", "./config.toml:1:1: workers: \"12\": 12 is not in 1..=9"),
        ("form = \"oval\"", "./config.toml:1:1: form: \"oval\" is none of round, square"),
        ("http_addr = \"here\"", "./config.toml:1:1: http_addr: \"here\": invalid socket address syntax"),
        ("workers = 1\nworkers = 2", "./config.toml:2:1: duplicate key"),
        (
            "secret = \"x\"\nsecret_file = \"y\"",
            "./config.toml:2:1: secret_file and secret exclude each other",
        ),
    ] {
        assert_eq!(load(content, &[]).unwrap_err(), expected, "{content}");
    }
    let missing = ["sample", "--config", "/nowhere.toml"].map(OsString::from);
    let missing = settings::load::<Sample>(missing, "SAMPLE_").unwrap_err().to_string();
    assert!(missing.starts_with("cannot read the settings in /nowhere.toml"), "{missing}");
}

#[test]
fn no_refusal_repeats_a_secret() {
    for content in [
        "secret = \"hunter2",
        "secret = hunter2",
        "secret = [\"hunter2\"]",
        "secret = \"hunter2\"\nwrong = 1",
        "x = 1 secret = \"hunter2\"",
    ] {
        let said = load(content, &[]).unwrap_err();
        assert!(!said.contains("hunter2"), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.starts_with("./config.toml:"), "{said}");
    }
}

#[test]
fn a_file_with_a_secret_is_for_its_owner() {
    let open = load("secret = \"x\"", &[]).unwrap();
    assert_eq!(open.settings.secret.unwrap().expose_secret(), "x");
    assert!(open.warnings[0].ends_with("config.toml holds a secret and others may read it: chmod 600"));
    assert!(load("secret_file = \"x\"", &[]).unwrap().warnings.is_empty());
}

#[test]
fn what_is_stated_elsewhere_excludes_what_the_file_says() {
    let sample = load("secret = \"x\"", &["--secret-file", "y"]).unwrap().settings;
    assert!(sample.secret.is_none() && sample.secret_file.is_some());
    let sample = load("secret_file = \"y\"", &["--secret", "x"]).unwrap().settings;
    assert!(sample.secret.is_some() && sample.secret_file.is_none());
}

#[test]
fn a_command_line_is_refused_in_one_line() {
    for (arguments, part) in [
        (
            &["--http-adr", "x"][..],
            "unexpected argument '--http-adr' found tip: a similar argument exists: '--http-addr'",
        ),
        (&["--workers", "12"], "invalid value '12' for '--workers <WORKERS>': 12 is not in 1..=9"),
        (&["--form", "oval"], "[possible values: round, square]"),
        (&["--secret", "x", "--secret-file", "y"], "cannot be used with"),
    ] {
        let said = load("", arguments).unwrap_err();
        assert!(said.contains(part), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    assert!(matches!(
        settings::load::<Sample>(["sample", "--help"].map(OsString::from), "SAMPLE_"),
        Err(Refusal::Answer(_))
    ));
}

#[test]
fn variables_that_are_no_settings_are_found() {
    let names = ["SAMPLE_LOUD", "SAMPLE_PORT", "PATH", "SAMPLE_8081_TCP"].map(OsString::from);
    let found = settings::unknown(&Sample::command(), "SAMPLE_", names.into_iter());
    assert_eq!(found, ["SAMPLE_8081_TCP", "SAMPLE_PORT"]);
}

#[test]
fn the_table_is_made_from_the_declarations() {
    let table = settings::table(&Sample::command());
    for line in [
        "| `--config` | `SAMPLE_CONFIG` |  |  | A file |",
        "| `--workers` | `SAMPLE_WORKERS` | `workers` | `4` | A number |",
        "| `--loud` | `SAMPLE_LOUD` | `loud` | `false` | A switch |",
        "| `--names` | `SAMPLE_NAMES` | `names` |  | A list \\| of names |",
        "| `--form` | `SAMPLE_FORM` | `form` | `round` of `round`, `square` | A choice |",
    ] {
        assert!(table.lines().any(|found| found == line), "{line}\n{table}");
    }
}
