//! What every command gets: the settings in force, the connection, and the person.

use std::cell::OnceCell;
use std::time::Duration;

use fluxgate_client::{Api, Credentials};

use crate::config::{Config, Context};
use crate::credentials;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Format;
use crate::time;
use crate::ui::Ui;

/// How long may one request take, unless `--timeout` is shorter?
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Options that every command has.
#[derive(clap::Args, Clone, Debug, Default)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Globals {
    /// The saved connection to use
    #[arg(long, global = true, env = "FGCTL_CONTEXT", hide_env_values = true)]
    #[arg(value_name = "NAME")]
    pub(crate) context: Option<String>,

    /// The backend's address, instead of the context's
    #[arg(long, global = true, env = "FGCTL_SERVER", hide_env_values = true)]
    #[arg(value_name = "URL")]
    pub(crate) server: Option<String>,

    /// The team, instead of the context's
    #[arg(long, global = true, env = "FGCTL_TEAM", hide_env_values = true)]
    #[arg(value_name = "KEY")]
    pub(crate) team: Option<String>,

    /// How to show the result
    #[arg(short, long, global = true, env = "FGCTL_OUTPUT", hide_env_values = true)]
    #[arg(value_name = "FORMAT", value_enum)]
    pub(crate) output: Option<Format>,

    /// How long to wait at most, such as 30s or 15m
    #[arg(long, global = true, env = "FGCTL_TIMEOUT", hide_env_values = true)]
    #[arg(value_name = "TIME", value_parser = time::parse_duration)]
    pub(crate) timeout: Option<Duration>,

    /// Never ask; end with 2 where a question would be needed
    #[arg(long, global = true, env = "FGCTL_NO_INPUT", hide_env_values = true)]
    #[arg(value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) no_input: bool,
}

/// The environment that a command is about.
#[derive(clap::Args, Clone, Debug, Default)]
pub(crate) struct InEnv {
    /// The environment, instead of the context's
    #[arg(short, long, env = "FGCTL_ENV", hide_env_values = true, value_name = "KEY")]
    pub(crate) env: Option<String>,
}

/// What every command gets.
pub(crate) struct Shell {
    /// The person, or the script, that called.
    pub(crate) ui: Ui,
    globals: Globals,
    // Read when it is first needed, so that what needs no config works with a broken one.
    config: OnceCell<Config>,
}

impl Shell {
    pub(crate) fn new(globals: Globals) -> Self {
        let ui = Ui::new(globals.output.unwrap_or_default(), globals.no_input);
        Self { ui, globals, config: OnceCell::new() }
    }

    /// Returns the saved contexts.
    pub(crate) fn config(&self) -> Result<&Config, CliError> {
        if let Some(config) = self.config.get() {
            return Ok(config);
        }
        let config = Config::load()?;
        Ok(self.config.get_or_init(|| config))
    }

    /// Returns the context in force: the one that was asked for, or the current one.
    pub(crate) fn context(&self) -> Result<Option<Context>, CliError> {
        let config = self.config()?;
        match given(self.globals.context.as_deref()) {
            Some(name) => config.context(name).map(Some),
            None => config.current().map(|name| config.context(name)).transpose(),
        }
    }

    /// Returns the context's name that was asked for.
    pub(crate) fn wanted_context(&self) -> Option<&str> {
        given(self.globals.context.as_deref())
    }

    /// Returns the backend's address.
    pub(crate) fn server(&self) -> Result<String, CliError> {
        if let Some(server) = self.wanted_server() {
            return Ok(server);
        }
        match self.context()? {
            Some(context) => Ok(context.server),
            None => Err(CliError::new(Exit::SignIn, "not signed in to any server")
                .hint("fgctl login --server URL, or `fgctl dev` for a system on this machine")),
        }
    }

    /// Returns the address that was asked for.
    pub(crate) fn wanted_server(&self) -> Option<String> {
        let server = given(self.globals.server.as_deref())?;
        Some(server.trim_end_matches('/').to_owned())
    }

    /// Returns the team's key.
    pub(crate) fn team(&self) -> Result<String, CliError> {
        if let Some(team) = self.wanted_team() {
            return Ok(team.to_owned());
        }
        let team = self.context()?.and_then(|context| context.team);
        team.ok_or_else(|| {
            CliError::usage("no team given, and the context has none")
                .hint("add --team KEY, or set FGCTL_TEAM")
        })
    }

    /// Returns the team that was asked for.
    pub(crate) fn wanted_team(&self) -> Option<&str> {
        given(self.globals.team.as_deref())
    }

    /// Returns the environment's key.
    pub(crate) fn env(&self, flag: &InEnv) -> Result<String, CliError> {
        self.env_or_none(flag)?.ok_or_else(|| {
            CliError::usage("no environment given, and the context has none")
                .hint("add -e KEY; `fgctl env list` shows them")
        })
    }

    /// Returns the environment's key, when there is one.
    pub(crate) fn env_or_none(&self, flag: &InEnv) -> Result<Option<String>, CliError> {
        match given(flag.env.as_deref()) {
            Some(env) => Ok(Some(env.to_owned())),
            None => Ok(self.context()?.and_then(|context| context.env)),
        }
    }

    /// Returns how long to wait in all, when that was said.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.globals.timeout
    }

    /// Connects to the server in force, signed in as far as there are credentials for it.
    pub(crate) fn api(&self) -> Result<Api, CliError> {
        let server = self.server()?;
        if let Some(token) = credentials::token_from_environment()? {
            return Ok(Api::new(&server, Credentials::Token(token), self.request_timeout())?);
        }
        let Some(context) = self.context()? else {
            return self.api_at(&server, Credentials::None);
        };
        let file = self.config()?.credentials(&context.name)?;
        // Another server never gets to see them.
        match file.read()?.filter(|saved| saved.server == server) {
            Some(saved) => {
                let credentials = Credentials::Session(saved.tokens());
                Ok(self.api_at(&server, credentials)?.keeping(file.keep(server)))
            }
            None => self.api_at(&server, Credentials::None),
        }
    }

    /// Connects to a server with given credentials.
    pub(crate) fn api_at(&self, server: &str, credentials: Credentials) -> Result<Api, CliError> {
        Ok(Api::new(server, credentials, self.request_timeout())?)
    }

    /// Returns how long one request may take.
    pub(crate) fn request_timeout(&self) -> Duration {
        let wanted = self.globals.timeout.unwrap_or(REQUEST_TIMEOUT);
        wanted.min(REQUEST_TIMEOUT)
    }
}

/// Takes an empty setting for none, as scripts mean it.
fn given(value: Option<&str>) -> Option<&str> {
    value.filter(|value| !value.is_empty())
}
