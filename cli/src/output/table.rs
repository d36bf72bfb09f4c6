//! Rows and columns: aligned and cut to the width on a terminal, tab-separated elsewhere.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::Format;
use super::cell::Cell;
use super::looks::Looks;
use super::render::paint;
use super::shape::Shape;
use super::view::Heading;
use super::wrap::wrapped_at;
use super::{Line, Tone};
use crate::time;

/// How many columns stand between two fields?
const GAP: usize = 2;

/// How narrow does a field become before those to its left do, and at all?
const NARROW: [usize; 2] = [16, 6];

/// A row, ready to be shown.
pub(super) type Fields = Vec<(Tone, String)>;

/// Returns a table as text.
pub(super) fn table(header: &[Heading], rows: &[Vec<Cell>], shape: &Shape, looks: Looks) -> String {
    let wide = shape.format == Format::Wide;
    let shown = |index: usize| wide || header.get(index).is_none_or(|heading| !heading.wide);
    let mut lines: Vec<Fields> = Vec::with_capacity(rows.len() + 1);
    let headed = shape.header || (looks.terminal && !rows.is_empty());
    if headed && !header.is_empty() {
        lines.push(header.iter().map(|h| (Tone::Dim, looks.text(&h.name).into_owned())).collect());
    }
    for row in rows {
        lines.push(row.iter().map(|cell| field(cell, looks)).collect());
    }
    for line in &mut lines {
        let mut index = 0;
        line.retain(|_| {
            index += 1;
            shown(index - 1)
        });
    }
    if !looks.terminal {
        return separated(&lines);
    }
    if let (Some(room), true) = (looks.width, header.last().is_some_and(|heading| heading.prose)) {
        lines = going_on(lines, room);
    }
    aligned(lines, looks)
}

/// Returns rows whose last column has as many lines as its sentences need.
fn going_on(lines: Vec<Fields>, room: usize) -> Vec<Fields> {
    let widest = |index: usize| {
        let widths = lines.iter().filter_map(|line| Some(line.get(index)?.1.width()));
        widths.max().unwrap_or_default() + GAP
    };
    let last = lines.iter().map(Vec::len).max().unwrap_or_default().saturating_sub(1);
    let room = room.saturating_sub((0..last).map(widest).sum());
    let mut all = Vec::with_capacity(lines.len());
    for mut line in lines {
        let Some((tone, text)) = line.pop() else {
            continue;
        };
        for (index, part) in
            wrapped_at(&Line::default().and(tone, text), Some(room), 0).into_iter().enumerate()
        {
            let before = |(tone, text): &(Tone, String)| match index {
                0 => (*tone, text.clone()),
                _ => (*tone, String::new()),
            };
            let mut row: Fields = line.iter().map(before).collect();
            row.push((tone, part.0.into_iter().map(|(_, text)| text).collect()));
            all.push(row);
        }
    }
    all
}

/// Returns a cell's tone and text.
pub(super) fn field(cell: &Cell, looks: Looks) -> (Tone, String) {
    let dash = || "-".to_owned();
    match cell {
        Cell::Text(text) if text.is_empty() => (Tone::Plain, dash()),
        Cell::Text(text) => (Tone::Plain, looks.text(text).into_owned()),
        Cell::State(tone, word) if looks.terminal => {
            (*tone, format!("{}{}", looks.text(tone.glyph()), looks.text(word)))
        }
        Cell::State(tone, word) => (*tone, looks.text(word).into_owned()),
        Cell::Time(None) | Cell::Version(None) => (Tone::Plain, dash()),
        Cell::Time(Some(at)) if looks.terminal => (Tone::Dim, time::ago(*at, looks.now)),
        Cell::Time(Some(at)) => (Tone::Plain, time::instant(*at)),
        Cell::Version(Some(number)) if looks.terminal => (Tone::Plain, format!("v{number}")),
        Cell::Version(Some(number)) => (Tone::Plain, number.to_string()),
    }
}

fn separated(lines: &[Fields]) -> String {
    let line = |line: &Fields| {
        let fields: Vec<String> = line.iter().map(|(tone, text)| paint(*tone, text)).collect();
        format!("{}\n", fields.join("\t"))
    };
    lines.iter().map(line).collect()
}

