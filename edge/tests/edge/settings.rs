//! Settings: what is refused, and in which words.

use std::ffi::OsString;
use std::process::Command;

use clap::Parser as _;
use fluxgate_edge::config::Settings;
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
    assert!(key_error(&["--client-secret", EDGE_KEY, "--client-secret-file", "/x"]).contains("exclude"));
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
    for address in ["https://backend:50051", "backend:50051", "http://", "?", "", "http://a:1,", "http://a:1,b"] {
        let settings = settings(&["--client-secret", EDGE_KEY, "--backend-grpc", address]);
        assert!(
            settings.connector().err().unwrap().to_string().starts_with("EDGE_BACKEND_GRPC"),
            "{address}"
        );
    }
}

#[test]
fn variables_that_are_no_settings_are_found() {
    let names = ["EDGE_NAME", "EDGE_PORT", "PATH", "EDGE_8081_TCP"].map(OsString::from);
    assert_eq!(Settings::unknown_variables(names.into_iter()), ["EDGE_8081_TCP", "EDGE_PORT"]);
}

#[test]
fn the_program_refuses_to_start_with_one_line() {
    let key = ("EDGE_CLIENT_SECRET", EDGE_KEY);
    for (arguments, variables, part) in [
        (&["--nonsense"][..], &[key][..], "--nonsense"),
        (&[], &[key, ("EDGE_ALLOW_ANONYMOUS", "perhaps")], "perhaps"),
        (&[], &[key, ("EDGE_LOG_FORMAT", "xml")], "xml"),
        (&[], &[key, ("EDGE_LOG", "=[")], "EDGE_LOG"),
        (&[], &[key, ("EDGE_HTTP_ADDR", "nowhere")], "EDGE_HTTP_ADDR"),
        (&[], &[], "EDGE_CLIENT_SECRET"),
    ] {
        let said = refused(arguments, variables);
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.contains(part), "{said}");
    }
}
