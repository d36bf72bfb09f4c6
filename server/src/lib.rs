//! What both servers are started with: settings from flags, variables and a file, logs, TLS, metrics.
//!
//! Knows nothing of ours, and no database, gRPC or web server.

pub mod logs;
pub mod metrics;
pub mod settings;
pub mod signals;
pub mod tls;
