//! Which events are shown: `kind:kill,promote by:!ci env:production since:24h`, and words that are to be in them.

use chrono::{DateTime, Utc};
use fluxgate_client::audit::{self, AuditEntry};
use fluxgate_wording::time;

/// Kinds that begin with one thing only, and how it is called in full: then the server looks for them.
const WHOLE: [(&str, &str); 9] = [
    ("kill", "feature.kill"),
    ("restore", "feature.restore"),
    ("archive", "feature.archive"),
    ("apply", "change.apply"),
    ("approve", "change.approve"),
    ("reject", "change.reject"),
    ("propose", "change.propose"),
    ("comment", "change.comment"),
    ("cancel", "change.cancel"),
];

/// What is to be true of an event.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Filter {
    terms: Vec<Term>,
    since: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
}

/// One of several things of which one is to be true, or none.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    about: About,
    any: Vec<String>,
    not: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum About {
    Kind,
    By,
    Env,
    Feature,
    Text,
}

impl Filter {
    /// Reads what somebody typed; words say what is wrong with it.
    pub(super) fn parse(text: &str, now: DateTime<Utc>) -> Result<Self, String> {
        let mut filter = Self::default();
        for word in text.split_whitespace() {
            let Some((name, value)) = word.split_once(':') else {
                filter.terms.push(term(About::Text, word));
                continue;
            };
            if value.trim_start_matches('!').trim_matches(',').is_empty() {
                return Err(format!("{name}: wants something behind it, like {}", example(name)));
            }
            let about = match name.trim_start_matches('!') {
                "kind" | "action" => About::Kind,
                "by" | "actor" => About::By,
                "env" | "environment" => About::Env,
                "feature" => About::Feature,
                "text" => About::Text,
                "since" => {
                    filter.since =
                        Some(time::past(value, now).map_err(|why| format!("since:{value} {why}"))?);
                    continue;
                }
                "until" => {
                    filter.until =
                        Some(time::past(value, now).map_err(|why| format!("until:{value} {why}"))?);
                    continue;
                }
                other => {
                    let known = "kind, by, env, feature, since, until and text";
                    return Err(format!("{other}: is nothing to filter by; there are {known}"));
                }
            };
            let mut term = term(about, value);
            term.not ^= name.starts_with('!');
            filter.terms.push(term);
        }
        Ok(filter)
    }

    /// Returns as much of it as a server can look for; `env` is where lists are about, if that is somewhere.
    pub(super) fn wanted(&self, env: Option<&String>) -> audit::Filter {
        let one = |about: About| {
            let mut terms = self.terms.iter().filter(|term| term.about == about && !term.not);
            terms.find_map(|term| match term.any.as_slice() {
                [only] => Some(only.clone()),
                _ => None,
            })
        };
        let action = one(About::Kind).and_then(|kind| {
            let whole = WHOLE.iter().find(|(word, _)| *word == kind).map(|(_, action)| (*action).to_owned());
            whole.or_else(|| kind.contains('.').then_some(kind))
        });
        audit::Filter {
            feature: None,
            environment: one(About::Env).or_else(|| env.cloned().filter(|_| !self.is_about(About::Env))),
            actor: one(About::By),
            action,
            since: self.since,
            until: self.until,
        }
    }

    fn is_about(&self, about: About) -> bool {
        self.terms.iter().any(|term| term.about == about)
    }

    /// Returns the environment that only events of are shown, unless the filter names others.
    pub(super) fn place<'e>(&self, env: Option<&'e String>) -> Option<&'e String> {
        env.filter(|_| !self.is_about(About::Env))
    }

    /// Returns whether an event is shown.
    pub(super) fn lets(&self, entry: &AuditEntry, env: Option<&String>) -> bool {
        let here = self.is_about(About::Env) || env.is_none_or(|env| entry.environment.as_ref() == Some(env));
        here && self.since.is_none_or(|since| entry.at >= since)
            && self.until.is_none_or(|until| entry.at < until)
            && self
                .terms
                .iter()
                .all(|term| term.any.iter().any(|word| is(entry, term.about, word)) != term.not)
    }
}

fn term(about: About, value: &str) -> Term {
    let (not, value) = value.strip_prefix('!').map_or((false, value), |value| (true, value));
    let lower = |word: &str| match about {
        About::Text | About::Kind => word.to_lowercase(),
        About::By | About::Env | About::Feature => word.to_owned(),
    };
    let any = match about {
        About::Text => vec![lower(value)],
        _ => value.split(',').filter(|word| !word.is_empty()).map(lower).collect(),
    };
    Term { about, any, not }
}

