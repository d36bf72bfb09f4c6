//! What was found, as one table: each figure beside its floor, with what is wanted.

use std::io::Write as _;

/// Figures of several rounds, of which the middle one counts; or of all that happened, of which another may.
#[derive(Clone, Debug)]
pub(crate) struct Rounds {
    figures: Vec<f64>,
    /// How many of a thousand do not exceed what counts?
    per_mille: usize,
}

impl Rounds {
    pub(crate) fn push(&mut self, figure: f64) {
        self.figures.push(figure);
    }

    pub(crate) fn count(&self) -> usize {
        self.figures.len()
    }

    /// Returns the same figures, of which the one counts that so many of a thousand do not exceed.
    pub(crate) fn at(&self, per_mille: usize) -> Self {
        Self { figures: self.figures.clone(), per_mille }
    }

    /// Returns the one that counts.
    pub(crate) fn figure(&self) -> f64 {
        self.part(self.per_mille)
    }

    fn part(&self, per_mille: usize) -> f64 {
        let mut sorted = self.figures.clone();
        sorted.sort_by(f64::total_cmp);
        let at = (sorted.len() * per_mille / 1000).min(sorted.len().saturating_sub(1));
        sorted.get(at).copied().unwrap_or(f64::NAN)
    }

    fn spread(&self) -> String {
        if self.figures.len() < 2 {
            return String::new();
        }
        format!("{} to {}", shown(self.part(0)), shown(self.part(1000)))
    }
}

impl Default for Rounds {
    fn default() -> Self {
        Self { figures: Vec::new(), per_mille: 500 }
    }
}

impl From<f64> for Rounds {
    fn from(figure: f64) -> Self {
        Self { figures: vec![figure], ..Self::default() }
    }
}

/// What a figure has to be, as wanted in the table of all.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wanted {
    AtLeast(f64, f64),
    AtMost(f64, f64),
    Nothing,
}

/// One row.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) reached: Rounds,
    /// None where the figure speaks for itself.
    pub(crate) floor: Option<Rounds>,
    pub(crate) wanted: Wanted,
}

/// All rows, printed as they come and once more at the end.
#[derive(Debug, Default)]
pub(crate) struct Table(Vec<Row>);

impl Table {
    pub(crate) fn put(&mut self, row: Row) -> anyhow::Result<()> {
        writeln!(std::io::stderr(), "{}", row.text())?;
        self.0.push(row);
        Ok(())
    }

    /// Prints it; returns how many figures are not what they must be.
    pub(crate) fn print(&self) -> anyhow::Result<usize> {
        let mut out = std::io::stdout().lock();
        writeln!(
            out,
            "\n{:<62} {:>9} {:>9} {:>7} {:>7} {:>7}   spread",
            "edge", "reached", "floor", "ratio", "must", "aim"
        )?;
        for row in &self.0 {
            writeln!(out, "{}", row.text())?;
        }
        Ok(self.0.iter().filter(|row| row.misses()).count())
    }
}

impl Row {
    /// Returns what is compared with what is wanted.
    fn figure(&self) -> f64 {
        self.reached.figure() / self.floor.as_ref().map_or(1.0, Rounds::figure)
    }

    fn misses(&self) -> bool {
        match self.wanted {
            Wanted::AtLeast(must, _) => self.figure() < must,
            Wanted::AtMost(must, _) => self.figure() > must,
            Wanted::Nothing => false,
        }
    }

    fn text(&self) -> String {
        let (must, aim) = match self.wanted {
            Wanted::AtLeast(must, aim) | Wanted::AtMost(must, aim) => (shown(must), shown(aim)),
            Wanted::Nothing => ("–".to_owned(), "–".to_owned()),
        };
        let (floor, ratio, spread) = match &self.floor {
            Some(floor) => {
                let spread = format!("{}; floor {}", self.reached.spread(), floor.spread());
                (shown(floor.figure()), format!("{:.3}", self.figure()), spread)
            }
            None => ("–".to_owned(), "–".to_owned(), self.reached.spread()),
        };
        let (what, reached) = (&self.what, shown(self.reached.figure()));
        let missed = if self.misses() { "MISSED " } else { "" };
        format!("{what:<62} {reached:>9} {floor:>9} {ratio:>7} {must:>7} {aim:>7}   {missed}{spread}")
            .trim_end()
            .to_owned()
    }
}

/// Writes a figure with three digits that count.
fn shown(figure: f64) -> String {
    match figure.abs() {
        f if f == 0.0 || f >= 100.0 => format!("{figure:.0}"),
        f if f >= 10.0 => format!("{figure:.1}"),
        f if f >= 0.1 => format!("{figure:.2}"),
        _ => format!("{figure:.3}"),
    }
}
