//! Asks the server what a screen needs: one request for each question.

use chrono::{DateTime, TimeDelta, Utc};
use fluxgate_client::change::{EditStageInput, PromoteInput, Proposal, RollbackInput};
use fluxgate_client::{
    Api, Error, audit, caller, change, edge, environment, feature_screen, inbox, kill_screen, overview,
};
use fluxgate_wording::{attention, proposal};
use futures_util::future::join;

use super::{Answer, Query, RowsPage, features};
use crate::order::Order;
use crate::screen::feature::Detail;

/// For how long are evaluations of what is killed shown?
const KILLED_SINCE: TimeDelta = TimeDelta::minutes(30);
/// How many events does one question ask for?
const EVENTS: i64 = 100;

/// Answers a question, all but those that the host answers; `now` is by the server's clock.
pub(crate) async fn ask(api: &Api, team: &str, query: Query, now: DateTime<Utc>) -> Result<Answer, Error> {
    Ok(match query {
        Query::Caller => Answer::Caller(caller::get(api).await?),
        Query::Environments => Answer::Environments(environment::list(api, team).await?.nodes),
        Query::Edges => Answer::Edges(edge::known(api, team).await?),
        Query::Rehearse(order) => rehearsed(rehearse(api, team, order).await?),
        Query::Explain(_) => Answer::Explained(Vec::new()),
        Query::Kills => Answer::Kills(Box::new(kill_screen::get(api, team).await?)),
        Query::Killed { feature, env } => {
            let span = (now - KILLED_SINCE, now);
            Answer::Killed(Box::new(kill_screen::killed(api, team, (&feature, &env), span).await?))
        }
        Query::Events(filter) => Answer::Events(audit::page_of(api, team, &filter, (EVENTS, None)).await?),
        Query::EarlierEvents { filter, after } => {
            Answer::Events(audit::page_of(api, team, &filter, (EVENTS, Some(after))).await?)
        }
        Query::Knock => Answer::Knocked(caller::knock(api).await?),
        Query::Inbox(number) => Answer::Inbox(Box::new(inbox::get(api, team, number).await?)),
        // Told page by page, by `pages`.
        Query::FeatureRows => {
            Answer::FeatureRows(RowsPage { rows: Vec::new(), first: true, last: true, total: 0 })
        }
        Query::FeatureRow { keys, .. } => Answer::FeatureRow(features::some(api, team, keys).await?),
        Query::FeatureRates { env } => {
            Answer::FeatureRates(features::rates(api, team, env.as_deref(), now).await?)
        }
        Query::FeatureScreen { key } => {
            let span = (now - features::LOOKED_AT, now);
            let told = feature_screen::get(api, team, &key, span);
            let (told, pipelines) = join(told, features::pipelines(api, team)).await;
            Answer::FeatureScreen(Box::new(Detail::new(told?).led(pipelines.as_deref().unwrap_or_default())))
        }
        Query::File { feature, env } => Answer::Paper(features::file(api, team, (&feature, &env)).await?),
        Query::Difference { feature, env, change } => {
            Answer::Paper(features::difference(api, team, (&feature, &env), change).await?)
        }
        Query::Overview { env } => {
            let since = now - attention::PROPOSED_WITHIN;
            let place = (team, env.as_deref());
            let overview = overview::get(api, place, since, attention::STALE_DAYS, now).await?;
            Answer::Overview(Box::new(overview))
        }
    })
}

fn rehearsed(proposal: Option<Proposal>) -> Answer {
    match proposal {
        Some(proposal) => Answer::Rehearsed {
            lines: proposal::lines(&proposal),
            blocked: !proposal.gates.iter().all(|gate| gate.passed),
        },
        None => Answer::Rehearsed { lines: Vec::new(), blocked: false },
    }
}

/// Tries an order without doing it, where the server can.
async fn rehearse(api: &Api, team: &str, order: Order) -> Result<Option<Proposal>, Error> {
    let team = team.to_owned();
    let dry_run = Some(true);
    let proposal = match order {
        Order::Promote { feature, from, to, .. } => {
            let (from, to) = (Some(from), Some(to));
            let input = PromoteInput { team, feature, from, to, dry_run, ..PromoteInput::default() };
            change::promote(api, input).await?
        }
        Order::RollBack { feature, env, version, .. } => {
            let input = RollbackInput {
                team,
                feature,
                environment: env,
                version,
                dry_run,
                ..RollbackInput::default()
            };
            change::rollback(api, input).await?
        }
        Order::Edit { feature, env, config, base, .. } => {
            let input = EditStageInput {
                team,
                feature,
                environment: env,
                config,
                base_version: base,
                dry_run,
                ..EditStageInput::default()
            };
            change::edit_stage(api, input).await?
        }
        _ => return Ok(None),
    };
    Ok(Some(proposal))
}
