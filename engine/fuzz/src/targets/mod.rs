//! What must hold for the engine whatever it is given: one function for each target, which panics when it does not.
//!
//! The engine's own tests take these files in, too, and run the corpora through them.

#![expect(clippy::panic, reason = "it is how a target says that something does not hold")]

mod context;
mod document;
mod expression;
mod file;
mod flags;
mod range;

use std::panic::catch_unwind;
use std::path::Path;

pub use context::context;
pub use document::document;
pub use expression::expression;
pub use file::file;
pub use range::range;

/// Runs a target over a file, or all files of a folder; returns how many, or names the first that breaks it.
pub(crate) fn replay(target: fn(&[u8]), path: &Path) -> Result<usize, String> {
    let fail = |error: std::io::Error| format!("{}: {error}", path.display());
    if path.is_dir() {
        let mut files = std::fs::read_dir(path).map_err(fail)?;
        return files.try_fold(0, |count, file| Ok(count + replay(target, &file.map_err(fail)?.path())?));
    }
    let data = std::fs::read(path).map_err(fail)?;
    catch_unwind(|| target(&data)).map_err(|_| format!("{} breaks it", path.display()))?;
    Ok(1)
}
