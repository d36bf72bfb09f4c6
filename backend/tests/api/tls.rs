//! TLS on both addresses: real handshakes, a certificate that changes, and those who are slow at it.

use std::{fs, path::Path, time::Duration};

use fluxgate_proto::v1::delivery_client::DeliveryClient;
use serde_json::json;
use sqlx::PgPool;
use tokio::{io::AsyncReadExt as _, net::TcpStream, time::timeout};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};

use crate::{
    stream::{Edge, client},
    world::{World, eventually, url},
};

/// Writes a new certificate for this machine and its key; gives the certificate as PEM.
fn renew(folder: &Path) -> String {
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    fs::write(folder.join("cert.pem"), made.cert.pem()).unwrap();
    fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    made.cert.pem()
}

fn trusting(pem: &str) -> reqwest::Client {
    let certificate = reqwest::Certificate::from_pem(pem.as_bytes()).unwrap();
    reqwest::Client::builder().tls_certs_only([certificate]).build().unwrap()
}

async fn asks(client: &reqwest::Client, world: &World) -> bool {
    let body = json!({"query": "{ server { version } }"});
    client.post(&world.http).json(&body).send().await.is_ok_and(|answer| answer.status() == 200)
}

async fn channel(world: &World, pem: &str) -> Result<Channel, tonic::transport::Error> {
    let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem)).domain_name("localhost");
    Endpoint::from_shared(world.grpc.clone()).unwrap().tls_config(tls).unwrap().connect().await
}

/// A server with a certificate, and that.
async fn encrypted(db: PgPool, folder: &Path) -> (World, String) {
    let pem = renew(folder);
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (url, cert, key) = (url(&db), path("cert.pem"), path("key.pem"));
    let settings = ["--database-url", &url, "--tls-cert", &cert, "--tls-key", &key];
    let mut world = World::fresh_with(db, &settings).await;
    world.http = world.http.replace("http:", "https:");
    world.grpc = world.grpc.replace("http:", "https:");
    world.client = trusting(&pem);
    (world, pem)
}

#[sqlx::test(migrations = false)]
async fn both_addresses_are_encrypted_and_take_a_new_certificate_while_they_run(db: PgPool) {
    let folder = tempfile::tempdir().unwrap();
    let (world, first) = encrypted(db, folder.path()).await;
    let mut world = world.furnished().await;
    world.feature("flag").await;
    let key = client(&world, "acme", "edges", "EDGE", None).await;
    let mut edge =
        Edge::open_on(DeliveryClient::new(channel(&world, &first).await.unwrap()), Some(&key)).await.unwrap();
    edge.hello(None).await;
    let head = u64::try_from(world.number("SELECT revision FROM delivery_head").await).unwrap();
    edge.reach(head).await;
    let plain = world.http.replace("https:", "http:");
    assert!(reqwest::get(plain).await.is_err(), "plain text is not answered");

    // A broken pair: the former one stays.
    let old = fs::read(folder.path().join("cert.pem")).unwrap();
    let second = renew(folder.path());
    let new = fs::read(folder.path().join("cert.pem")).unwrap();
    fs::write(folder.path().join("cert.pem"), &old).unwrap();
    let refused = "fluxgate_tls_reloads_total{outcome=\"refused\"} 1";
    eventually("the broken pair is told", async || {
        let asked = trusting(&first).get(world.http.replace("/graphql", "/metrics")).send();
        asked.await.unwrap().text().await.unwrap().contains(refused).then_some(())
    })
    .await;
    assert!(asks(&trusting(&first), &world).await);
    fs::write(folder.path().join("cert.pem"), new).unwrap();
    eventually("the new certificate is shown", async || asks(&trusting(&second), &world).await.then_some(()))
        .await;
    assert!(!asks(&trusting(&first), &world).await);
    assert!(channel(&world, &first).await.is_err());
    channel(&world, &second).await.unwrap();
    // Who was there before stays.
    world.client = trusting(&second);
    let killed =
        world.done("dev", "killFeature", json!({"team": "acme", "feature": "flag", "reason": "r"})).await;
    edge.reach(killed["revision"].as_u64().unwrap()).await;
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn who_is_slow_at_a_handshake_delays_nobody_and_is_hung_up_on(db: PgPool) {
    let folder = tempfile::tempdir().unwrap();
    let (world, pem) = encrypted(db, folder.path()).await;
    let mut slow = Vec::new();
    for address in [&world.grpc, &world.http] {
        let address = address.trim_start_matches("https://").trim_end_matches("/graphql").to_owned();
        for _ in 0..50 {
            slow.push(TcpStream::connect(&address).await.unwrap());
        }
    }
    let quick = async {
        channel(&world, &pem).await.unwrap();
        assert!(asks(&trusting(&pem), &world).await);
    };
    timeout(Duration::from_secs(3), quick).await.unwrap();
    for stream in &mut slow {
        let ended = timeout(Duration::from_secs(20), stream.read(&mut [0; 1])).await.unwrap();
        assert!(!matches!(ended, Ok(1..)), "{ended:?}");
    }
    world.stop().await;
}
