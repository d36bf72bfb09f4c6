//! `fgctl context set`

use crate::config::{Config, Context};
use crate::error::CliError;
use crate::output::{Cell, View};
use crate::screen::variable;
use crate::shell::Shell;

/// Change a saved context, or make one; --server and --team are part of it
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl context set prod-eu --server https://fluxgate.acme.io --team payments\n  fgctl context set prod-eu --protected staging,production --read-only\n  fgctl context set prod-eu --unset read-only,env"
)]
pub(crate) struct Set {
    /// The context's name
    name: String,

    /// The environment that commands are about when they are not told
    #[arg(short, long, value_name = "KEY")]
    env: Option<String>,

    /// Environments where a change is asked about as in production
    #[arg(long, value_name = "KEYS", value_delimiter = ',')]
    protected: Option<Vec<String>>,

    /// Send nothing that changes something
    #[arg(long)]
    read_only: bool,

    /// Trust these certificates too, a file of PEM
    #[arg(long, value_name = "FILE")]
    ca_file: Option<String>,

    /// What to take out
    #[arg(long, value_name = "SETTINGS", value_enum, value_delimiter = ',')]
    unset: Vec<Unset>,
}

/// What can be taken out of a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Unset {
    Team,
    Env,
    Protected,
    ReadOnly,
    CaFile,
}

impl Set {
    #[expect(clippy::unused_async, reason = "all commands are called alike")]
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        shell.may_change()?;
        let known = shell.config()?.contexts().into_iter().find(|context| context.name == self.name);
        let new = known.is_none();
        let context = self.changed(shell, known)?;
        Config::change(|config| config.put(&context))?;
        let view = View::of(&context).named(format!("context/{}", context.name)).row(vec![
            Cell::text(&context.name),
            Cell::text(&context.server),
            Cell::text(context.team.as_deref().unwrap_or_default()),
            Cell::text(context.env.as_deref().unwrap_or_default()),
            Cell::text(if context.read_only { "read-only" } else { "" }),
        ]);
        Ok(if new { view.next(format!("fgctl login --context {}", context.name)) } else { view })
    }

    fn changed(self, shell: &Shell, known: Option<Context>) -> Result<Context, CliError> {
        let typed =
            |value: Option<String>, name| value.filter(|value| variable(name).as_ref() != Some(value));
        let server = typed(shell.wanted_server(), "FGCTL_SERVER");
        let mut context = match (known, &server) {
            (Some(context), _) => context,
            (None, Some(_)) => Context { name: self.name.clone(), ..Context::default() },
            (None, None) => {
                let names: Vec<String> = shell.config()?.contexts().into_iter().map(|c| c.name).collect();
                return Err(CliError::not_found("context", &self.name, &names)
                    .hint("a new one needs --server URL; `fgctl context list` shows them"));
            }
        };
        for unset in self.unset {
            match unset {
                Unset::Team => context.team = None,
                Unset::Env => context.env = None,
                Unset::Protected => context.protected.clear(),
                Unset::ReadOnly => context.read_only = false,
                Unset::CaFile => context.ca_file = None,
            }
        }
        if let Some(server) = server {
            // Only looked at: an address that is none is told here, not later.
            fluxgate_client::Api::check(&server)?;
            context.server = server;
        }
        let team = typed(shell.wanted_team().map(str::to_owned), "FGCTL_TEAM");
        context.team = team.or(context.team);
        context.env = self.env.or(context.env);
        context.protected = self.protected.unwrap_or(context.protected);
        context.protected.retain(|env| !env.is_empty());
        context.read_only |= self.read_only;
        context.ca_file = match self.ca_file {
            Some(file) => {
                let path = std::fs::canonicalize(&file)
                    .map_err(|error| CliError::usage(format!("cannot read {file}: {error}")))?;
                Some(path.display().to_string())
            }
            None => context.ca_file,
        };
        Ok(context)
    }
}
