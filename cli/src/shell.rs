//! What every command gets: the settings in force, the connection, and the person.

use std::cell::OnceCell;
use std::time::Duration;

use fluxgate_client::{Api, Credentials, EnvironmentType, Hold, clock};

use crate::config::{Config, Context};
use crate::credentials;
use crate::error::CliError;
use crate::exit::Exit;
use crate::folder::Folder;
use crate::output::{Line, Shape, Showing, Tone};
use crate::screen::variable;
use crate::time;
use crate::ui::Ui;

/// How long may one request take, with all its tries, unless `--timeout` is shorter?
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Why is nothing changed when only the names of fields are asked for?
const NAMES_ONLY: &str = "--json without fields only lists their names, but this would change something";

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

    #[command(flatten)]
    pub(crate) showing: Showing,

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
    folder: OnceCell<Folder>,
    // Whether it was said that others can read the sign-in.
    warned: OnceCell<()>,
}

impl Shell {
    /// Reads the flags that are there for every command.
    pub(crate) fn new(globals: Globals) -> Result<Self, CliError> {
        let shape = Shape::new(&globals.showing)?;
        let ui = Ui::new(shape, globals.showing.ascii, globals.no_input);
        let (config, folder, warned) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Ok(Self { ui, globals, config, folder, warned })
    }

    /// Returns the saved contexts.
    pub(crate) fn config(&self) -> Result<&Config, CliError> {
        if let Some(config) = self.config.get() {
            return Ok(config);
        }
        let config = Config::load()?;
        Ok(self.config.get_or_init(|| config))
    }

    /// Returns what `.fluxgate.toml` says, here or above.
    pub(crate) fn folder(&self) -> Result<&Folder, CliError> {
        if let Some(folder) = self.folder.get() {
            return Ok(folder);
        }
        let folder = Folder::load()?;
        Ok(self.folder.get_or_init(|| folder))
    }

    /// Returns the context in force: the one that was asked for, that of the folder, or the current one.
    pub(crate) fn context(&self) -> Result<Option<Context>, CliError> {
        let config = self.config()?;
        if let Some(name) = given(self.globals.context.as_deref()) {
            return config.context(name).map(Some);
        }
        let folder = self.folder()?;
        match (&folder.context, &folder.path) {
            (Some(name), Some(path)) => config.context(name).map(Some).map_err(|mut error| {
                error.message = format!("{}: {}", path.display(), error.message);
                error
            }),
            _ => config.current().map(|name| config.context(name)).transpose(),
        }
    }

    /// Returns the context in force. Where server and token are given none is needed, and files may be as they like, unless
    /// somebody named a context: it may protect something.
    fn context_if_any(&self) -> Result<Option<Context>, CliError> {
        let named = || {
            let by_folder = self.folder().is_ok_and(|folder| folder.context.is_some());
            self.wanted_context().is_some() || by_folder
        };
        match self.context() {
            Err(_) if self.wanted_server().is_some() && credentials::token_is_given() && !named() => Ok(None),
            context => context,
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
        if let Some(team) = &self.folder()?.team {
            return Ok(team.clone());
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
            None => match &self.folder()?.env {
                Some(env) => Ok(Some(env.clone())),
                None => Ok(self.context()?.and_then(|context| context.env)),
            },
        }
    }

    /// Makes sure that files may be changed: not where only the names of fields are asked for.
    pub(crate) fn may_change(&self) -> Result<(), CliError> {
        match self.ui.names_only() {
            true => Err(CliError::usage(NAMES_ONLY).hint("nothing was changed")),
            false => {
                self.ui.changes();
                Ok(())
            }
        }
    }

    /// Returns whether a change in an environment is asked about: in production, and where the context says so.
    pub(crate) fn is_protected(&self, env: &str, kind: &EnvironmentType) -> Result<bool, CliError> {
        if *kind == EnvironmentType::Production {
            return Ok(true);
        }
        let context = self.context_if_any()?;
        Ok(context.is_some_and(|context| context.protected.iter().any(|protected| protected == env)))
    }

    /// Returns how long to wait in all, when that was said.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.globals.timeout
    }

    /// Connects to the server in force, signed in as far as there are credentials for it.
    pub(crate) fn api(&self) -> Result<Api, CliError> {
        self.api_within(self.request_timeout())
    }

