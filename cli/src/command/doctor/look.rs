//! Each look, from this machine outwards; what depends on something that is wrong is passed over.

use std::time::Duration;

use chrono::TimeDelta;
use fluxgate_client::caller::{self, Caller};
use fluxgate_client::{Api, Code, Error, clock, edge, subscribe, team};

use super::super::whoami::roles;
use super::{Finding, State, permission};
use crate::error::CliError;
use crate::exit::Exit;
use crate::shell::Shell;
use crate::time;

/// How long may one look take, unless told? All of them end within a quarter of a minute.
const LOOK: Duration = Duration::from_secs(4);
/// By how much may two clocks differ?
const SKEW: TimeDelta = TimeDelta::seconds(5);
/// How long before a token's end is it worth a word?
const SOON: TimeDelta = TimeDelta::days(7);

const UNREACHED: &str = "not looked at: the server was not reached";
const NOT_SIGNED_IN: &str = "not looked at: nobody is signed in";
const NOT_YET: &str = "not looked at: the password must be changed first";

/// Looks at everything.
pub(super) async fn all(shell: &Shell) -> Vec<Finding> {
    let mut findings = vec![config(shell)];
    if let Ok(config) = shell.config() {
        findings.extend(permission::look(config));
    }
    let limit = shell.timeout().map_or(LOOK, |_| shell.request_timeout());
    let api = match shell.api_within(limit) {
        Ok(api) => api,
        Err(error) => {
            // What the config says is wrong with it is said already.
            if error.exit == Exit::SignIn || findings.iter().all(|finding| finding.message != error.message) {
                findings.push(Finding::of_error("server", &error));
            }
            return findings;
        }
    };
    let within = Within { api: &api, limit };
    let reached = server(shell, within, &mut findings).await;
    findings.push(encryption(api.server(), reached));
    if !reached {
        let rest = ["clock", "sign-in", "team", "edges", "subscriptions"];
        findings.extend(rest.map(|check| Finding::skipped(check, UNREACHED)));
        return findings;
    }
    let caller = match sign_in(shell, within, &mut findings).await {
        Ok(caller) => caller,
        Err(why) => {
            let rest = ["team", "edges", "subscriptions"];
            findings.extend(rest.map(|check| Finding::skipped(check, why)));
            return findings;
        }
    };
    let team = shell.team();
    let member = member(within, team.as_deref(), &caller).await;
    let may_ask = member.state != State::Problem;
    findings.push(member);
    let edges = async {
        match &team {
            Ok(team) if may_ask => edges(within, team).await,
            Ok(_) => Finding::skipped("edges", "not looked at: the team is wrong"),
            Err(_) => Finding::skipped("edges", "not looked at: no team is chosen"),
        }
    };
    // At once, so that all looks together end in time.
    let (edges, subscriptions) = tokio::join!(edges, subscriptions(within));
    findings.extend([edges, subscriptions]);
    findings
}

/// A server, and how long each look at it may take.
#[derive(Clone, Copy)]
struct Within<'a> {
    api: &'a Api,
    limit: Duration,
}

impl Within<'_> {
    /// Waits for an answer as long as a look may take.
    async fn look<T>(self, asked: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        tokio::time::timeout(self.limit, asked).await.unwrap_or_else(|_| {
            let cause = format!("no answer within {}", time::duration(self.limit));
            Err(Error::Unreachable { server: self.api.server().to_owned(), cause, tries: 1 })
        })
    }
}

fn config(shell: &Shell) -> Finding {
    let context = shell.config().and_then(|config| Ok((config.contexts().len(), shell.context()?)));
    match context {
        Err(error) => Finding::of_error("config", &error),
        Ok((_, Some(context))) => {
            let server = used(shell.server().ok(), Some(context.server));
            let team = used(shell.team().ok(), context.team);
            let [server, team] = [server, team].map(|used| used.unwrap_or_else(|| "no team".to_owned()));
            Finding::ok("config", format!("context {:?}: {server}, {team}", context.name))
        }
        Ok((0, None)) => Finding::ok("config", "no context is saved"),
        Ok((n, None)) => Finding::warning("config", format!("{n} contexts are saved, and none is in use"))
            .hint("fgctl context use NAME, or --context NAME"),
    }
}

