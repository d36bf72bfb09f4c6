//! How the list of features is drawn: a table, and below it what is known of the one that the cursor is on.

use fluxgate_wording::feature::environments_of;
use fluxgate_wording::{Line, Tone, time};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::widgets::{Paragraph, Wrap};

use super::{Features, Row, preview, signed};
use crate::app::Desk;
use crate::look::Room;
use crate::widget::table::{self, Column, Field};
use crate::widget::{figure, line, pane, spark};

/// How wide is a trend?
const TREND: usize = 8;

pub(super) fn draw(features: &Features, frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
    let below = match (desk.room(), features.row()) {
        (_, None) => 0,
        (Room::Wide, _) => 10,
        (Room::Normal, _) => 5,
        _ => 0,
    };
    let [above, details] = Layout::vertical([Constraint::Min(3), Constraint::Length(below)]).areas(area);
    let block = pane("Features", &right(features, desk), true, desk.look);
    let inner = block.inner(above);
    frame.render_widget(block, above);
    if features.list.len() == 0 {
        return empty(features, frame, inner, desk);
    }
    let envs = envs(features, desk);
    let row =
        |key: &str| features.rows.get(key).map(|row| fields(features, row, &envs, desk)).unwrap_or_default();
    table::draw(
        frame,
        inner,
        (&columns(&envs, features.more, desk.room()), &features.list),
        row,
        (desk.look, true),
    );
    if let Some(row) = features.row().filter(|_| below > 0) {
        preview::draw(features, row, frame, details, desk);
    }
}

/// Says how many there are, of which minute figures are, and in which order.
fn right(features: &Features, desk: &Desk) -> String {
    if features.rows.len() == 0 && features.rows.whole.is_none() {
        return String::new();
    }
    let (shown, all) = (features.list.len(), features.rows.len());
    let count = match shown == all {
        true => all.to_string(),
        false => format!("{shown} of {all}"),
    };
    let reading = match features.rows.reading {
        true => format!("   reading {all} of {}", features.rows.total),
        false => String::new(),
    };
    let marks = match features.list.marks() {
        0 => String::new(),
        marks => format!("   {marks} marked"),
    };
    let minute = match features.rates(desk).map(|rates| rates.at) {
        _ if features.rows.reading => String::new(),
        None => String::new(),
        Some(None) => "   EVAL/MIN not known yet".to_owned(),
        Some(Some(at)) => format!("   EVAL/MIN of {}", time::minute(at)),
    };
    let turned = if features.turned { ", turned around" } else { "" };
    format!("{count}{reading}{marks}{minute}   by {}{turned}", features.sort.name())
}

fn empty(features: &Features, frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
    if features.rows.whole.is_none() {
        if features.failure.is_none() {
            loading(frame, area, desk);
        }
        return;
    }
    let lines = match features.rows.len() {
        0 => vec![
            Line::default(),
            Line::from(format!("  No features in team {:?} yet.", desk.place.team)),
            Line::default(),
            Line::from("    N  creates one here, or in a shell:"),
            Line::from("       fgctl feature create my-first --type simple"),
        ],
        _ => vec![Line::default(), Line::from("  No feature matches. Esc clears the filter.")],
    };
    let lines: Vec<_> = lines.iter().map(|words| line(words, desk.look)).collect();
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), area);
}

/// Draws the table's places before there is anything in them.
fn loading(frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
    let sign = if desk.look.ascii { "." } else { "░" };
    let mut lines = vec![line(&Line::default().and(Tone::Dim, "  asking the server"), desk.look)];
    for width in [18, 11, 15, 20, 9] {
        let words = format!("  {:<24}{}", sign.repeat(width), format!("{:<12}", sign.repeat(8)).repeat(3));
        lines.push(line(&Line::default().and(Tone::Dim, words.trim_end()), desk.look));
    }
    frame.render_widget(Paragraph::new(lines), area);
}

/// Returns the environments that have a column: those of the team, in its order, that any feature is on its way to.
fn envs(features: &Features, desk: &Desk) -> Vec<String> {
    let known: Vec<String> = desk.environments.iter().map(|env| env.key.clone()).collect();
    let stages = features.rows.all().flat_map(|row| &row.stages);
    let used = environments_of(stages.map(|spot| (spot.env.as_str(), &spot.type_)));
    match known.is_empty() {
        true => used,
        false => known.into_iter().filter(|env| used.contains(env)).collect(),
    }
}

fn columns(envs: &[String], more: bool, room: Room) -> Vec<Column> {
    let mut columns =
        vec![Column::new("FEATURE", 9).least(14), Column::new("TYPE", 3), Column::new("LIFE", 2)];
    columns.extend(envs.iter().map(|env| Column::new(env.to_uppercase(), 8).least(8)));
    let title = if room >= Room::Normal { "EVAL/MIN" } else { "/MIN" };
    columns.push(Column::new(title, 7).right());
    columns.push(Column::new("TREND", 4).least(TREND));
    columns.push(Column::new("CHANGED", 5).right());
    columns.push(Column::new("OWNER", 1));
    if more {
        // More is never instead of others: they stay out where there is no room.
        columns.push(Column::new("NAME", 0).least(10));
        columns.push(Column::new("TAGS", 0).least(6));
    }
    columns
}

fn fields(features: &Features, row: &Row, envs: &[String], desk: &Desk) -> Vec<Field> {
    let plain = |text: String| (Tone::Plain, text);
    let dim = |text: String| (Tone::Dim, text);
    let mut fields =
        vec![plain(row.key.clone()), dim(row.kind.clone()), dim(row.lifecycle.as_str().to_lowercase())];
    fields.extend(envs.iter().map(|env| match row.spot(env) {
        Some(spot) => signed(&spot.state),
        None => dim("-".to_owned()),
    }));
    let rates = features.rates(desk);
    fields.push(plain(rates.and_then(|rates| rates.minute(&row.key)).map_or("-".to_owned(), figure)));
    let trend = rates.map(|rates| rates.trend(&row.key)).unwrap_or_default();
    fields.push(match trend.is_empty() {
        true => dim("-".to_owned()),
        false => plain(spark::spark(trend, TREND, desk.look)),
    });
    fields.push(dim(desk.ago(row.changed_at)));
    fields.push(dim(row.owner.clone()));
    if features.more {
        fields.push(dim(row.name.clone()));
        fields.push(dim(row.tags.join(",")));
    }
    fields
}