/// Returns rows in columns, as wide as there is room.
pub(super) fn aligned(mut lines: Vec<Fields>, looks: Looks) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or_default();
    let mut widths = vec![0; columns];
    for line in &lines {
        for (width, (_, text)) in widths.iter_mut().zip(line) {
            *width = text.width().max(*width);
        }
    }
    let (widths, more) = match looks.width {
        Some(room) => fit(&widths, room, looks.cut().width()),
        None => (widths, false),
    };
    let mut out = String::new();
    for line in &mut lines {
        let dropped = more && line.len() > widths.len();
        line.truncate(widths.len());
        let last = line.len().saturating_sub(1);
        for (index, (tone, text)) in line.iter().enumerate() {
            let text = cut(text, widths[index], looks.cut());
            out.push_str(&paint(*tone, &text));
            // The last column needs no space behind it.
            if index < last || dropped {
                let gap = (widths[index] + GAP).saturating_sub(text.width());
                out.extend(std::iter::repeat_n(' ', gap));
            }
        }
        if dropped {
            out.push_str(looks.cut());
        }
        out.truncate(out.trim_end_matches(' ').len());
        out.push('\n');
    }
    out
}

/// Returns how wide columns are so that they fit, and whether there are more than that.
///
/// The last wide ones become narrow first; the first one, which names the thing, stays whole as long as it fits at all.
fn fit(wanted: &[usize], room: usize, sign: usize) -> (Vec<usize>, bool) {
    for columns in (1..=wanted.len()).rev() {
        let more = columns < wanted.len();
        let room = if more { room.saturating_sub(GAP + sign) } else { room };
        let mut widths = wanted[..columns].to_vec();
        let gaps = GAP * (columns - 1);
        for least in NARROW {
            for index in (1..columns).rev() {
                let excess = (widths.iter().sum::<usize>() + gaps).saturating_sub(room);
                widths[index] = widths[index].saturating_sub(excess).max(widths[index].min(least));
            }
        }
        if widths.iter().sum::<usize>() + gaps <= room {
            return (widths, more);
        }
    }
    (vec![room], false)
}

/// Cuts text to a width, with a sign at its end that says so.
pub(super) fn cut(text: &str, width: usize, sign: &str) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let Some(room) = width.checked_sub(sign.width()) else {
        return String::new();
    };
    let (mut used, mut kept) = (0, String::new());
    for c in text.chars() {
        let next = c.width().unwrap_or_default();
        if used + next > room {
            break;
        }
        used += next;
        kept.push(c);
    }
    kept + sign
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use unicode_width::UnicodeWidthStr;

    use super::{aligned, cut};
    use crate::output::{Looks, Tone};

    fn show(rows: &[&[&str]], width: Option<usize>) -> String {
        let looks = Looks { terminal: true, width, ascii: false, now: DateTime::<Utc>::UNIX_EPOCH };
        let row = |row: &&[&str]| row.iter().map(|text| (Tone::Plain, (*text).to_owned())).collect();
        aligned(rows.iter().map(row).collect(), looks)
    }

    const ROWS: [&[&str]; 2] = [
        &["checkout-redesign", "on", "a reason that somebody gave in many words", "44m"],
        &["ユーザー", "off", "größe", "9d"],
    ];

    #[test]
    fn wide_characters_are_aligned() {
        let text = show(&ROWS, None);
        let places: Vec<usize> = text
            .lines()
            .zip(["on", "off"])
            .map(|(line, word)| line[..line.find(word).unwrap()].width())
            .collect();
        assert_eq!(places, [19, 19], "{text}");
    }

    #[test]
    fn the_last_wide_column_is_cut_first() {
        assert_eq!(
            show(&ROWS, Some(45)),
            "checkout-redesign  on   a reason that s…  44m\nユーザー           off  größe             9d\n"
        );
    }

    #[test]
    fn sentences_go_on_below() {
        let row =
            |code: &str, text: &str| vec![(Tone::Plain, code.to_owned()), (Tone::Plain, text.to_owned())];
        let rows =
            super::going_on(vec![row("1", "nothing below fits; a server error"), row("130", "no")], 25);
        let texts: Vec<String> = rows.iter().map(|row| format!("{}|{}", row[0].1, row[1].1)).collect();
        assert_eq!(texts, ["1|nothing below fits;", "|a server error", "130|no"]);
    }

    #[test]
    fn what_has_no_room_is_left_out_and_said_so() {
        assert_eq!(
            show(&ROWS, Some(34)),
            "checkout-redesign  on   a reas…  …\nユーザー           off  größe    …\n"
        );
        assert_eq!(show(&ROWS, Some(22)), "checkout-redesign  …\nユーザー           …\n");
        assert_eq!(show(&ROWS, Some(10)), "checkout-…\nユーザー\n");
    }

    #[test]
    fn nothing_is_wider_than_the_screen() {
        for width in 0..60 {
            for line in show(&ROWS, Some(width)).lines() {
                assert!(line.width() <= width, "{width}: {line:?}");
            }
        }
    }

    #[test]
    fn a_cut_never_splits_a_wide_character() {
        assert_eq!(cut("ユーザー", 8, "…"), "ユーザー");
        assert_eq!(cut("ユーザー", 6, "…"), "ユー…");
        assert_eq!(cut("abc", 2, "..."), "");
        assert_eq!(cut("abcdef", 4, "..."), "a...");
    }
}
