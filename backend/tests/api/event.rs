//! An edge that reports what it counted.

use fluxgate_proto::{
    sketch::Sketch,
    v1::{
        EvaluationCount, EvaluationReason, EvaluationSample, EventAck, EventBatch, EventOutcome, UnitSketch,
        delivery_client::DeliveryClient,
    },
};
use tonic::{Request, Status, transport::Channel};
use uuid::Uuid;

use crate::{stream::client, world::World};

/// One edge of acme, which counts for one client. Its batches are of a minute each, from a full hour on.
#[derive(Clone)]
pub struct Reporter {
    pub edge: Uuid,
    pub client: Uuid,
    /// The first minute, in Unix minutes: a full hour, three to four hours ago.
    pub base: i64,
    channel: DeliveryClient<Channel>,
    key: Option<String>,
}

/// The id of an environment of a team.
pub async fn environment(world: &World, team: &str, key: &str) -> Uuid {
    sqlx::query_scalar(
        "SELECT e.id FROM environment e JOIN team t ON t.id = e.team_id WHERE t.key = $1 AND e.key = $2",
    )
    .bind(team)
    .bind(key)
    .fetch_one(&world.db)
    .await
    .unwrap()
}

/// The id of a client.
pub async fn client_id(world: &World, name: &str) -> Uuid {
    sqlx::query_scalar("SELECT id FROM client WHERE name = $1 AND deleted_at IS NULL")
        .bind(name)
        .fetch_one(&world.db)
        .await
        .unwrap()
}

/// The time in minutes.
pub async fn now(world: &World) -> i64 {
    world.number("SELECT floor(extract(epoch FROM clock_timestamp()) / 60)::bigint").await
}

/// An id of version 7.
pub fn new_id() -> Uuid {
    let mut bytes = *Uuid::new_v4().as_bytes();
    bytes[6] = 0x70 | bytes[6] & 15;
    Uuid::from_bytes(bytes)
}

impl Reporter {
    /// An edge with the key of a new client of acme, and a client `shop` that it counts for.
    pub async fn new(world: &World) -> Reporter {
        let key = client(world, "acme", "edges", "EDGE", None).await;
        client(world, "acme", "shop", "BACKEND", None).await;
        Reporter::with(world, &world.grpc, Some(&key)).await
    }

    /// An edge with a key, or without, at a backend.
    pub async fn with(world: &World, grpc: &str, key: Option<&str>) -> Reporter {
        let base = (now(world).await / 60 - 3) * 60;
        let channel = DeliveryClient::connect(grpc.to_owned()).await.unwrap();
        let client = client_id(world, "shop").await;
        Reporter { edge: Uuid::new_v4(), client, base, channel, key: key.map(str::to_owned) }
    }

    /// Another edge of the same client.
    pub fn another(&self) -> Reporter {
        Reporter { edge: Uuid::new_v4(), ..self.clone() }
    }

    /// Sends a batch.
    pub async fn push(&self, batch: &EventBatch) -> Result<EventAck, Status> {
        let mut request = Request::new(batch.clone());
        if let Some(key) = &self.key {
            request.metadata_mut().insert("authorization", format!("Bearer {key}").parse().unwrap());
        }
        Ok(self.channel.clone().push_events(request).await?.into_inner())
    }

    /// Sends a batch that is taken in whole.
    pub async fn report(&self, batch: &EventBatch) {
        let ack = self.push(batch).await.unwrap();
        assert_eq!(ack.outcome(), EventOutcome::Accepted, "{}", ack.why);
        assert_eq!(ack.refused, Some(Default::default()));
    }

    /// A batch with this number, about the minute that it has from the first one.
    pub fn batch(&self, sequence: u64, counts: Vec<EvaluationCount>) -> EventBatch {
        let from_ms = (self.base + i64::try_from(sequence).unwrap() - 1) * 60_000;
        EventBatch {
            id: new_id().as_bytes().to_vec(),
            edge_id: self.edge.as_bytes().to_vec(),
            sequence,
            sealed_at_ms: from_ms + 60_000,
            from_ms,
            until_ms: from_ms + 60_000,
            counts,
            ..EventBatch::default()
        }
    }

    /// So many evaluations in a minute from the first one.
    pub fn count(
        &self,
        minute: i64,
        (feature, place): (&str, Uuid),
        variant: &str,
        n: u64,
    ) -> EvaluationCount {
        EvaluationCount {
            minute: self.base + minute,
            hourly: false,
            feature_key: feature.to_owned(),
            environment_id: place.as_bytes().to_vec(),
            variant: (!variant.is_empty()).then(|| variant.to_owned()),
            reason: EvaluationReason::TargetingMatch as i32,
            client_id: self.client.as_bytes().to_vec(),
            n,
        }
    }

    /// The units that asked in an hour from the first one.
    pub fn sketch(
        &self,
        hour: i64,
        (feature, place): (&str, Uuid),
        units: std::ops::Range<u32>,
    ) -> UnitSketch {
        let mut sketch = Sketch::default();
        units.for_each(|unit| sketch.insert(format!("user-{unit}").as_bytes()));
        UnitSketch {
            hour: self.base / 60 + hour,
            feature_key: feature.to_owned(),
            environment_id: place.as_bytes().to_vec(),
            sketch: sketch.encode(),
        }
    }

    /// One evaluation in a minute from the first one.
    pub fn sample(&self, minute: i64, (feature, place): (&str, Uuid), unit: u8) -> EvaluationSample {
        EvaluationSample {
            at_ms: (self.base + minute) * 60_000 + 7,
            feature_key: feature.to_owned(),
            environment_id: place.as_bytes().to_vec(),
            variant: Some("on".to_owned()),
            reason: EvaluationReason::Split as i32,
            client_id: self.client.as_bytes().to_vec(),
            unit: if unit == 0 { Vec::new() } else { vec![unit; 16] },
        }
    }

    /// A time in minutes from the first one, as GraphQL writes it.
    pub fn at(&self, minute: i64) -> String {
        chrono::DateTime::from_timestamp((self.base + minute) * 60, 0).unwrap().to_rfc3339()
    }
}
