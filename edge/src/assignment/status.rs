//! How keeping assignments fares, for `/status` and for metrics.

/// A description of it at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AssignmentStatus {
    /// Units that wait to be told, or asked about.
    pub waiting: usize,
    /// Units that a backend was told of.
    pub pushed: u64,
    /// Units that a backend was asked about.
    pub looked_up: u64,
    /// Of both, those for which another variant was kept than was served here.
    pub corrected: u64,
    /// Units of flags that the backend does not know, or that it would never take.
    pub refused: u64,
    /// Evaluations that there was no room to take note of.
    pub passed_over: u64,
    /// Why the last attempt failed, as long as none succeeded since.
    pub failing: Option<String>,
}
