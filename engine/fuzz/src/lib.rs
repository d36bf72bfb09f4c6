//! The fuzz targets of the engine as programs: `scripts/fuzz` looks for inputs that break them.

mod targets;

use std::path::PathBuf;

pub use targets::{context, document, expression, file, range};

/// Runs a target over the files and folders named as arguments, as its program does outside of a fuzzer.
pub fn main(target: fn(&[u8])) -> Result<(), String> {
    let paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if paths.is_empty() {
        return Err("name the files or folders to run".to_owned());
    }
    paths.iter().try_for_each(|path| targets::replay(target, path).map(|_| ()))
}
