//! The three processes that make a running system.

use std::fmt;

/// One of the processes of a system. Each has its log and its place in the order of starting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    Postgres,
    Backend,
    Edge,
}

impl Part {
    /// Returns the name that a person reads.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::Backend => "backend",
            Self::Edge => "edge",
        }
    }

    /// Returns the name of its program.
    pub(crate) fn program(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Backend => "fluxgate-backend",
            Self::Edge => "fluxgate-edge",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Postgres => "postgres",
            Self::Backend => "backend",
            Self::Edge => "edge",
        })
    }
}
