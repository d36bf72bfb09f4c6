//! Between wire and engine: payloads of items to what an edge serves, and back.
//!
//! Decoding checks everything that an edge relies on, so that an item it cannot understand is refused by name
//! instead of being served half understood.

use fluxgate_engine::FlagConfig;
use prost::Message as _;
use thiserror::Error;
use uuid::Uuid;

use crate::v1::{Client, Environment, Item, ItemKind, Stage};

/// Why an item could not be understood.
#[derive(Debug, Error)]
pub enum ConvertError {
    /// The bytes are no message of that kind.
    #[error("the payload does not decode: {0}")]
    Decode(#[from] prost::DecodeError),
    /// The document inside is not one.
    #[error("the flag config is invalid: {0}")]
    Config(#[from] fluxgate_engine::Invalid),
    /// An identifier has the wrong length.
    #[error("{0} is no UUID")]
    Id(&'static str),
    /// A newer backend sent something that this version does not know.
    #[error("the kind {0} is unknown to this version")]
    Kind(i32),
    /// The document's bytes are not UTF-8.
    #[error("the flag config is not UTF-8")]
    Utf8(#[from] std::str::Utf8Error),
}

/// A decoded item: what it is, or that it is gone.
#[derive(Debug)]
pub struct Decoded {
    /// Identifies the item within its kind.
    pub id: Uuid,
    /// The revision that last touched it.
    pub revision: u64,
    /// The thing itself.
    pub content: Content,
}

/// What an item holds.
#[derive(Debug)]
pub enum Content {
    /// What one feature serves in one environment.
    Stage(Box<ServedStage>),
    /// A stage that serves nothing any more.
    StageGone,
    /// An environment that may be named.
    Environment(Environment),
    /// An environment that is no more.
    EnvironmentGone,
    /// Somebody who may ask.
    Client(Client),
    /// Somebody who may ask no more.
    ClientGone,
}

/// What one feature serves in one environment.
#[derive(Debug)]
pub struct ServedStage {
    /// The environment.
    pub environment_id: Uuid,
    /// The feature.
    pub feature_key: String,
    /// The version's number within its stage.
    pub version: u64,
    /// The document, validated.
    pub config: FlagConfig,
    /// Whether its sticky splits under this salt were not always one and the same.
    pub reweighted: bool,
}

/// Reads 16 bytes as a UUID; `what` names the field for the error.
pub fn uuid(bytes: &[u8], what: &'static str) -> Result<Uuid, ConvertError> {
    Uuid::from_slice(bytes).map_err(|_| ConvertError::Id(what))
}

/// Decodes and checks one item.
pub fn decode(item: &Item) -> Result<Decoded, ConvertError> {
    let kind = ItemKind::try_from(item.kind).map_err(|_| ConvertError::Kind(item.kind))?;
    let gone = item.payload.is_empty();
    let content = match kind {
        ItemKind::Stage if gone => Content::StageGone,
        ItemKind::Stage => Content::Stage(Box::new(decode_stage(&item.payload)?)),
        ItemKind::Environment if gone => Content::EnvironmentGone,
        ItemKind::Environment => Content::Environment(Environment::decode(&item.payload[..])?),
        ItemKind::Client if gone => Content::ClientGone,
        ItemKind::Client => Content::Client(Client::decode(&item.payload[..])?),
        ItemKind::Unspecified => return Err(ConvertError::Kind(item.kind)),
    };
    Ok(Decoded { id: uuid(&item.id, "the item's id")?, revision: item.revision, content })
}

fn decode_stage(payload: &[u8]) -> Result<ServedStage, ConvertError> {
    let stage = Stage::decode(payload)?;
    Ok(ServedStage {
        environment_id: uuid(&stage.environment_id, "the stage's environment")?,
        config: FlagConfig::from_json(std::str::from_utf8(&stage.config)?)?,
        feature_key: stage.feature_key,
        version: stage.version,
        reweighted: stage.reweighted,
    })
}

/// The payload of a stage; `config` is the document as the database keeps it. `reweighted`: its sticky splits under this salt
/// were not always one and the same.
pub fn stage_payload(
    environment_id: Uuid,
    feature_key: &str,
    (version, reweighted): (u64, bool),
    config: &serde_json::Value,
) -> Vec<u8> {
    Stage {
        environment_id: environment_id.as_bytes().to_vec(),
        feature_key: feature_key.to_owned(),
        version,
        config: config.to_string().into_bytes(),
        reweighted,
    }
    .encode_to_vec()
}
