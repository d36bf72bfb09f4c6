//! The control plane: PostgreSQL, GraphQL, approvals, delivery.
//!
//! Reads go graphql → store; writes go graphql → service → store. Only `store` holds SQL, and what is served changes
//! in `service::change` alone.

mod access;
pub mod app;
mod auth;
mod clock;
pub mod config;
mod delivery;
mod error;
mod feed;
pub mod graphql;
mod grpc;
mod hints;
mod http;
mod jobs;
mod metrics;
mod migrate;
pub mod run;
mod service;
mod store;

pub use access::roles;
