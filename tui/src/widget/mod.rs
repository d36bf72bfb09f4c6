//! The parts that screens are drawn of.

pub(crate) mod bars;
pub(crate) mod chart;
pub(crate) mod lane;
pub(crate) mod reader;
pub(crate) mod spark;
pub(crate) mod table;
pub(crate) mod wrap;

use fluxgate_wording::{Line, Tone};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::symbols::border;
use ratatui::text::{self, Span};
use ratatui::widgets::{Block, Clear, Padding};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::look::Look;
use crate::theme::Token;

/// Lines of ASCII around a pane.
const ASCII: border::Set<'static> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

/// Returns the frame of a pane: its title on the left, and how much there is on the right.
pub(crate) fn pane<'t>(title: &str, right: &str, here: bool, look: Look) -> Block<'t> {
    let token = if here { Token::Accent } else { Token::Dim };
    let style = look.palette.style(token);
    let mut block = Block::bordered()
        .border_set(if look.ascii { ASCII } else { border::PLAIN })
        .border_style(style)
        .title(Span::styled(format!(" {} ", look.text(title)), look.palette.style(Token::Title)));
    if !right.is_empty() {
        let right = Span::styled(format!(" {} ", look.text(right)), style);
        block = block.title(text::Line::from(right).right_aligned());
    }
    block
}

/// Makes room in the middle of the screen, and returns what is inside of its frame.
pub(crate) fn popup(frame: &mut Frame<'_>, title: &str, (width, height): (u16, u16), look: Look) -> Rect {
    let whole = frame.area();
    let (width, height) = (width.min(whole.width), height.min(whole.height));
    let area = Rect {
        x: whole.x + (whole.width - width) / 2,
        y: whole.y + (whole.height - height) / 2,
        width,
        height,
    };
    let block = pane(title, "", true, look).padding(Padding::horizontal(1));
    let inner = block.inner(area);
    frame.render_widget(Clear, area);
    frame.render_widget(block, area);
    inner
}

/// Returns a line of words as it is drawn.
pub(crate) fn line(words: &Line, look: Look) -> text::Line<'static> {
    let span =
        |(tone, text): &(Tone, String)| Span::styled(look.text(text).into_owned(), look.palette.tone(*tone));
    text::Line::from(words.0.iter().map(span).collect::<Vec<_>>())
}

/// Cuts text to a width, with a sign at its end that says so.
pub(crate) fn cut(words: &str, width: usize, look: Look) -> String {
    if words.width() <= width {
        return words.to_owned();
    }
    let sign = if look.ascii { "~" } else { "…" };
    let Some(room) = width.checked_sub(sign.width()) else {
        return String::new();
    };
    let (mut used, mut kept) = (0, String::new());
    for c in words.chars() {
        let next = c.width().unwrap_or_default();
        if used + next > room {
            break;
        }
        used += next;
        kept.push(c);
    }
    kept + sign
}

/// Returns a figure as people read it: `14.1k`, `0.4`, `128`.
pub(crate) fn number(figure: f64) -> String {
    let short = |figure: f64, unit: &str| format!("{figure:.1}{unit}");
    match figure.abs() {
        size if size >= 999_950.0 => short(figure / 1_000_000.0, "M"),
        size if size >= 999.5 => short(figure / 1_000.0, "k"),
        size if size >= 10.0 || size == 0.0 => format!("{figure:.0}"),
        _ => short(figure, ""),
    }
}

/// Returns a count as people read it.
#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
pub(crate) fn figure(count: i64) -> String {
    if count.unsigned_abs() < 1_000 { count.to_string() } else { number(count as f64) }
}
