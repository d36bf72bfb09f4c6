//! Percentiles and rows.

use std::{
    io::Write as _,
    time::{Duration, Instant},
};

/// Times taken, in milliseconds.
#[derive(Default)]
pub struct Times(Vec<f64>);

impl Times {
    /// Times one try.
    pub async fn take<T>(&mut self, tried: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
        let began = Instant::now();
        let answer = tried.await?;
        self.0.push(milliseconds(began.elapsed()));
        Ok(answer)
    }

    /// The time that this part of the tries took at most.
    pub fn percentile(&mut self, part: f64) -> f64 {
        self.0.sort_by(f64::total_cmp);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an index into what is there"
        )]
        let at = ((self.0.len() as f64 * part) as usize).min(self.0.len().saturating_sub(1));
        self.0.get(at).copied().unwrap_or_default()
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// Prints a row: what, the figure, its floor, the ratio.
pub fn row(what: &str, figure: f64, floor: f64, wanted: &str) -> anyhow::Result<()> {
    let ratio = figure / floor;
    writeln!(std::io::stdout(), "{what:<52} {figure:>10.2} {floor:>10.2} {ratio:>8.2}   {wanted}")?;
    Ok(())
}

/// Prints a line.
pub fn line(text: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout(), "{text}")?)
}