/// Says what is used of a context, and in place of what.
fn used(used: Option<String>, own: Option<String>) -> Option<String> {
    match (used, own) {
        (Some(used), Some(own)) if used != own => Some(format!("{used} instead of {own}")),
        (used, own) => used.or(own),
    }
}

/// Asks the server what it is, and what time it is there. Returns whether it answered.
async fn server(shell: &Shell, within: Within<'_>, findings: &mut Vec<Finding>) -> bool {
    let api = within.api;
    let answered = match within.look(caller::knock(api)).await {
        Ok(answered) => answered,
        Err(error) => {
            findings.push(unanswered(shell, api, error));
            return false;
        }
    };
    let took = TimeDelta::from_std(answered.took).unwrap_or_default();
    let version = &answered.server.version;
    let text = format!("{} answers in {}, version {version}", api.server(), time::seconds(took));
    findings.push(match version == env!("CARGO_PKG_VERSION") {
        true => Finding::ok("server", text),
        false => Finding::warning("server", format!("{text}; this fgctl is {}", env!("CARGO_PKG_VERSION"))),
    });
    findings.push(match answered.ahead {
        None => Finding::warning("clock", "the server does not say what time it is"),
        Some(ahead) if ahead.abs() <= SKEW => {
            Finding::ok("clock", "this machine's and the server's agree, within 5 s")
        }
        Some(ahead) => {
            let word = if ahead > TimeDelta::zero() { "behind" } else { "ahead of" };
            let by = time::seconds(ahead.abs());
            Finding::problem("clock", format!("this machine's is {by} {word} the server's"))
                .hint("set the clock by NTP: tokens and countdowns go by it")
        }
    });
    true
}

fn unanswered(shell: &Shell, api: &Api, error: Error) -> Finding {
    let reached = error.code() == Some(Code::Unauthenticated);
    let finding = Finding::of_error("server", &shell.naming_the_context(error.into()));
    if reached {
        return finding;
    }
    match api.server().starts_with("https://") {
        true => finding.hint(
            "is the address right, is the server up, and does this machine trust its certificate (SSL_CERT_FILE)?",
        ),
        false => finding.hint("is the address right, and is the server up? `fgctl context list` shows it"),
    }
}

fn encryption(server: &str, reached: bool) -> Finding {
    let host = server.split_once("://").map_or(server, |(_, rest)| rest);
    let local = ["127.", "localhost", "[::1]"].iter().any(|name| host.starts_with(name));
    match (server.starts_with("https://"), local) {
        (true, _) if !reached => Finding::skipped("encryption", UNREACHED),
        (true, _) => Finding::ok("encryption", "TLS, by a certificate that this machine trusts"),
        (false, true) => Finding::ok("encryption", "none, and none is needed on one machine"),
        (false, false) => {
            Finding::warning("encryption", "none: whoever is between here and the server reads along")
                .hint("use an https address")
        }
    }
}

/// Looks who is signed in. Returns why nothing that needs a sign-in can be looked at, if so.
async fn sign_in(
    shell: &Shell,
    within: Within<'_>,
    findings: &mut Vec<Finding>,
) -> Result<Caller, &'static str> {
    let caller = match within.look(caller::get(within.api)).await {
        Ok(caller) => caller,
        Err(error) => {
            findings.push(Finding::of_error("sign-in", &shell.naming_the_context(error.into())));
            return Err(NOT_SIGNED_IN);
        }
    };
    let name = &caller.me.username;
    if caller.me.must_change_password == Some(true) {
        let text = format!("{name} must change the password first");
        findings.push(Finding::problem("sign-in", text).hint("fgctl user password"));
        return Err(NOT_YET);
    }
    findings.push(match &caller.token {
        None => Finding::ok("sign-in", format!("as {name}")),
        Some(token) => {
            let text =
                format!("as {name}, with token {:?} until {}", token.name, time::instant(token.expires_at));
            match token.expires_at - clock::now() < SOON {
                true => Finding::warning("sign-in", text).hint("rotate or make the next one before it ends"),
                false => Finding::ok("sign-in", text),
            }
        }
    });
    Ok(caller)
}

