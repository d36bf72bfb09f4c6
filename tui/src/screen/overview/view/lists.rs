//! The two lists: what needs attention, and the changes that are on their way.

use fluxgate_client::status::StatusChange;
use fluxgate_wording::attention::Attention;
use fluxgate_wording::{Line, Tone, moving};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};

use super::{Focus, Overview, asking, framed, words};
use crate::app::Desk;
use crate::keymap::Action;
use crate::list::List;
use crate::look::Room;
use crate::screen::Screen;
use crate::widget::cut;
use crate::widget::table::{self, Column, Field};

pub(super) fn attention(overview: &Overview, frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
    let here = overview.focus(desk) == Focus::Attention;
    let inner = framed(frame, area, ("Needs attention", &counted(&overview.list)), here, desk);
    let Some(seen) = &overview.seen.data else {
        return asking(frame, inner, desk);
    };
    if overview.list.len() == 0 {
        return calm(seen.status.team.features.total_count == 0, frame, inner, desk);
    }
    let below = u16::from(inner.height > 3);
    let [rows, about] = Layout::vertical([Constraint::Fill(1), Constraint::Length(below)]).areas(inner);
    let row = |id: &str| overview.item(id).map(|item| fields(item, desk)).unwrap_or_default();
    table::draw(frame, rows, (&columns(), &overview.list), row, (desk.look, here));
    if let Some(item) = overview.list.selected().and_then(|id| overview.item(id)) {
        let text = cut(&desk.look.text(&item.about(desk.now)), usize::from(about.width), desk.look);
        words(frame, about, &[Line::default().and(item.tone(), text)], desk);
    }
}

fn counted(list: &List) -> String {
    match (list.len(), list.marks()) {
        (0, _) => String::new(),
        (all, 0) => all.to_string(),
        (all, marks) => format!("{marks} of {all} marked"),
    }
}

/// Says that all is well, or that there is nothing yet.
fn calm(empty: bool, frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
    let line = Line::default().and(Tone::Good, "  ✓ nothing needs attention");
    let mut lines = vec![Line::default(), line];
    if empty {
        let team = &desk.place.team;
        let words = Line::default().and(Tone::Plain, format!("  No features in team {team:?} yet."));
        lines = vec![
            Line::default(),
            words,
            Line::default().and(Tone::Dim, "  2 then N creates one, or in a shell:"),
            Line::default().and(Tone::Dim, "  fgctl feature create my-first --type simple"),
        ];
    }
    words(frame, area, &lines, desk);
}

fn columns() -> [Column; 6] {
    [
        Column::new("KIND", 9).least(9),
        Column::new("WHAT", 8).least(16),
        Column::new("WHERE", 7).least(8),
        Column::new("ABOUT", 3).least(20),
        Column::new("SINCE", 8).least(5).right(),
        Column::new("DO", 9).least(5),
    ]
}

fn fields(item: &Attention, desk: &Desk) -> Vec<Field> {
    let key = |action| desk.keys.called(action, Screen::Overview);
    let todo = match item.kind {
        "killed" if desk.room() < Room::Normal => key(Action::Restore),
        "killed" => format!("{} restore", key(Action::Restore)),
        "approve" => format!("{} / {}", key(Action::Approve), key(Action::Reject)),
        _ => "Enter".to_owned(),
    };
    let what = match item.change {
        Some(number) => format!("#{number} {}", item.what),
        None => item.what.clone(),
    };
    vec![
        (item.tone(), format!("{}{}", item.tone().glyph(), item.kind)),
        (Tone::Plain, what),
        (Tone::Plain, item.environment.clone().unwrap_or_default()),
        (Tone::Dim, item.about(desk.now)),
        (Tone::Dim, desk.ago(item.since)),
        (Tone::Strong, todo),
    ]
}

pub(super) fn moving(overview: &Overview, frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
    let here = overview.focus(desk) == Focus::Moving;
    let inner = framed(frame, area, ("Changes in motion", &counted(&overview.moving)), here, desk);
    if overview.seen.data.is_none() {
        return asking(frame, inner, desk);
    }
    if overview.moving.len() == 0 {
        let none = Line::default().and(Tone::Dim, "no change waits for approval or for its time");
        return words(frame, inner, &[none], desk);
    }
    let row = |id: &str| overview.change(id).map(|change| step(change, desk)).unwrap_or_default();
    let columns = [
        Column::new("CHANGE", 9),
        Column::new("KIND", 4),
        Column::new("WHAT", 9).least(10),
        Column::new("WHERE", 7).least(8),
        Column::new("STATE", 8).least(8),
        Column::new("BY", 3),
        Column::new("AGE", 7).least(3).right(),
    ];
    table::draw(frame, inner, (&columns, &overview.moving), row, (desk.look, here));
}

fn step(change: &StatusChange, desk: &Desk) -> Vec<Field> {
    let (tone, state) = moving::state(change, desk.now);
    vec![
        (Tone::Plain, format!("#{}", change.number)),
        (Tone::Dim, moving::kind(change)),
        (Tone::Plain, moving::features(change)),
        (Tone::Plain, moving::place(change)),
        (tone, format!("{}{state}", tone.glyph())),
        (Tone::Dim, change.author.clone()),
        (Tone::Dim, desk.ago(change.created_at)),
    ]
}
