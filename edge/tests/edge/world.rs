//! What the tests serve: two environments of one team, one of another, and a flag for each kind of answer.

use fluxgate_proto::convert::stage_payload;
use fluxgate_proto::digest::{Digest, ItemHash};
use fluxgate_proto::v1::backend_message::Message;
use fluxgate_proto::v1::{
    Client, ClientKey, ClientKind, Delta, Environment, Heartbeat, Item, ItemKind, Kill, Kills, Position,
    SnapshotBegin, SnapshotChunk, SnapshotEnd,
};
use prost::Message as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

pub(crate) const EPOCH: Uuid = Uuid::from_u128(0xe0c4);
pub(crate) const OTHER_EPOCH: Uuid = Uuid::from_u128(0xe0c5);
pub(crate) const DEV: Uuid = Uuid::from_u128(0xde5);
pub(crate) const PROD: Uuid = Uuid::from_u128(0x9b0d);
/// Another team's environment, called `dev` as well.
pub(crate) const STRANGERS: Uuid = Uuid::from_u128(0x57a6);

/// A BACKEND client of `dev`.
pub(crate) const BACKEND_DEV: &str = "fgc_aaaaaaaa_Zm9yIHRlc3RzLW9ubHktbm90LWEtcmVhbC1zZWNyZXQ";
/// A BACKEND client of all of the team's environments.
pub(crate) const BACKEND_ALL: &str = "fgc_bbbbbbbb_Zm9yIHRlc3RzLW9ubHktbm90LWEtcmVhbC1zZWNyZXQ";
/// A FRONTEND client of `dev`.
pub(crate) const FRONTEND_DEV: &str = "fgc_cccccccc_Zm9yIHRlc3RzLW9ubHktbm90LWEtcmVhbC1zZWNyZXQ";
/// The only origin whose pages may use it.
pub(crate) const SHOP: &str = "https://shop.example";
/// A key that ended in 2020.
pub(crate) const ENDED: &str = "fgc_dddddddd_Zm9yIHRlc3RzLW9ubHktbm90LWEtcmVhbC1zZWNyZXQ";
/// The key with which the edge itself reaches the backend.
pub(crate) const EDGE_KEY: &str = "fgc_eeeeeeee_Zm9yIHRlc3RzLW9ubHktbm90LWEtcmVhbC1zZWNyZXQ";
/// Another key, which the same client may have.
pub(crate) const ROTATED_KEY: &str = "fgc_ffffffff_Zm9yIHRlc3RzLW9ubHktbm90LWEtcmVhbC1zZWNyZXQ";

pub(crate) fn item(kind: ItemKind, id: u128, revision: u64, payload: Vec<u8>) -> Item {
    Item { kind: kind.into(), id: Uuid::from_u128(id).as_bytes().to_vec(), revision, payload }
}

/// A stage whose version is the revision that touched it.
pub(crate) fn stage(id: u128, revision: u64, environment: Uuid, (key, config): (&str, Value)) -> Item {
    item(ItemKind::Stage, id, revision, stage_payload(environment, key, (revision, false), &config))
}

pub(crate) fn environment(id: Uuid, key: &str, team: &str) -> Item {
    let payload = Environment { key: key.to_owned(), team: team.to_owned() }.encode_to_vec();
    item(ItemKind::Environment, id.as_u128(), 1, payload)
}

pub(crate) fn client(id: u128, key: &str, kind: ClientKind, environment: Option<Uuid>) -> Item {
    let client = Client {
        name: format!("client {id}"),
        kind: kind.into(),
        environment_id: environment.map(|id| id.as_bytes().to_vec()),
        keys: vec![ClientKey {
            id: key[4..12].to_owned(),
            sha256: Sha256::digest(key).to_vec(),
            not_after_ms: (key == ENDED).then_some(1_577_836_800_000),
        }],
        team: "demo".to_owned(),
        origins: if kind == ClientKind::Frontend { vec![SHOP.to_owned()] } else { Vec::new() },
    };
    item(ItemKind::Client, id, 1, client.encode_to_vec())
}

/// A flag that is on for everybody, with one text to tell its versions apart.
pub(crate) fn text_flag(value: &str) -> Value {
    json!({ "enabled": true, "variants": { "only": value }, "default": "only", "off": null })
}

