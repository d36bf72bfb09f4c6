//! What a start does once, however many replicas start at the same time.

use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _, path::Path};

use anyhow::Context as _;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sqlx::PgConnection;

use crate::{auth::secret::sha256, clock, store};

/// Waits until no other replica is starting; released with the transaction.
pub async fn lock(conn: &mut PgConnection) -> sqlx::Result<()> {
    store::session::start_lock(conn).await
}

/// While there is no user: makes a new one-time token and tells it to whoever can read the file, or what the server prints.
pub async fn offer_bootstrap(conn: &mut PgConnection, file: Option<&Path>) -> anyhow::Result<()> {
    if store::user::any(conn).await? {
        return Ok(());
    }
    let token = format!("fgb_{}", URL_SAFE_NO_PAD.encode(clock::random::<32>()?));
    store::session::set_bootstrap(conn, &sha256(&token)).await?;
    match file {
        Some(path) => {
            write_secret(path, &token).with_context(|| format!("cannot write {}", path.display()))?;
            tracing::info!(file = %path.display(), "no user yet: the first admin is made with the token in the file");
        }
        // Printed, and not logged: logs are kept, and read by many.
        None => writeln!(
            std::io::stdout(),
            "no user yet: the first admin is made with this one-time token in a FILE: \
             fgctl login --bootstrap-token-file FILE\n{token}"
        )?,
    }
    Ok(())
}

fn write_secret(path: &Path, secret: &str) -> std::io::Result<()> {
    // A file of before may have another mode.
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    writeln!(file, "{secret}")
}
