//! What the CLI and the dashboard say alike: clean text, times, and changes, features and troubles in words.

pub mod attention;
pub mod change;
pub mod event;
pub mod feature;
pub mod figure;
pub mod moving;
pub mod proposal;
pub mod text;
pub mod time;
mod tone;
pub mod version;

pub use tone::{Line, Tone};