pub(crate) fn beta_users() -> Value {
    json!({
        "enabled": true, "variants": { "on": true, "off": false }, "default": "off", "off": "off",
        "criteria": [{ "name": "admins", "when": { "key": "role", "op": "equals", "value": "admin" }, "serve": "on" }],
    })
}

/// Everything that is there from the start.
pub(crate) fn items() -> Vec<Item> {
    let simple = |on: bool| json!({ "enabled": on, "variants": { "on": true, "off": false }, "default": "on", "off": "off" });
    let with = |mut flag: Value, field: &str, value: Value| {
        flag[field] = value;
        flag
    };
    let of = |default: &str, variants: Value| json!({ "enabled": true, "variants": variants, "default": default, "off": null });
    let flags = [
        ("BetaUsers", beta_users()),
        ("banner", with(simple(true), "clientSide", json!(true))),
        ("disabled", simple(false)),
        ("float", of("one", json!({ "one": 1.0, "half": 0.5 }))),
        ("integer", of("one", json!({ "one": 1 }))),
        ("text", of("quoted", json!({ "quoted": "say \"hi\"\n" }))),
        ("object", of("it", json!({ "it": { "colour": "red", "sizes": [1, 2] } }))),
        ("own-default", with(of("it", json!({ "it": "x" })), "default", Value::Null)),
        (
            "half",
            with(
                simple(true),
                "criteria",
                json!([{ "split": [{ "variant": "on", "weight": 50 }, { "variant": "off", "weight": 50 }] }]),
            ),
        ),
        ("needs-disabled", with(simple(true), "dependsOn", json!([{ "feature": "disabled" }]))),
        ("a/b c", text_flag("odd key")),
    ];
    let mut items = vec![
        environment(DEV, "dev", "demo"),
        environment(PROD, "prod", "demo"),
        environment(STRANGERS, "dev", "strangers"),
        client(0xc1, BACKEND_DEV, ClientKind::Backend, Some(DEV)),
        client(0xc2, BACKEND_ALL, ClientKind::Backend, None),
        client(0xc3, FRONTEND_DEV, ClientKind::Frontend, Some(DEV)),
        client(0xc4, ENDED, ClientKind::Backend, Some(DEV)),
        stage(0x200, 1, PROD, ("BetaUsers", beta_users())),
    ];
    let stages = flags.into_iter().zip(0x100..).map(|(flag, id)| stage(id, 1, DEV, flag));
    items.extend(stages);
    items
}

pub(crate) fn digest(items: &[Item]) -> Vec<u8> {
    let mut digest = Digest::default();
    for item in items {
        digest.replace(ItemHash::default(), ItemHash::of(item));
    }
    digest.to_bytes()
}

pub(crate) fn chunk(items: &[Item]) -> Message {
    Message::SnapshotChunk(SnapshotChunk { items: items.to_vec() }.encode_to_vec().into())
}

/// The parts of a snapshot at a revision.
pub(crate) fn snapshot(revision: u64, items: &[Item]) -> Vec<Message> {
    let position = Position { epoch: EPOCH.as_bytes().to_vec(), revision };
    let middle = items.len() / 2;
    vec![
        Message::SnapshotBegin(SnapshotBegin { position: Some(position) }),
        chunk(&items[..middle]),
        chunk(&items[middle..]),
        Message::SnapshotEnd(SnapshotEnd { count: items.len() as u64, digest: digest(items) }),
    ]
}

pub(crate) fn kills(revision: u64, killed: &[(Uuid, &str)]) -> Message {
    let kill = |(environment, key): &(Uuid, &str)| Kill {
        environment_id: environment.as_bytes().to_vec(),
        feature_key: (*key).to_owned(),
    };
    let kills = killed.iter().map(kill).collect();
    Message::Kills(Kills { epoch: EPOCH.as_bytes().to_vec(), revision, kills })
}

pub(crate) fn delta(from: u64, to: u64, items: Vec<Item>) -> Message {
    Message::Delta(Delta { from, to, items })
}

pub(crate) fn heartbeat(through: u64, items: &[Item]) -> Message {
    let epoch = EPOCH.as_bytes().to_vec();
    Message::Heartbeat(Heartbeat { epoch, through, head: through, digest: digest(items), kills: None })
}
