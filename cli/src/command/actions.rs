//! What a job in GitHub Actions gets beside the text: outputs for its next steps, and a line in its summary.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;

use fluxgate_client::change::Change;

use crate::ui::Ui;

/// Tells what became of a change, or that there was nothing to change, where the job looks for it. What cannot be written
/// is said, and is no failure: the change is made.
pub(crate) fn tell(ui: &Ui, change: Option<&Change>) {
    let file = |name: &str| std::env::var_os(name).filter(|path| !path.is_empty()).map(PathBuf::from);
    if std::env::var_os("GITHUB_ACTIONS").is_none() {
        return;
    }
    for (name, text) in
        [("GITHUB_OUTPUT", outputs(change)), ("GITHUB_STEP_SUMMARY", summary(change).unwrap_or_default())]
    {
        if let Some(path) = file(name).filter(|_| !text.is_empty())
            && let Err(error) = append(&path, &text)
        {
            ui.note(format!("cannot write to {name}: {error}"));
        }
    }
}

fn append(path: &PathBuf, text: &str) -> io::Result<()> {
    File::options().append(true).create(true).open(path)?.write_all(text.as_bytes())
}

/// Returns the step's outputs. Neither numbers nor words of the schema have anything in them that could end a line.
fn outputs(change: Option<&Change>) -> String {
    let number = change.map(|change| change.number.to_string()).unwrap_or_default();
    let state = change.map_or_else(|| "unchanged".to_owned(), state);
    let revision = change.and_then(|change| change.revision).map(|at| at.to_string()).unwrap_or_default();
    format!("change={number}\nstate={state}\nrevision={revision}\n")
}

/// Returns a table for the summary, a row for each stage.
fn summary(change: Option<&Change>) -> Option<String> {
    let change = change?;
    let mut text = "| Feature | Environment | State | Version | Change |\n|---|---|---|---|---|\n".to_owned();
    for item in &change.items {
        let version = item.version.map_or_else(String::new, |version| format!("v{version}"));
        text.push_str(&format!(
            "| {} | {} | {} | {version} | #{} |\n",
            plain(&item.feature.key),
            plain(&item.environment.key),
            state(change),
            change.number
        ));
    }
    Some(format!("{text}\n"))
}

fn state(change: &Change) -> String {
    plain(&change.status.as_str().to_lowercase())
}

/// Keeps what keys and words are made of, so that nothing in a table is more than text.
fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')).collect()
}

#[cfg(test)]
mod tests {
    use super::{outputs, summary};
    use crate::command::wait::fixture::change;

    #[test]
    fn a_job_reads_numbers_and_words() {
        let applied = change("APPLIED", serde_json::json!([]), 2);
        assert_eq!(outputs(Some(&applied)), "change=12\nstate=applied\nrevision=418\n");
        assert_eq!(outputs(None), "change=\nstate=unchanged\nrevision=\n");
        assert!(summary(Some(&applied)).unwrap().contains("| checkout | prod | applied | v59 | #12 |\n"));
        assert_eq!(summary(None), None);
    }
}
