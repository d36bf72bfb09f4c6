//! `fgctl dashboard`

use std::sync::Arc;

use anstream::ColorChoice;
use fluxgate_engine::{Criterion, FlagConfig};
use fluxgate_tui::{Asked, Connection, Host, Keys, Look, Palette, Papers, Place, Rule, Task};
use fluxgate_wording::{Line, Tone, change};
use secrecy::SecretString;
use serde_json::Value;

use super::feature::{differences, explained};
use super::login;
use super::rule::serves;
use super::whom::Whom;
use crate::config::{self, Config};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::View;
use crate::screen::{Screen, variable};
use crate::shell::{Globals, InEnv, Shell};

/// The dashboard on this terminal: what needs somebody, what changed, where it is; kill, restore, approve
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl dashboard\n  fgctl tui --context prod-eu -e production\n\nKeys: ? shows those of a screen, : takes commands, q quits. Nothing is changed without a dialog.\nkeys.toml beside the saved contexts gives actions other keys: promote = \"Ctrl-p\", down = [\"j\", \"Down\"].\nColours: inherit, dark, light, high-contrast, colour-blind, mono; NO_COLOR is mono."
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
            sign_in: {
                let (globals, env) = (globals.clone(), env.clone());
                Box::new(move |connection: &Connection, user, password| {
                    sign_in(globals.clone(), (env.clone(), read_only), connection, (user, password))
                })
            },
            connect: Box::new(move |name| {
                let globals =
                    Globals { server: None, team: None, context: Some(name.to_owned()), ..globals.clone() };
                let shell = Shell::new(globals).map_err(|error| words(&error))?;
                self::connection(&shell, &env, read_only).map_err(|error| words(&error))
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

fn words(error: &CliError) -> String {
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

/// Signs somebody in where a connection leads, keeps the sign-in, and connects with it.
fn sign_in(
    mut globals: Globals,
    (env, read_only): (InEnv, bool),
    connection: &Connection,
    (user, password): (String, SecretString),
) -> Task<Result<Connection, String>> {
    let place = connection.place.clone();
    Box::pin(async move {
        globals.team = Some(place.team.clone());
        let contexts = Config::load().map_err(|error| words(&error))?.contexts();
        if contexts.iter().any(|known| known.name == place.context && known.server == place.server) {
            (globals.context, globals.server) = (Some(place.context.clone()), None);
        }
        let shell = Shell::new(globals.clone()).map_err(|error| words(&error))?;
        let at = (place.context.as_str(), place.server.as_str());
        let context =
            Box::pin(login::again(&shell, at, user, &password)).await.map_err(|error| words(&error))?;
        (globals.context, globals.server) = (Some(context), None);
        let shell = Shell::new(globals).map_err(|error| words(&error))?;
        self::connection(&shell, &env, read_only).map_err(|error| words(&error))
    })
}

fn explain(connection: &Connection, asked: Asked) -> Task<Result<Vec<Line>, String>> {
    let connection = connection.clone();
    Box::pin(async move {
        let whom = Whom::of(&asked.key, &asked.attributes)?;
        let context = Value::Object(whom.context().map_err(|error| words(&error))?);
        let place = (connection.place.team.as_str(), asked.env.as_str());
        explained(&connection.api, place, &asked.feature, &context).await.map_err(|error| words(&error))
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

#[cfg(test)]
mod tests {
    use clap::Parser;
    use fluxgate_client::Decision;
    use fluxgate_tui::Order;
    use serde_json::json;

    /// Splits a command into words as a shell does, up to where its output goes.
    fn words(command: &str) -> Vec<String> {
        let (mut words, mut word, mut quoted) = (Vec::new(), None::<String>, false);
        let mut chars = command.chars();
        while let Some(c) = chars.next() {
            match c {
                '\'' => {
                    quoted = !quoted;
                    word.get_or_insert_default();
                }
                '\\' if !quoted => word.get_or_insert_default().extend(chars.next()),
                ' ' if !quoted => words.extend(word.take()),
                c => word.get_or_insert_default().push(c),
            }
        }
        words.extend(word);
        words.into_iter().take_while(|word| word != ">").collect()
    }

    #[test]
    fn words_are_those_of_a_shell() {
        assert_eq!(words("a  'b c' --d='it'\\''s' '' > f"), ["a", "b c", "--d=it's", ""]);
    }

    #[test]
    fn what_a_dialog_says_is_the_same_is_a_command() {
        let at = "2026-11-20T12:52:58Z".parse().ok();
        for text in ["", "5xx spike, INC-2291", "it's -5 %; rm -rf / > x && true", "-1", "--help"] {
            let [feature, env, reason] = ["checkout", "prod", text].map(str::to_owned);
            let vote = |decision| Order::Vote { changes: vec![12, 13], decision, comment: text.to_owned() };
            let (from, to) = ("staging".to_owned(), env.clone());
            let orders = [
                Order::Promote { feature: feature.clone(), from, to, reason: reason.clone() },
                Order::RollBack {
                    feature: feature.clone(),
                    env: env.clone(),
                    version: Some(3),
                    reason: reason.clone(),
                },
                Order::RollBack {
                    feature: feature.clone(),
                    env: env.clone(),
                    version: None,
                    reason: reason.clone(),
                },
                Order::Kill {
                    feature: feature.clone(),
                    env: env.clone(),
                    reason: reason.clone(),
                    restore_at: at,
                },
                Order::Kill {
                    feature: feature.clone(),
                    env: env.clone(),
                    reason: reason.clone(),
                    restore_at: None,
                },
                Order::Restore { feature: feature.clone(), env: env.clone(), reason: reason.clone() },
                vote(Decision::Approve),
                vote(Decision::Reject),
                Order::Comment { change: 12, text: text.to_owned() },
                Order::Edit {
                    feature: feature.clone(),
                    env,
                    config: json!({}),
                    base: None,
                    reason: reason.clone(),
                },
                Order::Create { feature, name: text.to_owned(), reason },
            ];
            for command in
                orders.iter().flat_map(|order| order.commands(" --context prod-eu --team payments"))
            {
                let words = words(&command);
                if words.first().is_some_and(|word| word == "fgctl") {
                    let parsed = crate::Cli::try_parse_from(words);
                    assert!(parsed.is_ok(), "{command}: {}", parsed.unwrap_err());
                }
            }
        }
    }
}
