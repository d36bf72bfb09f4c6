//! One connection on which the process listens: what PostgreSQL notifies of becomes a hint to look. Hints can be lost, so
//! whoever waits for one looks every now and then without it.

use std::{sync::Arc, time::Duration};

use sqlx::{PgPool, postgres::PgListener};
use tokio::sync::Notify;

/// How long to wait before listening again after the connection was lost?
const LISTEN_AGAIN: Duration = Duration::from_millis(500);
/// The channel that `publish()` notifies.
const HEAD: &str = "fluxgate_head";
/// The channel that entries of the audit notify.
const AUDIT: &str = "fluxgate_audit";

/// What may have something new.
#[derive(Default)]
pub struct Hints {
    /// The newest revision.
    pub head: Notify,
    /// The audit.
    pub audit: Notify,
}

impl Hints {
    /// Listens until the process ends.
    pub fn start(pool: PgPool) -> Arc<Hints> {
        let hints = Arc::new(Hints::default());
        tokio::spawn(Arc::clone(&hints).listen(pool));
        hints
    }

    /// Turns notifications into hints, connecting again for ever.
    async fn listen(self: Arc<Self>, pool: PgPool) {
        loop {
            if let Ok(mut listener) = PgListener::connect_with(&pool).await
                && listener.listen_all([HEAD, AUDIT]).await.is_ok()
            {
                // What was notified while nobody listened is found by looking once.
                self.head.notify_one();
                self.audit.notify_one();
                while let Ok(Some(told)) = listener.try_recv().await {
                    let of = if told.channel() == AUDIT { &self.audit } else { &self.head };
                    of.notify_one();
                }
            }
            tokio::time::sleep(LISTEN_AGAIN).await;
        }
    }
}
