//! What happens, an event a line, going on from where it was.

use std::collections::HashSet;
use std::sync::Arc;

use fluxgate_client::Api;
use fluxgate_client::audit::{self, Filter, WatchAudit};
use fluxgate_client::subscribe::{
    self, Topics, WatchChanges, WatchFeatures, WatchKills, watch_changes, watch_features, watch_kills,
};

use super::line::{self, Told};
use super::{Only, What, print};
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

pub(super) async fn run(
    shell: &Shell,
    (api, team): (&Arc<Api>, &str),
    (what, key): (What, Option<&str>),
    only: &Only,
) -> Result<View, CliError> {
    let after = Some(match &only.after {
        Some(cursor) => cursor.clone(),
        None => subscribe::cursor(api, team).await?,
    });
    let (team, feature, environment) = (team.to_owned(), key.map(str::to_owned), only.env.clone());
    let topics = Topics::new(Arc::clone(api));
    let topics = match what {
        What::Features => {
            let wanted = watch_features::Variables { team, feature, environment, after };
            topics.with::<WatchFeatures>(wanted, |data| Told::Feature(data.event))?
        }
        What::Kills => {
            let wanted = watch_kills::Variables { team, feature, environment, after };
            topics.with::<WatchKills>(wanted, |data| Told::Kill(data.event))?
        }
        What::Audit => {
            let action = only.action.clone();
            let wanted = audit::watch_audit::Variables { team, feature, action, after };
            topics.with::<WatchAudit>(wanted, |data| Told::Audit(data.event))?
        }
        _ => {
            let number = key.and_then(change_number);
            let feature = feature.filter(|_| number.is_none());
            let wanted = watch_changes::Variables { team, feature, environment, number, after };
            topics.with::<WatchChanges>(wanted, |data| Told::Change(data.event))?
        }
    };
    let aligned = shell.ui.in_place();
    print(shell, topics.start(), |told| vec![line::of(&told, aligned)]).await
}

/// Tells the last entries of the audit, then what is written into it from now on.
pub(crate) async fn tail(shell: &Shell, filter: &Filter, limit: usize) -> Result<View, CliError> {
    shell.ui.has_reader()?;
    let (api, team) = (Arc::new(shell.api()?), shell.team()?);
    // What is written between the two requests is in both answers.
    let after = Some(subscribe::cursor(&api, &team).await?);
    let aligned = shell.ui.in_place();
    let mut told = HashSet::new();
    if limit > 0 {
        for entry in audit::list(&api, &team, filter, Some(limit)).await?.nodes.into_iter().rev() {
            told.insert(entry.number);
            if !shell.ui.item(&line::of(&Told::Entry(line::Entry { cursor: None, entry }), aligned))? {
                return Ok(View::nothing());
            }
        }
    }
    let wanted = audit::watch_audit::Variables {
        team,
        feature: filter.feature.clone(),
        action: filter.action.clone(),
        after,
    };
    let topics = Topics::new(api).with::<WatchAudit>(wanted, |data| data.event)?;
    print(shell, topics.start(), |event| {
        let entry = &event.entry;
        let like = |wanted: &Option<String>, have: Option<&String>| {
            wanted.as_ref().is_none_or(|wanted| Some(wanted) == have)
        };
        let wanted = like(&filter.actor, Some(&entry.actor))
            && like(&filter.environment, entry.environment.as_ref())
            && !told.remove(&entry.number);
        wanted.then(|| line::of(&Told::Audit(event), aligned)).into_iter().collect()
    })
    .await
}

/// Reads the number of a change: what has its sign, or digits alone.
fn change_number(key: &str) -> Option<i64> {
    key.strip_prefix('#').unwrap_or(key).parse().ok()
}
