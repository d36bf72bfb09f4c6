//! Holds nothing; the tests are what is run.
