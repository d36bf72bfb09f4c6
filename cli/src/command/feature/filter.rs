//! The small language that lists of features are filtered with: `owner:payments !lifecycle:deprecated tag:checkout`.

use fluxgate_client::feature::FeatureFilterInput;
use fluxgate_client::{FeatureKind, Lifecycle};

/// What of a list is wanted: what the server filters by, and what it looks for in key, name, tags and owner.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub(super) filter: FeatureFilterInput,
    pub(super) search: Vec<String>,
}

/// Every field, as a wrong one is told.
const FIELDS: &str = "owner, tag, type, lifecycle, env, killed, pending, deployed and stale";

/// All lifecycles that a list has when none is named.
const ALIVE: [Lifecycle; 4] =
    [Lifecycle::Beta, Lifecycle::Active, Lifecycle::Permanent, Lifecycle::Deprecated];

/// Reads a filter: words apart by spaces, `!` before what is not wanted.
pub(super) fn parse(text: &str) -> Result<Wanted, String> {
    let mut wanted = Wanted::default();
    for word in text.split_whitespace() {
        let (not, rest) = match word.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, word),
        };
        match rest.split_once(':') {
            Some((field, value)) if !value.is_empty() => wanted.field(field, value, not)?,
            Some((field, _)) => return Err(format!("{field}: has no value")),
            None if not => {
                return Err(format!("!{rest}: only fields can be excluded, such as !lifecycle:beta"));
            }
            None => wanted.search.push(rest.to_owned()),
        }
    }
    Ok(wanted)
}

impl Wanted {
    fn field(&mut self, field: &str, value: &str, not: bool) -> Result<(), String> {
        match field {
            "owner" => once(&mut self.filter.owner, field, only_wanted(field, value, not)?),
            "tag" | "tags" => {
                let tags = only_wanted(field, value, not)?;
                self.filter.tags.get_or_insert_default().extend(tags.split(',').map(str::to_owned));
                Ok(())
            }
            "type" | "kind" => once(&mut self.filter.kind, field, kind(value, not)?),
            "lifecycle" | "life" => self.lifecycle(value, not),
            "env" | "environment" => {
                once(&mut self.filter.environment, field, only_wanted(field, value, not)?)
            }
            "killed" => once(&mut self.filter.killed, field, flag(field, value)? != not),
            "pending" => once(&mut self.filter.pending, field, flag(field, value)? != not),
            "deployed" => once(&mut self.filter.deployed, field, flag(field, value)? != not),
            "stale" => once(&mut self.filter.stale, field, flag(field, value)? != not),
            other => Err(format!("no field {other:?}; there are {FIELDS}")),
        }
    }

    /// Keeps the lifecycles that are wanted too, of those that were before.
    fn lifecycle(&mut self, value: &str, not: bool) -> Result<(), String> {
        let named: Vec<Lifecycle> = value.split(',').map(lifecycle).collect::<Result<_, _>>()?;
        let before = match (&self.filter.lifecycle, not) {
            (Some(before), _) => before.clone(),
            (None, true) => ALIVE.to_vec(),
            (None, false) => ALIVE.into_iter().chain([Lifecycle::Archived]).collect(),
        };
        let left: Vec<Lifecycle> = before.into_iter().filter(|life| named.contains(life) != not).collect();
        if left.is_empty() {
            return Err("no lifecycle is left".to_owned());
        }
        self.filter.lifecycle = Some(left);
        Ok(())
    }
}

/// Keeps what is said of a field, which is said once.
fn once<T>(place: &mut Option<T>, field: &str, value: T) -> Result<(), String> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(format!("{field} is there twice")),
    }
}

/// Refuses to exclude what the server cannot exclude.
fn only_wanted(field: &str, value: &str, not: bool) -> Result<String, String> {
    match not {
        true => {
            Err(format!("{field} cannot be excluded; lifecycle, type, killed, pending, deployed, stale can"))
        }
        false => Ok(value.to_owned()),
    }
}

fn kind(value: &str, not: bool) -> Result<FeatureKind, String> {
    match (value, not) {
        ("simple", false) | ("contextual", true) => Ok(FeatureKind::Simple),
        ("contextual", false) | ("simple", true) => Ok(FeatureKind::Contextual),
        _ => Err(format!("no type {value:?}; there are simple and contextual")),
    }
}

fn flag(field: &str, value: &str) -> Result<bool, String> {
    match value {
        "yes" | "true" | "on" => Ok(true),
        "no" | "false" | "off" => Ok(false),
        _ => Err(format!("{field} is yes or no, not {value:?}")),
    }
}

/// Reads a lifecycle.
pub(super) fn lifecycle(value: &str) -> Result<Lifecycle, String> {
    match value.to_lowercase().as_str() {
        "beta" => Ok(Lifecycle::Beta),
        "active" => Ok(Lifecycle::Active),
        "permanent" => Ok(Lifecycle::Permanent),
        "deprecated" => Ok(Lifecycle::Deprecated),
        "archived" => Ok(Lifecycle::Archived),
        _ => {
            Err(format!("no lifecycle {value:?}; there are beta, active, permanent, deprecated and archived"))
        }
    }
}

#[cfg(test)]
mod tests {
    use fluxgate_client::{FeatureKind, Lifecycle};

    use super::parse;

    #[test]
    fn words_become_what_the_server_filters_by() {
        let wanted = parse("owner:payments !lifecycle:deprecated tag:checkout,q4 killed:no cart").unwrap();
        assert_eq!(wanted.filter.owner.as_deref(), Some("payments"));
        assert_eq!(wanted.filter.tags.unwrap(), ["checkout", "q4"]);
        assert_eq!(
            wanted.filter.lifecycle.unwrap(),
            [Lifecycle::Beta, Lifecycle::Active, Lifecycle::Permanent]
        );
        assert_eq!(wanted.filter.killed, Some(false));
        assert_eq!(wanted.search, ["cart"]);
        let wanted = parse("lifecycle:archived,beta !type:simple !stale:yes env:prod").unwrap();
        assert_eq!(wanted.filter.lifecycle.unwrap(), [Lifecycle::Beta, Lifecycle::Archived]);
        assert_eq!(wanted.filter.kind, Some(FeatureKind::Contextual));
        assert_eq!(wanted.filter.stale, Some(false));
        assert_eq!(wanted.filter.environment.as_deref(), Some("prod"));
        assert!(parse("").unwrap().search.is_empty());
    }

    #[test]
    fn what_cannot_be_asked_for_gets_one_line() {
        for (text, error) in [
            ("onwer:x", "no field \"onwer\"; there are owner, tag"),
            ("!owner:x", "owner cannot be excluded"),
            ("!cart", "only fields can be excluded"),
            ("killed:maybe", "killed is yes or no"),
            ("lifecycle:old", "no lifecycle \"old\""),
            ("owner:", "owner: has no value"),
            ("owner:a owner:b", "owner is there twice"),
            ("lifecycle:beta !lifecycle:beta", "no lifecycle is left"),
        ] {
            let said = parse(text).unwrap_err();
            assert!(said.contains(error) && !said.contains('\n'), "{text}: {said}");
        }
    }
}
