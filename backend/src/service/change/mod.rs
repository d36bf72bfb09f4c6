//! The one way to change what is served: a document moves onto a stage.
//!
//! Editing, promoting, rolling back and withdrawing differ only in where the document comes from; `propose`,
//! `decide` and `apply` are the same for all, and for one stage as for many. Locks are taken in one order: stages (by id),
//! change, environments (by id), members, users and tokens (each by id), team, delivery head.
//!
//! Whoever decides holds what decides: the places, which whoever writes a policy locks first, and those who have a say, with
//! their roles. So a role, a user, a token or a policy that changes in the same moment does so before or after, never in
//! between. Whoever changes a member, a user or a token waits for none of what is locked before them.

mod apply;
pub mod approval;
mod decide;
mod document;
mod gate;
mod propose;
mod rebase;
mod settle;
mod source;
mod warning;

use chrono::{DateTime, Utc};

pub use decide::{cancel, comment, force, may_vote, requirements_of, vote};
pub use document::value_type;
pub(crate) use document::{check_cycles, fitting, parse};
pub(crate) use gate::{closed, open};
pub(crate) use propose::{Draft, Target, propose};
pub use propose::{Proposal, ProposalOutcome};
pub use rebase::rebase;
pub use settle::settle_due;
pub use source::{Source, Wish, request};
pub use warning::{Findings, Warning};

/// Why, when, and whether only to say what would happen.
#[derive(Clone, Debug)]
pub struct Intent {
    /// The team's key.
    pub team: String,
    /// Kept with the change.
    pub reason: Option<String>,
    /// Not to be applied before; as soon as it is approved when absent.
    pub apply_at: Option<DateTime<Utc>>,
    /// Check everything, write nothing.
    pub dry_run: bool,
}
