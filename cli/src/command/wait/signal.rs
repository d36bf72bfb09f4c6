//! What ends a wait from outside: Ctrl-C, and the SIGTERM of whatever runs us.

use tokio::signal::ctrl_c;
use tokio::signal::unix::{SignalKind, signal};

use crate::exit::Exit;

/// Waits until somebody stops us, and returns how the process ends then.
pub(crate) async fn stopped() -> Exit {
    // Without a listener the signal ends the process, as it does anyway.
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signals) => signals.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = ctrl_c() => Exit::Stopped,
        _ = terminated => Exit::Terminated,
    }
}
