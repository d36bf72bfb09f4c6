//! Settings: what is refused, and in which words.

use std::process::Command;

use clap::{CommandFactory as _, Parser as _};
use fluxgate_edge::config::Settings;
use fluxgate_server::settings::documented;
use secrecy::ExposeSecret as _;

use crate::world::EDGE_KEY;

fn settings(more: &[&str]) -> Settings {
    Settings::try_parse_from([&["fluxgate-edge"], more].concat()).unwrap()
}

fn key_error(more: &[&str]) -> String {
    settings(more).key().unwrap_err().to_string()
}

/// Starts the real program with settings that cannot work and returns what it says.
fn refused(arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fluxgate-edge"));
    let output = command.env_clear().args(arguments).envs(variables.iter().copied()).output().unwrap();
    assert!(!output.status.success());
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn the_key_is_checked_and_never_repeated() {
    assert!(key_error(&[]).contains("EDGE_CLIENT_SECRET or EDGE_CLIENT_SECRET_FILE"));
    assert!(!key_error(&["--client-secret", "hunter2"]).contains("hunter2"));
    let both = ["fluxgate-edge", "--client-secret", EDGE_KEY, "--client-secret-file", "/x"];
    let both = Settings::try_parse_from(both).unwrap_err().to_string();
    assert!(both.contains("cannot be used with") && !both.contains(EDGE_KEY), "{both}");
    assert!(key_error(&["--client-secret-file", "/does/not/exist"]).contains("/does/not/exist"));
    let other = key_error(&["--client-secret", EDGE_KEY, "--client-id", "aaaaaaaa"]);
    assert_eq!(other, "EDGE_CLIENT_ID is aaaaaaaa, but the client secret is the key eeeeeeee");
    let right = settings(&["--client-secret", EDGE_KEY, "--client-id", "eeeeeeee"]);
    assert_eq!(right.key().unwrap().expose_secret(), EDGE_KEY);
    assert!(!format!("{right:?}").contains(EDGE_KEY));
}

#[test]
fn a_key_may_stand_in_a_file() {
    let path = std::env::temp_dir().join(format!("fluxgate-edge-key-{}", std::process::id()));
    std::fs::write(&path, format!("{EDGE_KEY}\n")).unwrap();
    let key = settings(&["--client-secret-file", path.to_str().unwrap()]).key();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(key.unwrap().expose_secret(), EDGE_KEY);
}

#[test]
fn prefixes_and_addresses_are_checked() {
    let prefix = |text| settings(&["--path-prefix", text]).prefix();
    assert_eq!(prefix("").unwrap(), "");
    assert_eq!(prefix("/").unwrap(), "");
    assert_eq!(prefix("/a/b/").unwrap(), "/a/b");
    assert!(prefix("a").is_err());
    assert!(prefix("/{x}").is_err());
    for address in ["ftp://backend:50051", "backend:50051", "http://", "?", "", "http://a:1,", "http://a:1,b"]
    {
        let settings = settings(&["--client-secret", EDGE_KEY, "--backend-grpc", address]);
        assert!(
            settings.connector().err().unwrap().to_string().starts_with("EDGE_BACKEND_GRPC"),
            "{address}"
        );
    }
}

#[test]
fn whom_to_believe_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    let nothing = folder.path().join("ca.pem");
    std::fs::write(&nothing, "no certificate").unwrap();
    let nothing = nothing.to_str().unwrap();
    for (address, ca, part) in [
        ("https://backend:50051", "/nowhere", "EDGE_BACKEND_CA /nowhere: No such file"),
        ("https://backend:50051", nothing, "it holds no certificate as PEM"),
        ("http://backend:50051", nothing, "an address is not https"),
    ] {
        let settings =
            settings(&["--client-secret", EDGE_KEY, "--backend-grpc", address, "--backend-ca", ca]);
        let said = settings.connector().err().unwrap().to_string();
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn a_key_that_leaves_the_machine_in_plain_text_is_noticed() {
    for (address, noticed) in [
        ("http://backend:50051", true),
        ("http://10.0.0.1:50051/x", true),
        ("http://127.0.0.1:50051", false),
        ("http://[::1]:50051", false),
        ("http://localhost", false),
        ("https://backend:50051", false),
    ] {
        assert_eq!(
            settings(&["--backend-grpc", address]).reached_in_plain_text().next().is_some(),
            noticed,
            "{address}"
        );
    }
}

/// `FLUXGATE_REGENERATE=1 cargo test -p fluxgate-edge documented` writes it anew.
#[test]
fn the_settings_are_documented_as_they_are() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/configuration.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let made = documented(&text, &Settings::command()).unwrap();
    if std::env::var_os("FLUXGATE_REGENERATE").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap();
    let how = "run FLUXGATE_REGENERATE=1 cargo test -p fluxgate-edge documented";
    assert!(found == made, "docs/configuration.md is stale: {how}");
}

#[test]
fn the_file_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("edge.toml");
    let config = ("EDGE_CONFIG", path.to_str().unwrap());
    for (content, part) in [
        ("name = \"a\"\nadress = 1", "edge.toml:2:1: adress is no setting"),
        ("allow_anonymous = \"yes\"", "edge.toml:1:1: allow_anonymous takes a boolean, not a string"),
        ("http_addr = \"nowhere\"", "EDGE_CLIENT_SECRET"),
    ] {
        std::fs::write(&path, content).unwrap();
        let said = refused(&[], &[config]);
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn the_program_refuses_to_start_with_one_line() {
    let key = ("EDGE_CLIENT_SECRET", EDGE_KEY);
    for (arguments, variables, part) in [
        (&["--nonsense"][..], &[key][..], "--nonsense"),
        (&[], &[key, ("EDGE_ALLOW_ANONYMOUS", "perhaps")], "perhaps"),
        (&[], &[key, ("EDGE_LOG_FORMAT", "xml")], "(in EDGE_LOG_FORMAT)"),
        (&[], &[key, ("EDGE_LOG", "inof")], "EDGE_LOG"),
        (&[], &[key, ("EDGE_TLS_CERT", "/x")], "set both EDGE_TLS_CERT and EDGE_TLS_KEY"),
        (&[], &[key, ("EDGE_CLIENT_SECRET_FILE", "/x")], "cannot be used with"),
        (&[], &[key, ("EDGE_LOG", "=[")], "EDGE_LOG"),
        (&[], &[key, ("EDGE_HTTP_ADDR", "nowhere")], "EDGE_HTTP_ADDR"),
        (&[], &[], "EDGE_CLIENT_SECRET"),
    ] {
        let said = refused(arguments, variables);
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn a_number_in_the_file_is_a_number() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("edge.toml");
    let command = Settings::command();
    let numbers = command.get_arguments().filter(|argument| {
        let number = argument
            .get_default_values()
            .first()
            .is_some_and(|value| value.to_str().unwrap().parse::<u32>().is_ok());
        number || matches!(argument.get_id().as_str(), "rate_limit" | "max_staleness_secs")
    });
    let lines: Vec<String> = numbers.map(|number| format!("{} = 60\n", number.get_id())).collect();
    assert!(lines.len() >= 4, "{lines:?}");
    std::fs::write(&path, lines.concat()).unwrap();
    let said = refused(&[], &[("EDGE_CONFIG", path.to_str().unwrap())]);
    assert!(said.contains("EDGE_CLIENT_SECRET"), "all that is wrong is that there is no key: {said}");
}

#[test]
fn an_empty_variable_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("secret");
    let nowhere = nowhere.to_str().unwrap();
    let said = refused(
        &[],
        &[("EDGE_CLIENT_SECRET", ""), ("EDGE_CLIENT_ID", ""), ("EDGE_CLIENT_SECRET_FILE", nowhere)],
    );
    assert!(said.contains(nowhere), "{said}");
}
