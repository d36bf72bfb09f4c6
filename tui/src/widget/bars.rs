//! Bars that lie beside their words: which of several is how much.

use fluxgate_wording::figure::share;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::{cut, figure};
use crate::look::Look;
use crate::theme::Token;

/// The eighths of a column, from the left.
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
/// How wide may the words before the bars become?
const WORDS: usize = 24;
/// How narrow may the bars become before they are left out?
const NARROW: usize = 4;

/// A bar lying.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lying {
    pub(crate) label: String,
    pub(crate) value: i64,
    /// How much there is of all kinds, for the percentage; none: no percentage.
    pub(crate) of: Option<i64>,
}

/// Draws one row each, the longest bar for the largest value; what has no row is left out.
pub(crate) fn draw(frame: &mut Frame<'_>, area: Rect, bars: &[Lying], look: Look) {
    let bars = bars.get(..bars.len().min(usize::from(area.height))).unwrap_or_default();
    let labels: Vec<String> = bars.iter().map(|bar| look.text(&bar.label).into_owned()).collect();
    let figures: Vec<String> = bars.iter().map(figures).collect();
    let widest = |texts: &[String]| texts.iter().map(|text| text.width()).max().unwrap_or_default();
    let width = usize::from(area.width);
    let behind = widest(&figures);
    // The figures stay, then the words, then the bars.
    let words = widest(&labels).min(WORDS).min(width.saturating_sub(behind + 1));
    let room = width.saturating_sub(words + behind + 2);
    let most = bars.iter().map(|bar| bar.value).max().unwrap_or_default();
    let rows = bars.iter().zip(&labels).zip(&figures).zip(area.y..area.bottom());
    for (((lying, label), figures), y) in rows {
        let label = cut(label, words, look);
        let label = format!("{label}{} ", " ".repeat(words.saturating_sub(label.width())));
        let mut spans = vec![Span::styled(label, look.palette.style(Token::Text))];
        if room >= NARROW {
            let drawn = bar((lying.value, most), room, look);
            let gap = " ".repeat((room + 1).saturating_sub(drawn.width()));
            spans.push(Span::styled(drawn + &gap, look.palette.style(Token::Accent)));
        }
        let figures = format!("{figures:>behind$}");
        spans.push(Span::styled(figures, look.palette.style(Token::Text)));
        frame.render_widget(Line::from(spans), Rect { y, height: 1, ..area });
    }
}

fn figures(bar: &Lying) -> String {
    let value = figure(bar.value);
    match bar.of {
        Some(all) => format!("{value:>6}  {:>7}", share(bar.value, all)),
        None => value,
    }
}

/// Returns a bar that is as much of a width as a part is of a whole, to an eighth of a column.
pub(crate) fn bar((part, whole): (i64, i64), width: usize, look: Look) -> String {
    let (part, whole) = (i128::from(part.max(0)), i128::from(whole.max(1)));
    let eighths = part.min(whole) * i128::try_from(width.saturating_mul(8)).unwrap_or_default() / whole;
    // Little is not nothing.
    let eighths = usize::try_from(eighths).unwrap_or_default().max(usize::from(part > 0 && width > 0));
    let (full, rest) = (eighths / 8, eighths % 8);
    if look.ascii {
        let rounded = (full + usize::from(rest >= 4)).max(usize::from(eighths > 0));
        return "#".repeat(rounded);
    }
    format!("{}{}", "█".repeat(full), EIGHTHS.get(rest).unwrap_or(&""))
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::{Lying, bar, draw};
    use crate::look::Look;

    fn bars() -> Vec<Lying> {
        let all = 40_000;
        let of = [("checkout-redesign", 28_100), ("a-feature-with-a-very-long-key", 11_890), ("rare", 10)];
        let of = of.map(|(label, value)| Lying { label: label.into(), value, of: Some(all) });
        of.to_vec()
    }

    fn drawn((width, height): (u16, u16), ascii: bool) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let look = Look { ascii, ..Look::default() };
        terminal.draw(|frame| draw(frame, frame.area(), &bars(), look)).unwrap();
        let buffer = terminal.backend().buffer();
        let rows = (0..height).map(|y| {
            let row: String = (0..width).map(|x| buffer[(x, y)].symbol()).collect();
            format!("{}\n", row.trim_end())
        });
        rows.collect()
    }

    #[test]
    fn bars_share_a_scale() {
        insta::assert_snapshot!("bars", drawn((60, 3), false));
        insta::assert_snapshot!("bars_narrow", drawn((30, 3), false));
        insta::assert_snapshot!("bars_ascii", drawn((60, 3), true));
        for width in 1..40 {
            for height in 1..5 {
                drawn((width, height), false);
            }
        }
    }

    #[test]
    fn a_bar_is_exact_to_an_eighth() {
        let look = Look::default();
        assert_eq!(bar((0, 10), 8, look), "");
        assert_eq!(bar((10, 10), 8, look), "████████");
        assert_eq!(bar((50, 64), 8, look), "██████▎");
        assert_eq!(bar((1, 1_000), 8, look), "▏", "little is not nothing");
        assert_eq!(bar((20, 10), 2, look), "██");
        assert_eq!(bar((5, 0), 2, look), "██");
        assert_eq!(bar((5, 10), 0, look), "");
        assert_eq!(bar((i64::MAX, i64::MAX), 3, look), "███");
        assert_eq!(bar((1, 1_000), 8, Look { ascii: true, ..look }), "#");
    }
}
