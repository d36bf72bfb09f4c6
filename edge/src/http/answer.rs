//! The steps that every evaluation shares, and the fields that every answer shares.

use std::sync::Arc;

use fluxgate_engine::{Context, Evaluation, EvaluationError, evaluate_kept};

use super::auth::Asker;
use crate::assignment::KeptHere;
use crate::clock;
use crate::count::{Asked, Counter, Outcome};
use crate::flag::ServedFlag;
use crate::json;
use crate::state::View;

/// A flag, and what it came to.
pub(crate) struct Evaluated<'v> {
    pub(crate) flag: &'v Arc<ServedFlag>,
    pub(crate) evaluation: Evaluation<'v>,
    /// The fields `value` and `variant`; none without a variant.
    pub(crate) fields: Option<&'v [u8]>,
}

/// Evaluates a flag for somebody who may not see every flag, and counts that.
pub(crate) fn evaluate_for<'v>(
    (asker, counter): (Asker<'_>, &Counter),
    kept: &'v KeptHere<'v>,
    key: &str,
    context: &Context<'_>,
) -> Result<Evaluated<'v>, EvaluationError> {
    let view = kept.view();
    let flag = view.flag(key).filter(|flag| !asker.sees_client_side_only() || flag.flag().client_side());
    let Some(flag) = flag else {
        counter.missing();
        return Err(EvaluationError::FlagNotFound { key: key.to_owned() });
    };
    let meter = counter.meter();
    let result = evaluate_kept(view, key, context, kept);
    meter.stop(1);
    let (outcome, fields) = outcome_of(flag, &result);
    let unit = context.unit();
    counter.one(&asked(asker, view, unit.as_deref()), flag, outcome);
    Ok(Evaluated { flag, evaluation: result?, fields })
}

/// Returns who asks, and the rest of what counts.
pub(crate) fn asked<'c>(asker: Asker<'_>, view: &View<'_>, unit: Option<&'c str>) -> Asked<'c> {
    Asked { environment: view.id(), client: asker.counted_as(), unit, unix_ms: clock::unix_ms() }
}

/// Returns what a result counts as, and the fields `value` and `variant` of its answer.
pub(crate) fn outcome_of<'v>(
    flag: &'v ServedFlag,
    result: &Result<Evaluation<'_>, EvaluationError>,
) -> (Outcome, Option<&'v [u8]>) {
    let Ok(evaluation) = result else { return (Outcome::ERROR, None) };
    let (place, fields) = evaluation.variant.and_then(|variant| flag.variant(variant)).unzip();
    (Outcome::new(place, evaluation.reason), fields)
}

/// Returns the feature that stood in the way, unless whoever asks may not see that one.
pub(crate) fn blocked_by<'e>(
    asker: Asker<'_>,
    view: &View<'_>,
    evaluation: &Evaluation<'e>,
) -> Option<&'e str> {
    let feature = evaluation.blocked_by?;
    let seen = |key| view.flag(key).is_some_and(|flag| flag.flag().client_side());
    (!asker.sees_client_side_only() || seen(feature)).then_some(feature)
}

/// Appends `,"reason":…,"metadata":{…}`, with the state's revision if it belongs there.
pub(crate) fn put_reason_and_metadata(
    buffer: &mut Vec<u8>,
    (evaluation, blocked_by): (&Evaluation<'_>, Option<&str>),
    version: u64,
    revision: Option<u64>,
) {
    buffer.extend_from_slice(b",\"reason\":\"");
    buffer.extend_from_slice(evaluation.reason.as_str().as_bytes());
    buffer.extend_from_slice(b"\",\"metadata\":{\"version\":");
    json::put(buffer, &version);
    if let Some(revision) = revision {
        buffer.extend_from_slice(b",\"revision\":");
        json::put(buffer, &revision);
    }
    if let Some(name) = evaluation.criterion.and_then(|criterion| criterion.name) {
        buffer.extend_from_slice(b",\"criterion\":");
        json::put(buffer, name);
    }
    if evaluation.kill_switch {
        buffer.extend_from_slice(b",\"killSwitch\":true");
    }
    if let Some(feature) = blocked_by {
        buffer.extend_from_slice(b",\"blockedBy\":");
        json::put(buffer, feature);
    }
    buffer.push(b'}');
}
