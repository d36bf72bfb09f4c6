//! Sends what changes something, and says what became of it.

use chrono::{DateTime, Utc};
use fluxgate_client::change::{
    CancelChangeInput, Change, CommentChangeInput, CreateFeatureInput, EditStageInput, OverrideChangeInput,
    PromoteInput, Proposal, RollbackInput, VoteInput,
};
use fluxgate_client::feature::{KillFeatureInput, KillResult, RestoreFeatureInput};
use fluxgate_client::{Api, ChangeStatus, Code, Decision, Error, FeatureKind, change, clock, feature};
use fluxgate_wording::change::progress;
use fluxgate_wording::{event, time};

use crate::order::Order;

/// Carries out an order.
pub(crate) async fn send(api: &Api, team: &str, order: Order) -> Result<String, Error> {
    let team = team.to_owned();
    match order {
        Order::Promote { feature, from, to, reason } => {
            let (from, to) = (Some(from), Some(to));
            let input =
                PromoteInput { team, feature, from, to, reason: said(reason), ..PromoteInput::default() };
            Ok(proposed(&change::promote(api, input).await?))
        }
        Order::RollBack { feature, env, version, reason } => {
            let reason = said(reason);
            let input = RollbackInput {
                team,
                feature,
                environment: env,
                version,
                reason,
                ..RollbackInput::default()
            };
            Ok(proposed(&change::rollback(api, input).await?))
        }
        Order::Edit { feature, env, config, base, reason } => {
            let input = EditStageInput {
                team,
                feature,
                environment: env,
                config,
                base_version: base,
                reason: said(reason),
                ..EditStageInput::default()
            };
            Ok(proposed(&change::edit_stage(api, input).await?))
        }
        Order::Create { feature, name, reason } => {
            let input = CreateFeatureInput {
                team,
                key: feature,
                name: said(name),
                kind: FeatureKind::Simple,
                reason: said(reason),
                ..CreateFeatureInput::default()
            };
            Ok(proposed(&change::create_feature(api, input).await?))
        }
        Order::Kill { feature, env, reason, restore_at } => {
            let input = KillFeatureInput { team, feature, environment: Some(env), reason, restore_at };
            // By hand only is said to the server, or the end that is there would stay.
            let result = match restore_at {
                Some(_) => feature::kill(api, input).await?,
                None => feature::kill_until_restored(api, input).await?,
            };
            Ok(stopped(&result, "killed", clock::now()))
        }
        Order::Restore { feature, env, reason } => {
            let input = RestoreFeatureInput { team, feature, environment: Some(env), reason: said(reason) };
            Ok(stopped(&feature::restore(api, input).await?, "restored", clock::now()))
        }
        Order::Vote { changes, decision, comment } => vote(api, &team, &changes, decision, comment).await,
        Order::Comment { change: number, text } => {
            let change = change::comment(api, CommentChangeInput { team, number, text }).await?;
            Ok(format!("#{} has your comment", change.number))
        }
        Order::Cancel { change: number } => {
            Ok(stands(&change::cancel(api, CancelChangeInput { team, number }).await?))
        }
        Order::Override { change: number, reason } => {
            Ok(stands(&change::let_through(api, OverrideChangeInput { team, number, reason }).await?))
        }
    }
}

fn said(text: String) -> Option<String> {
    Some(text).filter(|text| !text.trim().is_empty())
}

/// Votes on one change after the other, and says of each what became of it, a line each.
///
/// What the server refuses of one does not keep it from the others; a server that is gone, or signs out, does.
async fn vote(
    api: &Api,
    team: &str,
    changes: &[i64],
    decision: Decision,
    comment: String,
) -> Result<String, Error> {
    let mut done = Vec::new();
    let mut last = None;
    for number in changes {
        let input = VoteInput {
            team: team.to_owned(),
            number: *number,
            decision: decision.clone(),
            comment: said(comment.clone()),
        };
        match change::vote(api, input).await {
            Ok(change) => done.push(Ok(stands(&change))),
            Err(error) => {
                let ends = error.refusal().is_none() || error.code() == Some(Code::Unauthenticated);
                done.push(Err(format!("#{number} is not: {error}")));
                last = Some(error);
                if ends {
                    break;
                }
            }
        }
    }
    let untouched = changes.iter().skip(done.len()).map(|number| format!("#{number} was not tried"));
    let untouched: Vec<String> = untouched.collect();
    match last {
        Some(error) if done.iter().all(Result::is_err) && (changes.len() == 1 || !untouched.is_empty()) => {
            Err(error)
        }
        _ => {
            let done = done.into_iter().map(|done| done.unwrap_or_else(|words| words));
            Ok(done.chain(untouched).collect::<Vec<_>>().join("\n"))
        }
    }
}

