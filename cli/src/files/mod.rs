//! A team as files: reading them, comparing them with the server, and making the server like them.
//!
//! Files own definitions. What happens to a feature, such as kills and changes that wait, is never in them.

pub(crate) mod apply;
mod caret;
mod check;
mod difference;
mod folder;
mod graph;
mod live;
mod manifest;
mod one;
mod plan;
mod policies;
mod reference;
mod saved;
mod set;
mod show;
mod source;

pub(crate) use folder::write as write_folder;
pub(crate) use live::{Live, LiveTeam};
pub(crate) use one::{feature, one};
pub(crate) use plan::{Plan, Prune};
pub(crate) use reference::{Noun, Reference};
pub(crate) use saved::{load as load_plan, save as save_plan};
pub(crate) use set::{Set, load};
pub(crate) use show::{plan as show_plan, problems as show_problems, value as plan_value};
