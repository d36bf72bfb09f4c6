//! A sparkline: how something went, in one row.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::symbols::bar;
use ratatui::widgets::{Sparkline, Widget};

use crate::look::Look;

/// Steps of height. Nothing is drawn as the lowest: that nothing happened is to be seen.
pub(super) const BLOCKS: bar::Set<'static> = bar::Set { empty: "▁", ..bar::NINE_LEVELS };
/// The same in ASCII.
const ASCII: bar::Set<'static> = bar::Set {
    full: "#",
    seven_eighths: "*",
    three_quarters: "+",
    five_eighths: "=",
    half: "-",
    three_eighths: ":",
    one_quarter: ".",
    one_eighth: ".",
    empty: "_",
};

/// Returns values as a row of bars, at most so wide; the highest value is a full one.
pub(crate) fn spark(values: &[i64], width: usize, look: Look) -> String {
    let values = fit(values, width);
    let Ok(width) = u16::try_from(values.len()) else {
        return String::new();
    };
    let area = Rect::new(0, 0, width, 1);
    let mut row = Buffer::empty(area);
    let set = if look.ascii { ASCII } else { BLOCKS };
    Sparkline::default().data(values).bar_set(set).render(area, &mut row);
    row.content().iter().map(|cell| cell.symbol()).collect()
}

/// Returns values in at most so many columns: the mean of those that share one.
pub(super) fn fit(values: &[i64], width: usize) -> Vec<u64> {
    let columns = width.min(values.len());
    let of = |column: usize| {
        let shared = values.get(column * values.len() / columns..(column + 1) * values.len() / columns);
        let shared = shared.unwrap_or_default();
        let sum: i128 = shared.iter().map(|value| i128::from(*value)).sum();
        let mean = sum / i128::try_from(shared.len()).unwrap_or(1).max(1);
        u64::try_from(mean).unwrap_or_default()
    };
    (0..columns).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::spark;
    use crate::look::Look;

    const ASCII: Look = Look { ascii: true, palette: crate::theme::Palette::Mono };

    #[test]
    fn the_highest_is_full_and_nothing_is_lowest() {
        let look = Look::default();
        assert_eq!(spark(&[0, 1, 2, 3, 4, 5, 6, 7, 8], 20, look), "▁▁▂▃▄▅▆▇█");
        assert_eq!(spark(&[0, 1, 2, 3, 4, 5, 6, 7, 8], 20, ASCII), "_..:-=+*#");
        assert_eq!(spark(&[0, 0], 20, look), "▁▁");
        assert_eq!(spark(&[], 20, look), "");
        assert_eq!(spark(&[1], 0, look), "");
        assert_eq!(spark(&[i64::MAX, i64::MIN, i64::MAX], 9, look), "█▁█");
    }

    #[test]
    fn what_shares_a_column_is_its_mean() {
        assert_eq!(spark(&[8, 8, 4, 4, 0, 0], 3, Look::default()), "█▄▁");
        assert_eq!(spark(&[8, 8, 8, 8, 0], 2, Look::default()), "█▅");
    }
}
