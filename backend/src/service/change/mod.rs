//! The one way to change what is served: a document moves onto a stage.
//!
//! Editing, promoting, rolling back and withdrawing differ only in where the document comes from; `propose`,
//! `decide` and `apply` are the same for all. Locks are taken in one order: stages, change, environment, team,
//! delivery head.

mod apply;
pub mod approval;
mod decide;
mod document;
mod gate;
mod propose;
mod source;

pub use decide::{cancel, requirements, vote};
pub use document::value_type;
pub(crate) use document::{check_cycle, read as check_document};
pub(crate) use propose::{Draft, Target, propose};
pub use propose::{Proposal, ProposalOutcome};
pub use source::{edit, promote, rollback, withdraw};

/// Which stage, why, and whether only to say what would happen.
#[derive(Clone, Debug)]
pub struct Intent {
    /// The team's key.
    pub team: String,
    /// The feature's key.
    pub feature: String,
    /// Kept with the change.
    pub reason: Option<String>,
    /// Check everything, write nothing.
    pub dry_run: bool,
}
