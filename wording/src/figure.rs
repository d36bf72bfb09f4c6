//! How often something was evaluated, in words: shares, and how far figures can be trusted.

use fluxgate_client::analytics::Completeness;

use crate::{Line, Tone, time};

/// Returns a part of a whole in percent.
#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
pub fn share(part: i64, all: i64) -> String {
    match all {
        0 => String::new(),
        all => format!("{:.1} %", part as f64 * 100.0 / all as f64),
    }
}

/// Says how far figures can be trusted.
pub fn complete(of: &Completeness) -> Line {
    let until = of.until.map(time::instant);
    match (&until, of.complete) {
        (None, _) => {
            Line::default().and(Tone::Waiting, "◐ ").and(Tone::Plain, "no edge has told anything yet")
        }
        (Some(until), true) => {
            Line::default().and(Tone::Good, "✓ ").and(Tone::Plain, format!("complete up to {until}"))
        }
        (Some(until), false) => Line::default().and(Tone::Waiting, "◐ ").and(
            Tone::Plain,
            format!(
                "not complete: {} batches are missing and {} evaluations known to be lost, up to {until}",
                of.missing_batches, of.lost_events
            ),
        ),
    }
}

/// Says the same in few words, for today.
pub fn complete_today(of: &Completeness) -> Line {
    match (of.until, of.complete) {
        (None, _) => Line::default().and(Tone::Waiting, "◐ ").and(Tone::Plain, "no edge has told anything"),
        (Some(until), true) => Line::default()
            .and(Tone::Good, "✓ ")
            .and(Tone::Plain, format!("complete up to {}", time::of_day(until))),
        (Some(until), false) => Line::default()
            .and(Tone::Waiting, "◐ ")
            .and(Tone::Plain, format!("incomplete to {}", time::of_day(until))),
    }
}
