//! Files that others on a machine can read: told in use, and by the doctor with what to do.

use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::fake::Fake;

#[test]
fn a_sign_in_that_others_can_read_is_told() {
    let fake = Fake::json(&json!({"data": {"x": 1}}));
    let config = fake.file(
        "config/config.toml",
        &format!("current = \"here\"\n[contexts.here]\nserver = {:?}\nteam = \"demo\"\n", fake.address()),
    );
    let saved = json!({
        "server": fake.address(), "username": "dev", "accessToken": "a", "refreshToken": "r",
        "accessExpiresAt": "2999-01-01T00:00:00Z",
    });
    let credentials = fake.file("config/credentials/here.json", &saved.to_string());
    let paste = format!("chmod 600 {}", credentials.display());
    let mode = |path, mode| set_permissions(path, Permissions::from_mode(mode)).unwrap();
    let ask = ["api", "--query", "{ x }"];
    let doctor = || fake.with(&[], &["doctor", "--timeout", "1s"]).ends(3);

    mode(&config, 0o644);
    for open in [0o644, 0o640, 0o604] {
        mode(&credentials, open);
        let run = fake.with(&[], &ask).ends(0);
        assert_eq!(run.stderr.lines().count(), 1, "{run:#?}");
        run.says("others on this machine can read your sign-in").says(&paste);
    }
    // Scripts that read JSON find nothing but errors there.
    assert_eq!(fake.with(&[], &[&ask[..], &["-o", "json"]].concat()).ends(0).stderr, "");
    let run = doctor();
    run.says("can read a sign-in").says(&paste);
    run.says(&format!("chmod 600 {}", config.display()));

    mode(&credentials, 0o600);
    assert_eq!(fake.with(&[], &ask).ends(0).stderr, "");
    assert!(!doctor().stdout.contains(&paste));
    mode(&config, 0o666);
    doctor().says("can change").says(&format!("chmod 600 {}", config.display()));
    mode(&config, 0o600);
    doctor().says("nobody else on this machine");
    let token = fake.file("token", "fgt_x");
    mode(&token, 0o644);
    let vars = [("FGCTL_TOKEN_FILE", token.to_str().unwrap())];
    fake.with(&vars, &["doctor", "--timeout", "1s"]).ends(3).says(&format!("chmod 600 {}", token.display()));
}
