//! The first line, which is the answer, and what is told below the steps.

use fluxgate_engine::{EvaluationError, Explanation, Step};

use super::Told;
use super::condition::shown;
use super::steps::{OWN_DEFAULT, outcome};
use crate::output::{Line, Tone};

/// How many characters may what is told aside have, to stand in one line?
const MAX_WIDTH: usize = 76;

/// Returns the answer, and an empty line.
pub(super) fn lines(told: &Told<'_>) -> Vec<Line> {
    let explanation = &told.explanation;
    let mut line = Line::default().and(Tone::Strong, &explanation.feature).and(Tone::Plain, "  =  ");
    let mut lines = Vec::new();
    match &explanation.result {
        Ok(evaluation) => {
            line = match &evaluation.value {
                Some(value) => line.and(Tone::Strong, shown(value)),
                None => line.and(Tone::Strong, OWN_DEFAULT),
            };
            if evaluation.variant.is_some() {
                line = line.and(Tone::Plain, format!("   {}", outcome(&explanation.result)));
            }
            line = line.and(Tone::Plain, format!("   reason {}", evaluation.reason));
        }
        Err(error) => {
            line = line.and(Tone::Bad, error.code());
            // That nothing is served there is the only step.
            if !matches!(error, EvaluationError::FlagNotFound { .. }) {
                lines.push(Line::from(format!("  {error}")));
            }
        }
    }
    let version = told.reading.documents.version(&explanation.feature);
    let version = version.map_or_else(String::new, |version| format!(" v{version}"));
    lines.insert(0, line.and(Tone::Dim, format!("   {}{version}", told.reading.place)));
    lines.push(Line::default());
    lines
}

/// Returns what else is to be known: attributes that nothing asked for, kept assignments, edges.
pub(super) fn asides(told: &Told<'_>) -> Vec<Line> {
    let mut asides = Vec::new();
    if let (Err(EvaluationError::FlagNotFound { .. }), Some(kill)) =
        (&told.explanation.result, &told.reading.kill)
    {
        asides.push(format!("It stays killed if it comes: {kill}"));
    }
    let unused = &told.explanation.unused_attributes;
    // Who it is for is always said, whether buckets are needed or not.
    let unused: Vec<&str> = unused.iter().map(String::as_str).filter(|key| *key != "targetingKey").collect();
    if !unused.is_empty() {
        asides.push(format!("Not used: {}.", unused.join(", ")));
    }
    asides.extend(sticky(told).map(str::to_owned));
    if told.reading.is_offline {
        asides.push("Kill switches are in no file.".to_owned());
    }
    let edges = told.reading.edges.as_ref();
    let late = edges.filter(|edges| !edges.all_have_it());
    asides.extend(edges.filter(|edges| edges.all_have_it()).map(super::edges::Edges::sentence));
    let mut lines = Vec::new();
    let together = asides.join("  ");
    match asides.len() {
        0 => {}
        _ if together.chars().count() <= MAX_WIDTH => lines.push(Line::from(format!("  {together}"))),
        _ => lines.extend(asides.iter().map(|aside| Line::from(format!("  {aside}")))),
    }
    lines.extend(late.map(|edges| Line::default().and(Tone::Waiting, format!("  {}", edges.sentence()))));
    if !lines.is_empty() || told.second.is_some() || !told.after.is_empty() {
        lines.insert(0, Line::default());
    }
    lines
}

/// Says what is known of kept assignments, where a sticky split had a say.
fn sticky(told: &Told<'_>) -> Option<&'static str> {
    let split = split(&told.explanation)?;
    if !told.reading.documents.config(&told.explanation.feature)?.sticky {
        return None;
    }
    Some(match (&split.kept, &told.second) {
        (Some(kept), _) if kept.decided => "Sticky: the variant is kept, whatever the weights.",
        (_, Some(second)) if second.agrees(&told.explanation) => "Sticky: nothing else is kept.",
        _ => "Sticky: kept assignments are not looked at (--via backend does).",
    })
}

fn split(explanation: &Explanation) -> Option<&fluxgate_engine::SplitTrace> {
    explanation.steps.iter().find_map(|step| match step {
        Step::Criterion(step) => step.split.as_ref(),
        _ => None,
    })
}
