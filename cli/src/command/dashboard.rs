//! `fgctl dashboard`

use std::sync::Arc;

use anstream::ColorChoice;
use fluxgate_engine::{Criterion, FlagConfig};
use fluxgate_tui::{Asked, Connection, Host, Keys, Look, Palette, Papers, Place, Rule, Task};
use fluxgate_wording::{Line, Tone, change};
use serde_json::Value;

use super::feature::{differences, explained};
use super::rule::serves;
use super::whom::Whom;
use crate::config;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::View;
use crate::screen::{Screen, variable};
use crate::shell::{Globals, InEnv, Shell};

/// The dashboard on this terminal: what needs somebody, what changed, where it is; kill, restore, approve
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl dashboard\n  fgctl tui --context prod-eu -e production\n\nKeys: ? shows those of a screen, : takes commands, q quits. Nothing is changed without a dialog.\nColours: inherit, dark, light, high-contrast, colour-blind, mono; NO_COLOR is mono."
)]
pub(crate) struct Dashboard {
    #[command(flatten)]
    env: InEnv,

    /// Its colours, instead of the terminal's own
    #[arg(long, env = "FGCTL_THEME", hide_env_values = true, value_name = "NAME")]
    #[arg(value_parser = palette, default_value = "inherit", hide_default_value = true)]
    theme: Palette,

    /// Send nothing that changes something
    #[arg(long)]
    read_only: bool,
}

fn palette(name: &str) -> Result<Palette, String> {
    Palette::named(name)
        .ok_or_else(|| format!("no colours of that name; there are {}", Palette::names().join(", ")))
}

impl Dashboard {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let screen = Screen::look();
        if !screen.stdout.terminal || screen.dumb || !shell.ui.may_ask() {
            return Err(CliError::usage("the dashboard needs a terminal, with keys to press")
                .hint("fgctl status --watch shows the same as lines"));
        }
        let connection = connection(shell, &self.env, self.read_only)?;
        let globals = shell.globals().clone();
        let (env, read_only) = (self.env.clone(), self.read_only);
        let host = Host {
            contexts: shell.config()?.contexts().into_iter().map(|context| context.name).collect(),
            look: self.look(screen, &globals),
            keys: keys()?,
            connect: Box::new(move |name| {
                let globals =
                    Globals { server: None, team: None, context: Some(name.to_owned()), ..globals.clone() };
                let shell = Shell::new(globals).map_err(words)?;
                self::connection(&shell, &env, read_only).map_err(words)
            }),
            explain: Box::new(explain),
            papers: Papers { to_file, from_file, rules, diff },
            editor: ["FGCTL_EDITOR", "VISUAL", "EDITOR"].into_iter().find_map(variable),
        };
        let ended = fluxgate_tui::run(host, connection).await;
        ended.map_err(|error| {
            CliError::new(Exit::Failed, format!("the terminal does not take it: {error}"))
        })?;
        Ok(View::nothing())
    }

    fn look(&self, screen: Screen, globals: &Globals) -> Look {
        let palette = match screen.stdout.colour {
            ColorChoice::Never => Palette::Mono,
            _ => self.theme,
        };
        Look { ascii: screen.stdout.ascii || globals.showing.ascii, palette }
    }
}

/// Reads `keys.toml` beside the saved contexts, if there is one.
fn keys() -> Result<Keys, CliError> {
    let path = config::folder()?.join("keys.toml");
    let wrong = |why: String| CliError::usage(format!("{}: {why}", path.display()));
    match std::fs::read_to_string(&path) {
        Ok(text) => Keys::read(&text).map_err(wrong),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Keys::default()),
        Err(error) => Err(wrong(error.to_string())),
    }
}

fn words(error: CliError) -> String {
    error.message.clone()
}

/// Connects as the settings of a shell say.
fn connection(shell: &Shell, env: &InEnv, read_only: bool) -> Result<Connection, CliError> {
    let api = shell.api()?;
    let context = shell.context()?.filter(|context| context.server == api.server());
    let team = shell.team()?;
    let env = shell.env_or_none(env)?;
    let name = context.as_ref().map(|context| context.name.clone());
    let why = match &context {
        Some(context) if context.read_only => Some(format!("the context {:?} is read-only", context.name)),
        _ => read_only.then(|| "--read-only was given".to_owned()),
    };
    let api = match &why {
        Some(why) => api.holding(fluxgate_client::Hold::ReadOnly(why.clone())),
        None => api,
    };
    Ok(Connection {
        place: Place {
            context: name.unwrap_or_else(|| api.server().to_owned()),
            server: api.server().to_owned(),
            team,
            env,
            protected: context.map(|context| context.protected).unwrap_or_default(),
            read_only: why,
        },
        api: Arc::new(api),
    })
}

fn explain(connection: &Connection, asked: Asked) -> Task<Result<Vec<Line>, String>> {
    let connection = connection.clone();
    Box::pin(async move {
        let whom = Whom::of(&asked.key, &asked.attributes)?;
        let context = Value::Object(whom.context().map_err(words)?);
        let place = (connection.place.team.as_str(), asked.env.as_str());
        explained(&connection.api, place, &asked.feature, &context).await.map_err(words)
    })
}

fn to_file(config: &Value) -> Result<String, String> {
    Ok(read(config)?.to_yaml())
}

fn read(config: &Value) -> Result<FlagConfig, String> {
    serde_json::from_value(config.clone())
        .map_err(|error| format!("this version cannot read the document: {error}"))
}

/// Returns the rules of a document, as `fgctl rule list` shows them.
fn rules(config: &Value) -> Result<Vec<Rule>, String> {
    let rules = read(config)?.criteria;
    let rule = |rule: &Criterion| Rule {
        name: rule.name.clone().unwrap_or_default(),
        when: rule.when.as_ref().map_or_else(|| "everyone".to_owned(), ToString::to_string),
        serves: serves(rule),
        rollout: rule.rollout.map_or_else(String::new, |percent| format!("{percent} %")),
    };
    Ok(rules.iter().map(rule).collect())
}

/// Says what is other in a document than in another, or than nothing, as `fgctl feature diff` does.
fn diff(before: Option<&Value>, after: &Value) -> Result<Vec<Line>, String> {
    let entries = differences(before.map(read).transpose()?.as_ref(), &read(after)?);
    Ok(match entries.is_empty() {
        true => vec![Line::default().and(Tone::Dim, "  = no difference")],
        false => change::lines(&entries),
    })
}

fn from_file(text: &str) -> Result<Value, String> {
    let config = FlagConfig::from_yaml(text).map_err(|error| error.to_string())?;
    serde_json::to_value(config).map_err(|error| error.to_string())
}
