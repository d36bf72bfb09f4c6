//! What the system tells a server: to end, or to look at its settings again.

use std::{future::Future, io};

use tokio::{
    signal::unix::{SignalKind, signal},
    task::JoinHandle,
};

/// Resolves at SIGTERM or SIGINT. Both are heard from this call on, not from the first poll.
pub fn terminated() -> io::Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Does something at every SIGHUP from now on, which would end the process otherwise.
pub fn on_hangup(mut act: impl FnMut() + Send + 'static) -> io::Result<JoinHandle<()>> {
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            act();
        }
    }))
}