fn proposed(proposal: &Proposal) -> String {
    match &proposal.change {
        Some(change) => stands(change),
        None => "nothing to do: it is so already".to_owned(),
    }
}

/// Says where a change stands.
fn stands(change: &Change) -> String {
    let number = change.number;
    let what = change.items.first().map_or_else(String::new, |item| {
        let version = item.version.map_or_else(String::new, |version| format!(" v{version}"));
        format!("{} in {}{version}", item.feature.key, item.environment.key)
    });
    match &change.status {
        ChangeStatus::Applied => format!("#{number} is applied: {what}"),
        ChangeStatus::Pending => format!("#{number} is open: {}", progress(&change.policies)),
        ChangeStatus::Approved => match change.apply_at {
            Some(at) => format!("#{number} is approved, applies {}", time::instant(at)),
            None => format!("#{number} is approved"),
        },
        status => format!("#{number} is {}", status.as_str().to_lowercase()),
    }
}

fn stopped(result: &KillResult, word: &str, now: DateTime<Utc>) -> String {
    let key = &result.feature.key;
    match (result.environments.as_slice(), result.rescheduled.as_slice()) {
        ([], []) => format!("{key} was {word} already"),
        ([], moved) => format!("the kill of {key} {}", moved_to(result, moved, now)),
        (places, []) => format!("{key} is {word} in {}", places.join(", ")),
        (places, moved) => {
            format!("{key} is {word} in {}; the kill {}", places.join(", "), moved_to(result, moved, now))
        }
    }
}

/// Says when kills end that were on already: all of them at the same time.
fn moved_to(result: &KillResult, moved: &[String], now: DateTime<Utc>) -> String {
    let kill = moved.first().and_then(|env| result.feature.stage(env)?.kill.as_ref());
    format!("in {} now {}", moved.join(", "), event::ends(kill.and_then(|kill| kill.restore_at), now))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::stopped;
    use crate::app::tests::{now, read};

    #[test]
    fn a_kill_that_is_moved_says_to_when() {
        let said = |envs: &[&str], moved: &[&str], restore_at: Value| {
            let kill = json!({"reason": "5xx", "by": "lead", "token": null, "since": now(), "restoreAt": restore_at});
            let stage = |env: &str| {
                json!({"environment": {"key": env, "name": env, "type": "PRODUCTION"}, "status": "DEPLOYED",
                    "live": null, "kill": kill, "pending": [], "changedAt": now()})
            };
            let result = json!({"environments": envs, "rescheduled": moved, "revision": 7, "at": now(),
                "feature": {"id": "018f0000-0000-7000-8000-000000000001", "key": "checkout", "name": "",
                    "description": "", "kind": "SIMPLE", "valueType": "BOOLEAN", "lifecycle": "ACTIVE", "tags": [],
                    "owner": null, "removalDate": null, "createdAt": now(), "changedAt": now(),
                    "createdBy": "dev", "pipeline": "default", "stages": [stage("staging"), stage("prod")]}});
            stopped(&read(result), "killed", now())
        };
        let half_past = || json!("2026-11-20T15:30:00Z");
        assert_eq!(said(&[], &["prod"], half_past()), "the kill of checkout in prod now ends at 15:30:00Z");
        let by_hand = "the kill of checkout in prod now ends when somebody restores it";
        assert_eq!(said(&[], &["prod"], Value::Null), by_hand);
        let both = "checkout is killed in staging; the kill in prod now ends at 15:30:00Z";
        assert_eq!(said(&["staging"], &["prod"], half_past()), both);
        assert_eq!(said(&["prod"], &[], Value::Null), "checkout is killed in prod");
    }
}
