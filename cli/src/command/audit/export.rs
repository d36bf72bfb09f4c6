//! `fgctl audit export`

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use fluxgate_client::audit::{self, AuditEntry};
use serde_json::Value;

use super::{Wanted, When};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Showing, View, one_line, open_text, safe};
use crate::shell::Shell;

/// How many entries does one request ask for?
const PAGE: i64 = 200;

/// Write all entries of a time to a file, or to stdout, for what keeps them elsewhere
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl audit export --format csv --since 2026-11-01 --until 2026-12-01 --file november.csv\n  fgctl audit export --since 1d | gzip > today.jsonl.gz\n\nThe newest first, without an end to how many. A file is there only once it is\ncomplete; --system exports what was done outside of all teams."
)]
pub(crate) struct Export {
    /// An object a line, or comma-separated values with a header
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    format: Format,

    /// The file to write; stdout when absent
    #[arg(short, long, value_name = "PATH")]
    file: Option<PathBuf>,

    #[command(flatten)]
    wanted: Wanted,

    #[command(flatten)]
    when: When,
}

/// How entries are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// An object a line
    #[default]
    Jsonl,
    /// Comma-separated values
    Csv,
}

impl Export {
    /// Refuses what says how a result is to be shown: there is none.
    pub(super) fn check(showing: &Showing) -> Result<(), CliError> {
        let Showing { output, json, jq, template, .. } = showing;
        match output.is_some() || json.is_some() || jq.is_some() || template.is_some() {
            true => Err(CliError::usage("audit export has a format of its own: --format csv|jsonl")
                .hint("fgctl audit list takes -o, --json, -q and -t")),
            false => Ok(()),
        }
    }

    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let mut file = self.file.as_deref().map(Partial::create).transpose()?;
        let mut count = 0;
        let format = self.format;
        let written = self
            .pages(shell, |entries| {
                let text = format.text(entries, count == 0)?;
                count += entries.len();
                match &mut file {
                    Some(file) => file.write(&text).map(|()| true),
                    None => shell.ui.exact(&text),
                }
            })
            .await;
        match (file, written) {
            (Some(file), Ok(())) => {
                let path = file.finish()?;
                Ok(View::nothing().note(format!("{count} entries in {}", path.display())))
            }
            (Some(file), Err(error)) => {
                file.discard();
                Err(error)
            }
            (None, written) => written.map(|()| View::nothing()),
        }
    }

    /// Calls back with each page, with an empty one where there is none, for as long as more are wanted.
    async fn pages(
        self,
        shell: &Shell,
        mut write: impl FnMut(&[AuditEntry]) -> Result<bool, CliError>,
    ) -> Result<(), CliError> {
        let api = shell.api()?;
        let filter = self.wanted.filter(&self.when);
        let team = if self.when.system { None } else { Some(shell.team()?) };
        let mut after = None;
        loop {
            let page = match &team {
                Some(team) => audit::page_of(&api, team, &filter, (PAGE, after)).await?,
                None => audit::page_of_system(&api, &filter, (PAGE, after)).await?,
            };
            let wanted = write(&page.nodes)?;
            after = page.page_info.end_cursor;
            if !wanted || page.nodes.is_empty() || !page.page_info.has_next_page || after.is_none() {
                return Ok(());
            }
        }
    }
}

impl Format {
    fn text(self, entries: &[AuditEntry], first: bool) -> Result<String, CliError> {
        match self {
            Self::Jsonl => Ok(entries
                .iter()
                .filter_map(|entry| serde_json::to_string(entry).ok())
                .map(|line| safe(&line) + "\n")
                .collect()),
            Self::Csv => csv_of(entries, first)
                .map_err(|error| CliError::new(Exit::Failed, format!("cannot write values: {error}"))),
        }
    }
}

const HEADER: [&str; 12] = [
    "number",
    "at",
    "actor",
    "actorKind",
    "owner",
    "action",
    "subject",
    "environment",
    "reason",
    "address",
    "before",
    "after",
];

fn csv_of(entries: &[AuditEntry], first: bool) -> Result<String, Box<dyn std::error::Error>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    if first {
        writer.write_record(HEADER)?;
    }
    for entry in entries {
        let value = serde_json::to_value(entry)?;
        let fields = HEADER.iter().map(|name| match &value[*name] {
            Value::Null => String::new(),
            Value::String(text) => open_text(text),
            other => one_line(other),
        });
        writer.write_record(fields)?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

/// A file that has its name only once it is complete.
struct Partial {
    path: PathBuf,
    partial: PathBuf,
    writer: BufWriter<File>,
}

impl Partial {
    fn create(path: &Path) -> Result<Self, CliError> {
        let mut partial = path.as_os_str().to_owned();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        let file = File::create(&partial).map_err(|error| unwritable(&partial, &error))?;
        Ok(Self { path: path.to_owned(), partial, writer: BufWriter::new(file) })
    }

    fn write(&mut self, text: &str) -> Result<(), CliError> {
        self.writer.write_all(text.as_bytes()).map_err(|error| unwritable(&self.partial, &error))
    }

    fn finish(mut self) -> Result<PathBuf, CliError> {
        let done = self.writer.flush().and_then(|()| self.writer.get_ref().sync_all());
        done.and_then(|()| std::fs::rename(&self.partial, &self.path))
            .map_err(|error| unwritable(&self.path, &error))?;
        Ok(self.path)
    }

    fn discard(self) {
        let _ = std::fs::remove_file(&self.partial);
    }
}

fn unwritable(path: &Path, error: &io::Error) -> CliError {
    CliError::new(Exit::Failed, format!("cannot write {}: {error}", path.display()))
}
