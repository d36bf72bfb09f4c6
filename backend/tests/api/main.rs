//! The control plane as its callers see it: a real server on real ports, a database of its own for each test.

mod schema;