    /// The same, with this much time for each request.
    pub(crate) fn api_within(&self, timeout: Duration) -> Result<Api, CliError> {
        let server = self.server()?;
        let context = self.context_if_any()?;
        let api = self.signed_in(&server, context.as_ref(), timeout)?;
        if self.ui.names_only() {
            return Ok(api.holding(Hold::Usage(NAMES_ONLY.to_owned())));
        }
        Ok(match context.filter(|context| context.read_only) {
            Some(context) => {
                let why = format!("the context {:?} is read-only", context.name);
                api.holding(Hold::ReadOnly(why))
            }
            None => api,
        })
    }

    fn signed_in(&self, server: &str, context: Option<&Context>, timeout: Duration) -> Result<Api, CliError> {
        let connect = |credentials| self.connect(server, credentials, timeout);
        if let Some(token) = credentials::token_from_environment()? {
            self.warn(credentials::warning_of_environment());
            return connect(Credentials::Token(token));
        }
        let Some(context) = context else {
            return connect(Credentials::None);
        };
        let file = self.config()?.credentials(&context.name)?;
        // Another server never gets to see them.
        match file.read()?.filter(|saved| saved.server == server) {
            Some(saved) => {
                self.warn(file.warning());
                let credentials = Credentials::Session(saved.tokens());
                Ok(connect(credentials)?.keeping(file.keep(server.to_owned())))
            }
            None => connect(Credentials::None),
        }
    }

    /// Says once what there is to say of a file that others can read.
    fn warn(&self, warning: Option<String>) {
        if let Some(warning) = warning
            && self.warned.set(()).is_ok()
        {
            self.ui.note(Line::default().and(Tone::Waiting, "! ").and(Tone::Plain, warning));
        }
    }

    /// Connects for a request that may be cut off at any time: with what there is, and nothing is renewed.
    pub(crate) fn api_for_a_moment(&self, timeout: Duration) -> Option<Api> {
        let server = self.server().ok()?;
        let token = match credentials::token_from_environment().ok()? {
            Some(token) => token,
            None => {
                let context = self.context().ok()??;
                let saved = self.config().ok()?.credentials(&context.name).ok()?.read().ok()??;
                let tokens = saved.tokens();
                let usable = saved.server == server && tokens.access_expires_at > clock::now();
                usable.then_some(tokens.access)?
            }
        };
        Api::new(&server, Credentials::Token(token), timeout).ok()
    }

    /// Returns the name of whoever is signed in, where the saved sign-in is what is used and says it.
    pub(crate) fn saved_username(&self) -> Result<Option<String>, CliError> {
        if credentials::token_from_environment()?.is_some() {
            return Ok(None);
        }
        let (Some(context), server) = (self.context()?, self.server()?) else {
            return Ok(None);
        };
        let saved = self.config()?.credentials(&context.name)?.read()?;
        Ok(saved.filter(|saved| saved.server == server).map(|saved| saved.username))
    }

    /// Names the context that was asked for where an error says to sign in: it would be the current one otherwise.
    pub(crate) fn naming_the_context(&self, mut error: CliError) -> CliError {
        let by_folder = || self.folder().ok()?.context.as_deref();
        if let (Some("fgctl login"), Some(name)) =
            (error.hint.as_deref(), self.wanted_context().or_else(by_folder))
        {
            error.hint = Some(format!("fgctl login --context {name}"));
        }
        error
    }

    /// Connects to a server with given credentials.
    pub(crate) fn api_at(&self, server: &str, credentials: Credentials) -> Result<Api, CliError> {
        self.connect(server, credentials, self.request_timeout())
    }

    fn connect(&self, server: &str, credentials: Credentials, timeout: Duration) -> Result<Api, CliError> {
        let api = Api::new(server, credentials, timeout)?;
        let api = api.asking(self.ui.before()).telling(self.ui.retrying());
        let Some(path) = self.ca_file(server) else {
            return Ok(api);
        };
        let pem = crate::file::bytes(&path)
            .map_err(|error| CliError::usage(format!("cannot read the certificates in {path}: {error}")))?;
        api.trusting(&pem).map_err(|error| {
            CliError::usage(format!("{path} has no certificates that can be used: {error}"))
                .hint("FGCTL_CA_FILE or the context's ca_file names a file of certificates in PEM")
        })
    }

    /// Returns whose certificates are trusted too.
    pub(crate) fn ca_file(&self, server: &str) -> Option<String> {
        variable("FGCTL_CA_FILE").or_else(|| {
            // A context that is only being made has none yet.
            let context = self.context().ok().flatten()?;
            context.ca_file.filter(|_| context.server == server)
        })
    }

    /// Returns the flags that every command has.
    pub(crate) fn globals(&self) -> &Globals {
        &self.globals
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
