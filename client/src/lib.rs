//! The admin API as typed Rust, for the CLI and the dashboard.
//!
//! Requests and answers are generated from `schema.graphql` and one document a noun in `graphql/`; a noun's module
//! holds its functions. [`Api`] carries them: sign-in, renewal of tokens, retries of reads.

mod api;
mod credentials;
mod document;
mod error;
mod fields;
mod operation;
mod page;
mod request;
mod scalar;
mod words;

pub mod analytics;
pub mod audit;
pub mod caller;
pub mod change;
pub mod client;
pub mod clock;
pub mod context_key;
pub mod edge;
pub mod environment;
pub mod evaluation;
pub mod feature;
pub mod feature_row;
pub mod feature_screen;
pub mod files;
pub mod inbox;
pub mod kill_screen;
pub mod live;
pub mod names;
pub mod ofrep;
pub mod overview;
pub mod pipeline;
pub mod policy;
pub mod server;
pub mod session;
pub mod signing_key;
pub mod stale;
pub mod status;
pub mod subscribe;
pub mod team;
pub mod token;
pub mod user;
pub mod version;

pub use api::{Api, Before, Hold, Retrying};
pub use credentials::{Credentials, Keep, Kept, Save, Tokens};
pub use error::{Code, Error, Gate, Refusal, Violation};
pub use fields::Fields;
pub use page::{All, InTeam, Page, PageInfo};
pub use words::{
    ActorKind, ChangeKind, ChangeStatus, ClientKind, ContextKeyType, Decision, DiffKind, EnvironmentType,
    EvaluationGroup, EvaluationReason, FeatureKind, FeatureSort, Lifecycle, PolicyScope, ProposalOutcome,
    Resolution, Role, SigningKeyState, StageStatus, StaleReason, TokenState, ValueType,
};
