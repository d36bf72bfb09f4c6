//! Forged access tokens: made by somebody who knows everything, the key too, and refused all the same.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    digest::{SHA256, digest},
    hmac,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    input::text,
    stream::client,
    world::{MASTER_KEY, PASSWORD, World},
};

const ME: &str = "{ me { username } }";

/// Somebody who holds the key that the server signs with.
pub struct Forger {
    /// The key's name.
    pub kid: String,
    /// The database's time, in seconds.
    pub now: i64,
    /// What a good token says.
    pub claims: Value,
    secret: Vec<u8>,
}

impl Forger {
    /// One who signs for this user.
    pub async fn new(world: &World, username: &str) -> Forger {
        let (kid, sealed): (String, Vec<u8>) =
            sqlx::query_as("SELECT kid, sealed FROM signing_key WHERE retired_at IS NULL")
                .fetch_one(&world.db)
                .await
                .unwrap();
        let (id, epoch): (uuid::Uuid, i32) =
            sqlx::query_as("SELECT id, session_epoch FROM app_user WHERE username = $1")
                .bind(username)
                .fetch_one(&world.db)
                .await
                .unwrap();
        let now = world.number("SELECT extract(epoch FROM now())::bigint").await;
        let claims = json!({"iss": "fluxgate", "aud": "fluxgate", "sub": id, "typ": "access", "epoch": epoch,
                            "iat": now, "nbf": now, "exp": now + 600});
        Forger { secret: unsealed(&kid, &sealed), kid, now, claims }
    }

    /// A token like the server's own.
    pub fn good(&self) -> String {
        self.signed(Algorithm::HS256, &self.claims)
    }

    /// One that says something else in one place.
    pub fn with(&self, claim: &str, value: Value) -> String {
        let mut claims = self.claims.clone();
        claims[claim] = value;
        self.signed(Algorithm::HS256, &claims)
    }

    fn without(&self, claim: &str) -> String {
        let mut claims = self.claims.clone();
        claims.as_object_mut().unwrap().remove(claim);
        self.signed(Algorithm::HS256, &claims)
    }

    fn signed(&self, algorithm: Algorithm, claims: &Value) -> String {
        let header = Header { kid: Some(self.kid.clone()), ..Header::new(algorithm) };
        encode(&header, claims, &EncodingKey::from_secret(&self.secret)).unwrap()
    }

    /// Any header and any text, under a signature that is right.
    fn raw(&self, header: &Value, claims: &str) -> String {
        let encoded = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let signed = format!("{}.{}", encoded(&header.to_string()), encoded(claims));
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.secret);
        let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&key, signed.as_bytes()));
        format!("{signed}.{signature}")
    }
}

/// A token as the server signs them, but for how long it is good.
pub async fn short_token(world: &World, who: &str, seconds: i64) -> String {
    let forger = Forger::new(world, who).await;
    forger.with("exp", json!(forger.now + seconds))
}

/// The key itself, as only the holder of the master key gets it.
fn unsealed(kid: &str, sealed: &[u8]) -> Vec<u8> {
    let key = UnboundKey::new(&AES_256_GCM, digest(&SHA256, MASTER_KEY.as_bytes()).as_ref()).unwrap();
    let (nonce, body) = sealed.split_at(12);
    let (nonce, mut body) = (Nonce::try_assume_unique_for_key(nonce).unwrap(), body.to_vec());
    LessSafeKey::new(key).open_in_place(nonce, Aad::from(kid.as_bytes()), &mut body).unwrap().to_vec()
}

/// Tokens that say something else than they should, signed with the real key.
fn told_wrong(forger: &Forger) -> Vec<String> {
    let mut forged = Vec::new();
    for claim in ["iss", "aud", "sub", "typ", "epoch", "iat", "nbf", "exp"] {
        forged.push(forger.without(claim));
        forged.push(forger.with(claim, Value::Null));
    }
    let now = forger.now;
    for (claim, value) in [
        ("iss", json!("another")),
        ("aud", json!("another")),
        ("typ", json!("refresh")),
        ("sub", json!("dev")),
        ("sub", json!(uuid::Uuid::nil())),
        ("epoch", json!(1)),
        ("epoch", json!(-1)),
        ("nbf", json!(now + 60)),
        ("exp", json!(now - 1)),
        ("exp", json!("never")),
    ] {
        forged.push(forger.with(claim, value));
    }
    forged
}

