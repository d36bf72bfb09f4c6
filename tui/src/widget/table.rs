//! A table of which only what is on the screen is made. What has no room is left out, the least important first.

use fluxgate_wording::Tone;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::cut;
use crate::list::List;
use crate::look::Look;
use crate::theme::{Palette, Token};

/// How many columns stand between two fields?
const GAP: usize = 2;
/// From which priority on is a column needed? Those below it are left out before one of these becomes narrow.
const NEEDED: u8 = 7;
/// How many stand before the first, for the cursor and the mark?
const MARGIN: usize = 2;

/// A column.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) title: String,
    /// The highest stay longest.
    pub(crate) priority: u8,
    /// How narrow it may become.
    pub(crate) least: usize,
    /// Whether its text stands on the right.
    pub(crate) right: bool,
}

impl Column {
    pub(crate) fn new(title: impl Into<String>, priority: u8) -> Self {
        Self { title: title.into(), priority, least: 6, right: false }
    }

    pub(crate) fn right(mut self) -> Self {
        self.right = true;
        self
    }

    pub(crate) fn least(mut self, least: usize) -> Self {
        self.least = least;
        self
    }
}

/// A field.
pub(crate) type Field = (Tone, String);

/// Draws the rows that there is room for, with a header; `row` makes the fields of a thing.
pub(crate) fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    (columns, list): (&[Column], &List),
    row: impl Fn(&str) -> Vec<Field>,
    (look, here): (Look, bool),
) {
    if area.height == 0 || area.width == 0 {
        return;
    }
    let window = list.window(usize::from(area.height.saturating_sub(1)));
    let ids = list.ids().get(window.clone()).unwrap_or_default();
    let clean = |(tone, text): Field| (tone, look.text(&text).into_owned());
    let rows: Vec<Vec<Field>> = ids.iter().map(|id| row(id).into_iter().map(clean).collect()).collect();
    let clean = |column: &Column| Column { title: look.text(&column.title).into_owned(), ..column.clone() };
    let columns: Vec<Column> = columns.iter().map(clean).collect();
    let columns = columns.as_slice();
    let widths = widths(columns, &rows, usize::from(area.width));
    let mut lines = vec![header(columns, &widths, look)];
    for (index, (id, fields)) in ids.iter().zip(&rows).enumerate() {
        let selected = window.start + index == list.at();
        let sign = match (selected, list.is_marked(id)) {
            (true, true) => "›*",
            (true, false) => "› ",
            (false, true) => " *",
            (false, false) => "  ",
        };
        let sign = if look.ascii { sign.replace('›', ">") } else { sign.to_owned() };
        let line = fields_of((columns, &widths), fields, sign, look);
        let flashes = list.is_flashing(id) && look.palette != Palette::Mono;
        lines.push(match (selected, here) {
            // The cursor's row, which is reversed, goes out for a moment instead.
            _ if flashes && !selected => line.patch_style(look.palette.style(Token::Flash)),
            (true, true) if flashes => line,
            (true, true) => line.patch_style(look.palette.style(Token::Selected)),
            (true, false) => line.patch_style(Style::new().underlined()),
            (false, _) => line,
        });
    }
    for (line, y) in lines.into_iter().zip(area.y..area.bottom()) {
        frame.render_widget(line, Rect { y, height: 1, ..area });
    }
}

fn header(columns: &[Column], widths: &[Option<usize>], look: Look) -> Line<'static> {
    let titles: Vec<Field> = columns.iter().map(|column| (Tone::Dim, column.title.clone())).collect();
    fields_of((columns, widths), &titles, "  ".to_owned(), look)
}

fn fields_of(
    (columns, widths): (&[Column], &[Option<usize>]),
    fields: &[Field],
    sign: String,
    look: Look,
) -> Line<'static> {
    let mut spans = vec![Span::raw(sign)];
    let shown = columns.iter().zip(widths).zip(fields);
    for ((column, width), (tone, text)) in shown {
        let Some(width) = width else {
            continue;
        };
        let text = cut(text, *width, look);
        let pad = " ".repeat(width.saturating_sub(text.width()));
        let gap = " ".repeat(GAP);
        let text = if column.right { format!("{pad}{text}{gap}") } else { format!("{text}{pad}{gap}") };
        spans.push(Span::styled(text, look.palette.tone(*tone)));
    }
    Line::from(spans)
}

/// Returns how wide each column is; none where it has no room.
fn widths(columns: &[Column], rows: &[Vec<Field>], room: usize) -> Vec<Option<usize>> {
    let wanted: Vec<usize> = columns
        .iter()
        .enumerate()
        .map(|(index, column)| {
            let texts = rows.iter().filter_map(|row| row.get(index)).map(|(_, text)| text.width());
            texts.chain([column.title.width()]).max().unwrap_or_default()
        })
        .collect();
    let mut widths: Vec<Option<usize>> = wanted.iter().copied().map(Some).collect();
    let room = room.saturating_sub(MARGIN);
    let needed = |widths: &[Option<usize>]| {
        widths.iter().flatten().map(|width| width + GAP).sum::<usize>().saturating_sub(GAP)
    };
    let mut order: Vec<usize> = (0..columns.len()).collect();
    order.sort_by_key(|index| columns[*index].priority);
    let (few, needs): (Vec<usize>, Vec<usize>) =
        order.iter().partition(|index| columns[**index].priority < NEEDED);
    let shrink = |widths: &mut Vec<Option<usize>>, index: usize| {
        let excess = needed(widths).saturating_sub(room);
        if let Some(width) = &mut widths[index] {
            let least = columns[index].least.min(*width);
            *width = width.saturating_sub(excess).max(least);
        }
        needed(widths) > room
    };
    // What is not needed is left out before what is needed becomes narrow.
    for index in few {
        if shrink(&mut widths, index) {
            widths[index] = None;
        }
    }
    for index in &needs {
        shrink(&mut widths, *index);
    }
    for index in &needs[..needs.len().saturating_sub(1)] {
        if needed(&widths) > room {
            widths[*index] = None;
        }
    }
    // What was made narrow gets back what others left.
    for index in order.iter().rev() {
        let spare = room.saturating_sub(needed(&widths));
        if let Some(width) = &mut widths[*index] {
            *width = (*width + spare).min(wanted[*index]);
        }
    }
    if let (true, Some(last)) = (needed(&widths) > room, order.last()) {
        widths[*last] = Some(room);
    }
    widths
}

#[cfg(test)]
mod tests {
    use fluxgate_wording::Tone;

    use super::{Column, widths};

    fn columns() -> Vec<Column> {
        vec![Column::new("KEY", 9).least(8), Column::new("OWNER", 1), Column::new("STATE", 8).least(5)]
    }

    fn rows() -> Vec<Vec<(Tone, String)>> {
        let row = ["checkout-redesign", "payments", "● on"].map(|text| (Tone::Plain, text.to_owned()));
        vec![row.to_vec()]
    }

    #[test]
    fn what_matters_least_goes_first() {
        assert_eq!(widths(&columns(), &rows(), 40), [Some(17), Some(8), Some(5)]);
        assert_eq!(widths(&columns(), &rows(), 34), [Some(17), Some(6), Some(5)]);
        assert_eq!(widths(&columns(), &rows(), 28), [Some(17), None, Some(5)]);
        assert_eq!(widths(&columns(), &rows(), 20), [Some(11), None, Some(5)]);
        assert_eq!(widths(&columns(), &rows(), 8), [Some(6), None, None]);
        assert_eq!(widths(&columns(), &rows(), 0), [Some(0), None, None]);
    }
}
