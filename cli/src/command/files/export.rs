//! `fgctl export`

use std::collections::BTreeMap;
use std::path::PathBuf;

use fluxgate_engine::Manifest;
use serde_json::{Value, json};

use crate::error::CliError;
use crate::files::{self, Live, LiveTeam, Noun, Reference, write_folder};
use crate::output::{Line, Tone, View};
use crate::shell::Shell;

/// Write the team's definitions as files
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl export -d flags/\n  fgctl export --feature checkout > checkout.yaml\n\nFiles hold definitions: features with their documents, environments,\npipelines, context keys, policies. Kills, changes that wait, archived\nfeatures, members, clients and tokens are not in them."
)]
pub(crate) struct Export {
    /// The folder to write to, a file for each thing; standard output when not given
    #[arg(short, long, value_name = "DIR")]
    dir: Option<PathBuf>,

    /// Only this feature
    #[arg(long, value_name = "KEY")]
    feature: Option<String>,
}

impl Export {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (shell.api()?, shell.team()?);
        let live: BTreeMap<Reference, Live> = match &self.feature {
            None => LiveTeam::read(&api, &team).await?.things,
            Some(key) => {
                let feature = files::feature(&api, &team, key).await?;
                BTreeMap::from([(Reference::feature(key), feature)])
            }
        };
        let things: BTreeMap<Reference, &Manifest> =
            live.iter().map(|(reference, live)| (reference.clone(), &live.manifest)).collect();
        match &self.dir {
            None => Ok(text(&things)),
            Some(folder) => {
                // What is not exported is not left over either.
                let is_whole = self.feature.is_none();
                let done = write_folder(folder, &things)?;
                let counts = counts(&things);
                let folder = folder.display();
                let summary =
                    format!("{counts} in {folder} ({} files, {} of them changed)", done.files, done.written);
                let left: Vec<String> = done.left.iter().map(|path| path.display().to_string()).collect();
                let value = json!({"team": team, "files": done.files, "changed": done.written,
                    "left": if is_whole { left.as_slice() } else { &[] }});
                let mut view =
                    View::of(&value).line(Line::default().and(Tone::Good, "✓ ").and(Tone::Plain, summary));
                for path in left.iter().filter(|_| is_whole) {
                    view =
                        view.note(format!("{path} is of nothing that team {team} has; it was left as it is"));
                }
                Ok(view.next(format!("fgctl diff -f {folder}")))
            }
        }
    }
}

/// Shows the documents themselves, divided as YAML divides them.
fn text(things: &BTreeMap<Reference, &Manifest>) -> View {
    let texts: Vec<String> = things.values().map(|manifest| manifest.to_yaml()).collect();
    let value = texts.iter().map(|text| serde_saphyr::from_str::<Value>(text).unwrap_or_default()).collect();
    let file = texts.iter().map(|text| format!("---\n{text}")).collect();
    let view = things.keys().fold(View::file(file), |view, reference| view.named(reference.to_string()));
    View { value: Value::Array(value), ..view }
}

fn counts(things: &BTreeMap<Reference, &Manifest>) -> String {
    let counted = |noun: Noun| {
        let count = things.keys().filter(|reference| reference.noun == noun).count();
        (count > 0).then(|| noun.counted(count))
    };
    let order = [Noun::Feature, Noun::Pipeline, Noun::Environment, Noun::Policy, Noun::ContextKey];
    let counts: Vec<String> = order.into_iter().filter_map(counted).collect();
    if counts.is_empty() { "nothing".to_owned() } else { counts.join(", ") }
}
