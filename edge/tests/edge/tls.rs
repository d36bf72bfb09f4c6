//! TLS: what the edge shows to those who ask, and whom it believes to be its backend.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::json;

use crate::peer::{Peer, Running, serving};
use crate::world::BACKEND_DEV;

/// Makes a certificate for this machine and its key, as PEM.
fn certificate() -> (String, String) {
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    (made.cert.pem(), made.signing_key.serialize_pem())
}

fn write(folder: &Path, (cert, key): &(String, String)) {
    fs::write(folder.join("cert.pem"), cert).unwrap();
    fs::write(folder.join("key.pem"), key).unwrap();
}

async fn answers(edge: &Running, believed: &str) -> bool {
    let believed = reqwest::Certificate::from_pem(believed.as_bytes()).unwrap();
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([believed]).build().unwrap();
    let address = edge.url.replace("http://", "https://");
    let asked = client.post(format!("{address}/evaluate")).bearer_auth(BACKEND_DEV);
    let answer = asked.json(&json!({ "flagKey": "integer" })).send().await;
    answer.is_ok_and(|answer| answer.status() == 200)
}

async fn becomes_true(what: &str, mut question: impl AsyncFnMut() -> bool) {
    for _ in 0..500 {
        if question().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{what}: not in time");
}

#[tokio::test]
async fn evaluations_are_encrypted_and_a_new_certificate_is_shown_while_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    let first = certificate();
    write(folder.path(), &first);
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (cert, key) = (path("cert.pem"), path("key.pem"));
    let mut peer = Peer::start(None).await;
    let edge = Running::start(&peer.address, &["--tls-cert", &cert, "--tls-key", &key]);
    let mut stream = peer.stream().await;
    stream.bring_up().await;
    becomes_true("it answers", async || answers(&edge, &first.0).await).await;
    assert!(edge.http.get(format!("{}/livez", edge.url)).send().await.is_err(), "plain text is not answered");
    let second = certificate();
    write(folder.path(), &second);
    becomes_true("the new certificate is shown", async || answers(&edge, &second.0).await).await;
    assert!(!answers(&edge, &first.0).await);
}

#[tokio::test]
async fn a_backend_is_believed_by_its_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let (shown, other) = (certificate(), certificate());
    write(folder.path(), &shown);
    fs::write(folder.path().join("other.pem"), &other.0).unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let mut peer = Peer::encrypted(&shown.0, &shown.1).await;
    let address = format!("https://{}", peer.address);
    for (more, part) in
        [(vec!["--backend-ca".to_owned(), path("other.pem")], "certificate"), (vec![], "certificate")]
    {
        let more: Vec<&str> = more.iter().map(String::as_str).collect();
        let edge = Running::start(&address, &more);
        becomes_true("it is not believed", async || {
            let status = edge.until("/status", 200).await;
            let error = status["stream"]["lastError"].as_str().unwrap_or_default().to_lowercase();
            error.contains(part)
        })
        .await;
    }
    let edge = Running::start(&address, &["--backend-ca", &path("cert.pem")]);
    peer.stream().await.bring_up().await;
    edge.until("/readyz", 200).await;
}

#[tokio::test]
async fn without_a_certificate_it_is_plain_text() {
    let (edge, _stream, _peer) = serving(&[]).await;
    assert!(!answers(&edge, &certificate().0).await);
}
