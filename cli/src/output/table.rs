//! Rows and columns: aligned and fitted to the width on a terminal, tab-separated elsewhere.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::Format;
use super::Tone;
use super::cell::Cell;
use super::fit::{GAP, Stays, Wish, fit};
use super::looks::Looks;
use super::render::paint;
use super::shape::Shape;
use super::view::Heading;
use super::wrap::folded;
use crate::time;

/// A row, ready to be shown.
pub(super) type Fields = Vec<(Tone, String)>;

/// Returns a table as text.
pub(super) fn table(header: &[Heading], rows: &[Vec<Cell>], shape: &Shape, looks: Looks) -> String {
    let wide = shape.format == Format::Wide;
    let count = rows.iter().map(Vec::len).max().unwrap_or_default().max(header.len());
    let shown: Vec<usize> =
        (0..count).filter(|index| wide || header.get(*index).is_none_or(|heading| !heading.wide)).collect();
    let mut lines: Vec<Fields> = Vec::with_capacity(rows.len() + 1);
    let headed = shape.header || (looks.terminal && !rows.is_empty());
    if headed && !header.is_empty() {
        let name = |index: &usize| Some((Tone::Dim, looks.text(&header.get(*index)?.name).into_owned()));
        lines.push(shown.iter().filter_map(name).collect());
    }
    for row in rows {
        lines.push(shown.iter().filter_map(|index| Some(field(row.get(*index)?, looks))).collect());
    }
    if !looks.terminal {
        return separated(&lines);
    }
    let wishes = shown.iter().map(|index| wish(header.get(*index), rows, *index)).collect();
    // Whoever asks for all of it gets it whole.
    let width = looks.width.filter(|_| !wide);
    laid_out(&lines, wishes, Looks { width, ..looks })
}

/// Returns what a column would like, its width aside: what its heading says, or what is in it. Rows without a header are no
/// list: each field of theirs says something that is not said elsewhere.
fn wish(heading: Option<&Heading>, rows: &[Vec<Cell>], index: usize) -> Wish {
    let any = |is: fn(&Cell) -> bool| rows.iter().filter_map(|row| row.get(index)).any(is);
    let prose = heading.is_some_and(|heading| heading.prose) || any(|cell| matches!(cell, Cell::Prose(_)));
    let stays = heading.and_then(|heading| heading.stays).unwrap_or_else(|| match prose {
        true => Stays::Always,
        false if heading.is_none() || any(|cell| matches!(cell, Cell::State(..))) => Stays::Long,
        false => Stays::Usual,
    });
    Wish { width: 0, stays, prose }
}