fn is(entry: &AuditEntry, about: About, word: &str) -> bool {
    match about {
        About::Kind => is_kind(entry, word),
        About::By => entry.actor == word,
        About::Env => entry.environment.as_deref() == Some(word),
        About::Feature => words(&entry.subject).any(|known| known == word),
        About::Text => {
            let parts = [Some(&entry.action), Some(&entry.subject), Some(&entry.actor)];
            let more = [entry.owner.as_ref(), entry.environment.as_ref(), entry.reason.as_ref()];
            parts.into_iter().chain(more).flatten().any(|part| part.to_lowercase().contains(word))
        }
    }
}

/// A kind is how an action begins, or what is done (`kill`), or what a change does (`promote`).
fn is_kind(entry: &AuditEntry, word: &str) -> bool {
    let verb = entry.action.split_once('.').map_or("", |(_, verb)| verb);
    let does = || words(&entry.subject).nth(1).is_some_and(|does| does == word);
    entry.action.starts_with(word) || verb.starts_with(word) || (entry.subject.starts_with('#') && does())
}

fn words(subject: &str) -> impl Iterator<Item = &str> {
    subject.split([' ', ',']).filter(|word| !word.is_empty())
}

fn example(name: &str) -> &'static str {
    match name.trim_start_matches('!') {
        "kind" | "action" => "kind:kill,promote",
        "by" | "actor" => "by:!ci",
        "since" | "until" => "since:24h",
        "feature" => "feature:checkout",
        "text" => "text:INC-2291",
        _ => "env:production",
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use fluxgate_client::audit::AuditEntry;
    use serde_json::json;

    use super::Filter;
    use crate::app::tests::read;

    fn now() -> DateTime<Utc> {
        crate::app::tests::now()
    }

    fn entry(action: &str, subject: &str, env: Option<&str>) -> AuditEntry {
        read(json!({"number": 1, "at": "2026-11-20T12:00:00Z", "actor": "ci", "actorKind": "TOKEN",
            "owner": "ops", "action": action, "subject": subject, "environment": env, "reason": "5xx spike",
            "before": null, "after": null, "address": null}))
    }

    fn lets(text: &str, entry: &AuditEntry) -> bool {
        Filter::parse(text, now()).unwrap().lets(entry, None)
    }

    #[test]
    fn all_that_is_said_must_hold() {
        let kill = entry("feature.kill", "checkout", Some("prod"));
        let promote = entry("change.propose", "#482 promote checkout, cart", None);
        let yes =
            ["", "kind:kill", "kind:feature.kill", "kind:feature", "by:ci", "env:prod", "feature:checkout"];
        for text in yes.into_iter().chain(["since:2h", "kind:promote,kill", "SPIKE", "text:5xx", "!nobody"]) {
            assert!(lets(text, &kill), "{text}");
        }
        for text in
            ["kind:promote", "kind:!kill", "!kind:kill", "by:!ci", "env:staging", "since:30m", "until:2h"]
        {
            assert!(!lets(text, &kill), "{text}");
        }
        for text in
            ["kind:promote", "kind:change", "kind:propose", "feature:cart", "by:ci kind:promote spike"]
        {
            assert!(lets(text, &promote), "{text}");
        }
        assert!(!lets("env:prod", &promote) && !lets("feature:car", &promote));
        let here = Filter::default();
        assert!(here.lets(&kill, Some(&"prod".to_owned())) && !here.lets(&promote, Some(&"prod".to_owned())));
    }

    #[test]
    fn the_server_looks_for_what_it_can() {
        let wanted = |text: &str, env: Option<&str>| {
            let env = env.map(str::to_owned);
            let wanted = Filter::parse(text, now()).unwrap().wanted(env.as_ref());
            let since = wanted.since.map(|_| "since".to_owned());
            [wanted.action, wanted.actor, wanted.environment, since].map(Option::unwrap_or_default)
        };
        assert_eq!(
            wanted("kind:kill by:ci env:prod since:1h", None),
            ["feature.kill", "ci", "prod", "since"]
        );
        assert_eq!(wanted("kind:kill,promote by:!ci text", Some("dev")), ["", "", "dev", ""]);
        assert_eq!(wanted("kind:policy.edit env:!prod", Some("dev")), ["policy.edit", "", "", ""]);
        assert_eq!(wanted("kind:promote", None), ["", "", "", ""]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let wrong = |text: &str| Filter::parse(text, now()).unwrap_err();
        assert!(wrong("status:on").contains("there are kind, by, env"));
        assert!(wrong("kind:").contains("kind:kill,promote"));
        assert!(wrong("by:!").contains("by:!ci"));
        assert!(wrong("since:soon").starts_with("since:soon is no time; write it like"));
    }
}
