//! One edge's stream: a position in the served state that follows the head. What happens when is decided by `machine`, which
//! does no I/O; this feeds it from the network and the clock.

mod machine;
mod say;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Instant};

use fluxgate_proto::v1::{BackendMessage, EdgeMessage, Hello, edge_message};
use tokio::{
    sync::{mpsc, watch},
    time::sleep_until,
};
use tonic::{Status, Streaming};

use crate::{
    clock,
    delivery::{Delivery, state::EdgeClient},
};
use machine::{End, Input, Machine, Now, Output};

/// One edge's stream.
pub(super) struct EdgeStream {
    delivery: Arc<Delivery>,
    sender: mpsc::Sender<Result<BackendMessage, Status>>,
    machine: Machine,
    started: Instant,
}

impl EdgeStream {
    pub(super) fn new(
        delivery: Arc<Delivery>,
        sender: mpsc::Sender<Result<BackendMessage, Status>>,
        (client, key_id): (EdgeClient, String),
    ) -> EdgeStream {
        let started = Instant::now();
        let unit_key = delivery.unit_keys.of(client.scope.team);
        let machine = Machine::new(client, (key_id, clock::new_id()), now(started)).with_unit_key(&unit_key);
        EdgeStream { delivery, sender, machine, started }
    }

    /// Follows the head until one side ends it.
    pub(super) async fn run(
        &mut self,
        hello: Hello,
        inbound: Streaming<EdgeMessage>,
        shutdown: watch::Receiver<bool>,
    ) {
        let name: String = hello.name.chars().take(100).collect();
        tracing::info!(edge = name, client = self.machine.client_name(), "an edge connected");
        match self.follow(hello, inbound, shutdown).await {
            End::Left => return,
            End::Goodbye => self.delivery.edges.goodbye(self.machine.stream_id()),
            End::Lost => {}
            End::Refused(status) => {
                tracing::info!(edge = name, reason = status.message(), "a stream is refused");
                let _ = self.sender.try_send(Err(status));
            }
        }
        tracing::info!(edge = name, "an edge is gone");
    }

    async fn follow(
        &mut self,
        hello: Hello,
        mut inbound: Streaming<EdgeMessage>,
        mut shutdown: watch::Receiver<bool>,
    ) -> End {
        // Subscribed before anything is read, so that no move of the head is missed.
        let mut moved = self.delivery.moved();
        let mut input = Input::Said(edge_message::Message::Hello(hello));
        // Whom to stop was told once.
        let mut stopping = false;
        loop {
            if let Some(end) = self.take(input).await {
                return end;
            }
            let deadline = tokio::time::Instant::from_std(self.started + self.machine.deadline());
            input = tokio::select! {
                message = inbound.message() => match message {
                    Ok(Some(EdgeMessage { message: Some(message) })) => Input::Said(message),
                    // Of a kind that this version does not know.
                    Ok(Some(EdgeMessage { message: None })) => Input::Tick,
                    Ok(None) | Err(_) => Input::Ended,
                },
                room = self.sender.reserve(), if self.machine.wants_room() => match room {
                    // Given back at once: nobody else sends, so that there still is room.
                    Ok(_) => Input::Room,
                    Err(_) => Input::Ended,
                },
                _ = moved.changed() => Input::Moved,
                () = sleep_until(deadline) => Input::Tick,
                () = told_to_stop(&mut shutdown), if !stopping => {
                    stopping = true;
                    Input::Stop
                }
            };
        }
    }

    /// Does what an input asks for; gives how the stream ends, if it does.
    async fn take(&mut self, input: Input) -> Option<End> {
        let mut input = Some(input);
        while let Some(next) = input.take() {
            let outputs = self.delivery.write(|served| self.machine.step(next, served, now(self.started)));
            for output in outputs {
                match output {
                    Output::Send(message) => {
                        if self.sender.try_send(Ok(BackendMessage { message: Some(message) })).is_err() {
                            return Some(End::Lost);
                        }
                    }
                    Output::Hear(heard) => self.delivery.edges.hear(heard),
                    Output::Refresh => {
                        let read = self.delivery.refresh().await;
                        input = Some(Input::Refreshed(read.is_ok()));
                    }
                    Output::End(end) => return Some(end),
                }
            }
        }
        None
    }
}

fn now(started: Instant) -> Now {
    Now { elapsed: started.elapsed(), at: clock::now(), chance: clock::chance() }
}

async fn told_to_stop(shutdown: &mut watch::Receiver<bool>) {
    // A sender that is gone means the end as well.
    let _ = shutdown.wait_for(|stop| *stop).await;
}