/// Returns a cell's tone and text.
pub(super) fn field(cell: &Cell, looks: Looks) -> (Tone, String) {
    let dash = || "-".to_owned();
    match cell {
        Cell::Text(text) | Cell::Prose(text) if text.is_empty() => (Tone::Plain, dash()),
        Cell::Text(text) | Cell::Prose(text) => (Tone::Plain, looks.text(text).into_owned()),
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
pub(super) fn aligned(lines: &[Fields], looks: Looks) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or_default();
    laid_out(lines, vec![Wish::default(); columns], looks)
}

/// Returns rows in columns as these would like to be, where there is room.
fn laid_out(lines: &[Fields], mut wishes: Vec<Wish>, looks: Looks) -> String {
    for line in lines {
        for (wish, (_, text)) in wishes.iter_mut().zip(line) {
            wish.width = wish.width.max(text.width());
        }
    }
    let widths = match looks.width {
        Some(room) => fit(&wishes, room, looks.cut().width()),
        None => wishes.iter().map(|wish| Some(wish.width)).collect(),
    };
    let kept: Vec<usize> = widths.iter().flatten().map(|width| width + GAP).collect();
    let used = kept.iter().sum::<usize>() + looks.cut().width();
    let marked = kept.len() < widths.len() && looks.width.is_some_and(|room| used <= room);
    let mut out = String::new();
    for line in lines {
        let fields = line.iter().zip(widths.iter().zip(&wishes));
        let kept = fields.filter_map(|((tone, text), (width, wish))| {
            let width = (*width)?;
            let parts = match wish.prose {
                true => folded(text, width),
                false => vec![cut(text, width, looks.cut())],
            };
            Some((*tone, width, parts))
        });
        let kept: Vec<(Tone, usize, Vec<String>)> = kept.collect();
        let height = kept.iter().map(|(_, _, parts)| parts.len()).max().unwrap_or_default();
        for below in 0..height {
            out.push_str(&shown(&kept, below, if marked && below == 0 { looks.cut() } else { "" }));
        }
    }
    out
}

/// Returns one line of a row: of each field the part that stands that far below its first.
fn shown(fields: &[(Tone, usize, Vec<String>)], below: usize, sign: &str) -> String {
    let (mut line, mut used, mut begin) = (String::new(), 0, 0);
    for (tone, width, parts) in fields {
        if let Some(text) = parts.get(below).filter(|text| !text.is_empty()) {
            line.extend(std::iter::repeat_n(' ', begin - used));
            line.push_str(&paint(*tone, text));
            used = begin + text.width();
        }
        begin += width + GAP;
    }
    if !sign.is_empty() {
        line.extend(std::iter::repeat_n(' ', begin - used));
        line.push_str(sign);
    }
    line.truncate(line.trim_end_matches(' ').len());
    line.push('\n');
    line
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

    use super::{aligned, cut, laid_out};
    use crate::output::fit::{Stays, Wish};
    use crate::output::{Cell, Looks, Shape, Tone};

    fn show(rows: &[&[&str]], width: Option<usize>) -> String {
        let looks = Looks { terminal: true, width, ascii: false, now: DateTime::<Utc>::UNIX_EPOCH };
        let row = |row: &&[&str]| row.iter().map(|text| (Tone::Plain, (*text).to_owned())).collect();
        aligned(&rows.iter().map(row).collect::<Vec<_>>(), looks)
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
        let row = |fields: [&str; 3]| fields.map(|text| (Tone::Plain, text.to_owned())).to_vec();
        let rows =
            [row(["1", "nothing below fits; `server/error-with-a-name`", "#12"]), row(["130", "no", "#7"])];
        let prose = Wish { stays: Stays::Always, prose: true, ..Wish::default() };
        let looks = Looks { terminal: true, width: Some(34), ascii: false, now: DateTime::UNIX_EPOCH };
        assert_eq!(
            laid_out(&rows, vec![Wish::default(), prose, Wish::default()], looks),
            "1    nothing below fits;       #12\n     `server/error-with-a-nam\n     e`\n130  no                        #7\n"
        );
    }

    #[test]
    fn facts_are_made_narrow_before_one_goes() {
        let state = Cell::State(Tone::Bad, "killed".into());
        let words = "by admin, 13m ago: \"5xx spike\"";
        let row = vec![
            state,
            Cell::Prose("checkout-redesign-single-page".into()),
            "prod".into(),
            Cell::Prose(words.into()),
        ];
        let looks = Looks { terminal: true, width: Some(52), ascii: false, now: DateTime::UNIX_EPOCH };
        let text = super::table(&[], &[row], &Shape::default(), looks);
        assert_eq!(
            anstream::adapter::strip_str(&text).to_string(),
            "✗ killed  checkout-redesign-sing  prod  by admin,\n          \
             le-page                       13m ago:\n                                        \"5xx spike\"\n"
        );
    }

    #[test]
    fn what_has_no_room_is_left_out_and_said_so() {
        assert_eq!(show(&ROWS, Some(34)), "checkout-redesign  on   44m  …\nユーザー           off  9d   …\n");
        assert_eq!(show(&ROWS, Some(22)), "checkout-redesign  …\nユーザー           …\n");
        assert_eq!(show(&ROWS, Some(10)), "checko…  …\nユーザ…  …\n");
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
