//! Bars over time, up to now: how much on the left, when below.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::symbols::bar;
use ratatui::text::Line;
use ratatui::widgets::{Bar, BarChart};
use unicode_width::UnicodeWidthStr;

use super::figure;
use super::spark::fit;
use crate::look::Look;
use crate::theme::Token;

/// How many columns stand between two marks of the time at least?
const BETWEEN_MARKS: usize = 10;

/// Steps of height in ASCII.
const ASCII: bar::Set<'static> = bar::Set {
    full: "#",
    seven_eighths: "#",
    three_quarters: "#",
    five_eighths: "=",
    half: "=",
    three_eighths: "=",
    one_quarter: "_",
    one_eighth: "_",
    empty: " ",
};

/// Draws a value for each minute, the last of them now.
pub(crate) fn draw(frame: &mut Frame<'_>, area: Rect, values: &[i64], look: Look) {
    let top = ceiling(values.iter().copied().max().unwrap_or_default());
    let rows = area.height.saturating_sub(2);
    let labels = labels(top, rows);
    let widest = labels.iter().map(|(_, label)| label.width()).max().unwrap_or_default();
    let left = u16::try_from(widest).unwrap_or(u16::MAX).saturating_add(2);
    if rows < 2 || area.width < left.saturating_add(8) || values.is_empty() {
        let row = super::spark::spark(values, usize::from(area.width), look);
        let style = look.palette.style(Token::Accent);
        if area.height > 0 {
            frame.render_widget(Line::styled(row, style), Rect { height: 1, ..area });
        }
        return;
    }
    let [above, below] = Layout::vertical([Constraint::Length(rows), Constraint::Length(2)]).areas(area);
    let [axis, room] = Layout::horizontal([Constraint::Length(left), Constraint::Min(0)]).areas(above);
    let bars = fit(values, usize::from(room.width));
    let width = bar_width(bars.len(), room.width);
    let drawn = u16::try_from(bars.len()).unwrap_or(u16::MAX).saturating_mul(width).min(room.width);
    let bars: Vec<Bar<'_>> = bars.into_iter().map(|value| Bar::new(value).text_value("")).collect();
    let chart = BarChart::new(bars)
        .bar_gap(0)
        .bar_width(width)
        .bar_set(if look.ascii { ASCII } else { bar::NINE_LEVELS })
        .bar_style(look.palette.style(Token::Accent))
        .max(u64::try_from(top).unwrap_or(1));
    frame.render_widget(chart, Rect { width: drawn, ..room });
    let dim = look.palette.style(Token::Dim);
    y_axis(frame, axis, &labels, (look, dim));
    let lines = x_axis(usize::from(drawn), values.len(), look);
    for (text, y) in lines.into_iter().zip(below.y..below.bottom()) {
        let x = below.x.saturating_add(left.saturating_sub(1));
        let row = Rect { x, y, width: below.width.saturating_sub(left.saturating_sub(1)), height: 1 };
        frame.render_widget(Line::styled(text, dim), row);
    }
}

fn bar_width(bars: usize, room: u16) -> u16 {
    let bars = u16::try_from(bars).unwrap_or(u16::MAX).max(1);
    (room / bars).max(1)
}

/// Returns the next round figure above, so that the labels are round.
fn ceiling(highest: i64) -> i64 {
    let mut unit = 1_i64;
    while unit.saturating_mul(10) < highest {
        unit = unit.saturating_mul(10);
    }
    let steps = [1, 2, 4, 6, 8, 10];
    let round = steps.into_iter().map(|step| unit.saturating_mul(step));
    round.into_iter().find(|round| *round >= highest).unwrap_or(i64::MAX).max(1)
}

/// Returns what stands on the left, with its row from the top: the highest, and half of it where that is even.
fn labels(top: i64, rows: u16) -> Vec<(u16, String)> {
    let mut labels = vec![(0, figure(top))];
    if top % 2 == 0 && rows >= 4 && rows.is_multiple_of(2) {
        labels.push((rows / 2, figure(top / 2)));
    }
    labels
}