async fn member(within: Within<'_>, team: Result<&str, &CliError>, caller: &Caller) -> Finding {
    let team = match team {
        Ok(team) => team,
        Err(error) => return Finding::of_error("team", error),
    };
    // Nothing that was told so far says that there is such a team.
    if caller.token.is_some() || caller.me.system_admin {
        match within.look(team::list(within.api)).await {
            Ok(teams) if teams.nodes.iter().any(|known| known.key == team) => {}
            Ok(teams) => {
                let keys: Vec<String> = teams.nodes.into_iter().map(|team| team.key).collect();
                let error = CliError::not_found("team", team, &keys).hint("fgctl team list");
                return Finding::of_error("team", &error);
            }
            Err(error) => return Finding::of_error("team", &CliError::from(error)),
        }
    }
    let membership = caller.me.memberships.iter().find(|membership| membership.team == team);
    match (membership, &caller.token) {
        // A token says itself what it may; its owner need not be a member.
        (_, Some(token)) => Finding::ok("team", format!("{team}, with {}", roles(&token.roles))),
        (Some(membership), None) => Finding::ok("team", format!("{team}, with {}", roles(&membership.roles))),
        (None, _) if caller.me.system_admin => {
            Finding::ok("team", format!("{team}, as a system administrator"))
        }
        (None, _) => {
            let teams: Vec<&str> =
                caller.me.memberships.iter().map(|membership| membership.team.as_str()).collect();
            let hint = match teams.as_slice() {
                [] => "ask a TEAM_ADMIN to add you".to_owned(),
                teams => format!("you are in {}: --team KEY, or ask a TEAM_ADMIN", teams.join(", ")),
            };
            Finding::problem(
                "team",
                format!("{} is not in {team:?}, or there is no such team", caller.me.username),
            )
            .hint(hint)
        }
    }
}

async fn edges(within: Within<'_>, team: &str) -> Finding {
    let known = match within.look(edge::known(within.api, team)).await {
        Ok(known) => known,
        Err(error) => return Finding::of_error("edges", &CliError::from(error)),
    };
    let in_sync = known.edges.iter().filter(|edge| edge.in_sync).count();
    let away: Vec<&str> =
        known.edges.iter().filter(|edge| !edge.connected).map(|edge| edge.name.as_str()).collect();
    match known.edges.len() {
        0 => Finding::warning("edges", "none is connected, or was within the hour: nothing is served")
            .hint("an edge needs the key of a client of kind EDGE: fgctl client create"),
        n if in_sync == n => Finding::ok("edges", format!("{n} of {n} in sync, rev {}", known.revision)),
        n if !away.is_empty() => {
            let text = format!("{in_sync} of {n} in sync; away: {}", away.join(", "));
            Finding::problem("edges", text).hint("fgctl edge list; they serve what they had")
        }
        n => Finding::warning("edges", format!("{in_sync} of {n} in sync, rev {}", known.revision))
            .hint(format!("fgctl edge wait --revision {}", known.revision)),
    }
}

async fn subscriptions(within: Within<'_>) -> Finding {
    match within.look(Box::pin(subscribe::probe(within.api))).await {
        Ok(took) => {
            let took = TimeDelta::from_std(took).unwrap_or_default();
            Finding::ok("subscriptions", format!("a WebSocket gets through in {}", time::seconds(took)))
        }
        Err(error) => Finding::problem("subscriptions", CliError::from(error).message.clone())
            .hint("does a proxy in between let WebSockets through to /graphql/ws?"),
    }
}