/// Tokens with a header, or a signature, that is not the server's own.
fn headed_wrong(forger: &Forger) -> Vec<String> {
    let (kid, claims) = (&forger.kid, forger.claims.to_string());
    let mut forged = vec![
        forger.signed(Algorithm::HS384, &forger.claims),
        forger.signed(Algorithm::HS512, &forger.claims),
    ];
    for header in [
        json!({"alg": "HS256"}),
        json!({"alg": "HS256", "kid": ""}),
        json!({"alg": "HS256", "kid": "../key"}),
        json!({"alg": "HS256", "kid": format!("{kid}0")}),
        json!({"alg": "HS256", "kid": "0123456789abcdef"}),
        json!({"alg": "HS256", "kid": [kid]}),
        json!({"alg": "none", "kid": kid}),
        json!({"alg": "None", "kid": kid}),
        json!({"alg": "hs256", "kid": kid}),
        json!({"alg": "RS256", "kid": kid}),
        json!({"alg": "ES256", "kid": kid}),
        json!({"alg": "EdDSA", "kid": kid}),
        json!({"kid": kid}),
        json!([]),
    ] {
        forged.push(forger.raw(&header, &claims));
    }
    for claims in ["", "{}", "[]", "{", "null"] {
        forged.push(forger.raw(&json!({"alg": "HS256", "kid": kid}), claims));
    }
    let header = Header { kid: Some(kid.clone()), ..Header::new(Algorithm::HS256) };
    forged.push(encode(&header, &forger.claims, &EncodingKey::from_secret(&[0; 32])).unwrap());
    forged
}

/// Texts that are no tokens, or more than one.
fn formed_wrong(good: &str) -> Vec<String> {
    let parts: Vec<&str> = good.split('.').collect();
    let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
    let [head, body, signature] = parts[..] else { panic!("three parts") };
    vec![
        format!("{none}.{body}."),
        format!("{none}.{body}.{signature}"),
        format!("{head}.{body}."),
        format!("{head}.{body}"),
        format!("{head}..{signature}"),
        format!("{head}.{body}.{}", signature.to_uppercase()),
        format!("{head}.{body}.{signature}.{signature}"),
        format!("{good}="),
        format!("{good}, Bearer {good}"),
        format!("{good} {good}"),
        format!("{head} .{body}.{signature}"),
        format!("{head}.{body}.{}{signature}", "A".repeat(20_000)),
        "a".repeat(30_000),
        ".".repeat(30_000),
        "..".to_owned(),
    ]
}

#[sqlx::test(migrations = false)]
async fn no_forged_token_is_accepted(db: PgPool) {
    let world = World::new(db).await;
    let forger = Forger::new(&world, "dev").await;
    let good = forger.good();
    world.ask_with(Some(&good), ME, json!({})).await.data();
    let same = forger.raw(&json!({"alg": "HS256", "kid": forger.kid}), &forger.claims.to_string());
    world.ask_with(Some(&same), ME, json!({})).await.data();
    let signed_in = world.done("", "signIn", json!({"username": "dev", "password": PASSWORD})).await;
    let mut forged = told_wrong(&forger);
    forged.extend(headed_wrong(&forger));
    forged.extend(formed_wrong(&good));
    // What is good for something else.
    forged.push(text(&signed_in["refreshToken"]));
    forged.push(client(&world, "acme", "shop", "BACKEND", None).await);
    forged.push(client(&world, "acme", "edge", "EDGE", None).await);
    assert!(forged.len() >= 60, "{}", forged.len());
    for token in forged {
        let shown: String = token.chars().take(300).collect();
        let request = world.client.post(&world.http).bearer_auth(&token).json(&json!({"query": ME}));
        let response = request.send().await.unwrap();
        // A header that is longer than headers may be is no request at all.
        if token.len() < 20_000 {
            let body: Value = response.json().await.unwrap();
            assert_eq!(body["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{shown}: {body}");
        } else {
            let body = response.text().await.unwrap();
            assert!(!body.contains("\"data\":{\"me\""), "{shown}: {body}");
        }
    }
    world.stop().await;
}

/// The header twice, in any order, or said in another way.
#[sqlx::test(migrations = false)]
async fn a_token_comes_in_one_header_and_one_form(db: PgPool) {
    let world = World::new(db).await;
    let good = format!("Bearer {}", Forger::new(&world, "dev").await.good());
    let forms = [
        vec![good.clone(), "Bearer garbage".to_owned()],
        vec!["Bearer garbage".to_owned(), good.clone()],
        vec![good.clone(), good.clone()],
        vec![good.replacen("Bearer", "bearer", 1)],
        vec![good.replacen("Bearer ", "Bearer", 1)],
        vec![good.replacen("Bearer ", "Bearer  ", 1)],
        vec![good.replacen("Bearer", "Basic", 1)],
        vec![format!("Bearer Bearer {}", &good[7..])],
        vec![good[7..].to_owned()],
    ];
    for headers in forms {
        let mut request = world.client.post(&world.http).json(&json!({"query": ME}));
        for header in &headers {
            request = request.header("authorization", header);
        }
        let body: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(body["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{headers:?}");
    }
    world.stop().await;
}