fn y_axis(frame: &mut Frame<'_>, area: Rect, labels: &[(u16, String)], (look, style): (Look, Style)) {
    let room = usize::from(area.width).saturating_sub(2);
    for (row, y) in (0..area.height).zip(area.y..area.bottom()) {
        let label = labels.iter().find(|(at, _)| *at == row).map_or("", |(_, label)| label.as_str());
        let sign = match (look.ascii, label.is_empty()) {
            (true, _) => '|',
            (false, true) => '│',
            (false, false) => '┤',
        };
        frame.render_widget(
            Line::styled(format!("{label:>room$} {sign}"), style),
            Rect { y, height: 1, ..area },
        );
    }
}

/// Returns the line below the bars with its marks, and when they were, in minutes before now.
fn x_axis(drawn: usize, minutes: usize, look: Look) -> [String; 2] {
    let (corner, flat, mark) = if look.ascii { ('+', '-', '+') } else { ('└', '─', '┬') };
    let parts = [4, 2, 1].into_iter().find(|parts| drawn / parts >= BETWEEN_MARKS).unwrap_or(1);
    let mut line: Vec<char> = std::iter::repeat_n(flat, drawn).collect();
    let mut words = String::new();
    for part in 0..=parts {
        let at = (drawn.saturating_sub(1)) * part / parts;
        if let Some(place) = line.get_mut(at) {
            *place = mark;
        }
        let ago = minutes * (parts - part) / parts;
        let word = if part == parts { "now".to_owned() } else { format!("-{ago}") };
        // Ends below its mark, or begins at the left edge.
        let end = (at + 2).max(word.len());
        let gap = end.saturating_sub(words.len()).saturating_sub(word.len());
        words.push_str(&" ".repeat(gap));
        words.push_str(&word);
    }
    [format!("{corner}{}", line.into_iter().collect::<String>()), words]
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use ratatui::layout::Rect;

    use super::{ceiling, draw};
    use crate::look::Look;

    fn drawn(values: &[i64], (width, height): (u16, u16), ascii: bool) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let look = Look { ascii, ..Look::default() };
        terminal.draw(|frame| draw(frame, frame.area(), values, look)).unwrap();
        let buffer = terminal.backend().buffer();
        let rows = (0..height).map(|y| {
            let row: String = (0..width).map(|x| buffer[(x, y)].symbol()).collect();
            format!("{}\n", row.trim_end())
        });
        rows.collect()
    }

    fn hour() -> Vec<i64> {
        (0..60).map(|minute| 20_000 + minute * minute * 8).collect()
    }

    #[test]
    fn an_hour_up_to_now() {
        insta::assert_snapshot!("chart_wide", drawn(&hour(), (70, 10), false));
        insta::assert_snapshot!("chart_narrow", drawn(&hour(), (44, 8), false));
        insta::assert_snapshot!("chart_ascii", drawn(&hour(), (70, 8), true));
        insta::assert_snapshot!("chart_of_nothing", drawn(&[0; 60], (70, 6), false));
    }

    #[test]
    fn the_scale_is_round() {
        let cases = [(0, 1), (1, 1), (7, 8), (10, 10), (11, 20), (49_000, 60_000), (100_001, 200_000)];
        for (highest, top) in cases {
            assert_eq!(ceiling(highest), top, "{highest}");
        }
        assert_eq!(ceiling(i64::MAX), i64::MAX);
    }

    #[test]
    fn no_size_is_too_small() {
        for width in 1..30 {
            for height in 1..8 {
                drawn(&hour(), (width, height), false);
                drawn(&[i64::MAX, -1], (width, height), true);
                drawn(&[], (width, height), false);
            }
        }
        let mut terminal = Terminal::new(TestBackend::new(5, 5)).unwrap();
        terminal.draw(|frame| draw(frame, Rect::new(0, 0, 0, 0), &hour(), Look::default())).unwrap();
    }
}
