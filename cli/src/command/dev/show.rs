//! What a person sees of a system: its way up line by line, and where everything is.

use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedReceiver;
use unicode_width::UnicodeWidthStr;

use crate::dev::report::Line;
use crate::dev::status::Status;
use crate::output::{self, Cell, Tone, View};
use crate::ui::Ui;

/// How long may a step take until it is said what it is?
const SILENCE: Duration = Duration::from_secs(1);

/// Where do the times of the steps stand?
const TIME_COLUMN: usize = 72;

/// Does something and shows the lines that come out of it.
pub(super) async fn attend<T>(
    ui: &Ui,
    mut lines: UnboundedReceiver<Line>,
    stop: &str,
    work: impl Future<Output = T>,
) -> T {
    let mut work = std::pin::pin!(work);
    let mut doing: Option<(Instant, String)> = None;
    loop {
        let quiet = async {
            match &doing {
                Some((since, _)) => tokio::time::sleep_until((*since + SILENCE).into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            Some(line) = lines.recv() => {
                doing = match line {
                    Line::Doing(text) => Some((Instant::now(), text)),
                    line => {
                        show(ui, line, stop);
                        None
                    }
                };
            }
            () = quiet => {
                if let Some((_, text)) = doing.take() {
                    ui.note(output::Line::default().and(Tone::Dim, format!("… {text}")));
                }
            }
            result = &mut work => {
                while let Ok(line) = lines.try_recv() {
                    show(ui, line, stop);
                }
                return result;
            }
        }
    }
}

fn show(ui: &Ui, line: Line, stop: &str) {
    let plain = output::Line::default();
    match line {
        Line::Doing(_) => {}
        Line::Done(text, took) => {
            let gap = " ".repeat(TIME_COLUMN.saturating_sub(text.width()).max(2));
            let time = format!("{gap}{:.1} s", took.as_secs_f64());
            ui.note(plain.and(Tone::Good, "✓ ").and(Tone::Plain, text).and(Tone::Dim, time));
        }
        Line::Warning(text) => ui.note(plain.and(Tone::Waiting, "! ").and(Tone::Plain, text)),
        Line::Note(text) => ui.note(plain.and(Tone::Dim, text)),
        Line::Ready(status) => {
            if let Err(error) = ui.show(view(&status, stop)) {
                ui.fail(&error);
            }
        }
    }
}

/// Returns what runs where, with which credentials, and three commands to try.
pub(super) fn view(status: &Status, stop: &str) -> View {
    let row = |name: &str, value: String| vec![Cell::text(name), Cell::text(value)];
    let mut view = View::of(status)
        .named(status.backend.clone())
        .line("")
        .row(row("backend", format!("{}  (GraphiQL: {}/graphiql)", status.backend, status.backend)))
        .row(row("edge", status.edge.clone()))
        .row(row("grpc", status.grpc.clone()))
        .row(row("database", status.database_url.clone()));
    for user in &status.users {
        let roles: Vec<&str> = user.roles.iter().map(fluxgate_client::Role::as_str).collect();
        view =
            view.row(row("user", format!("{} / {}  ({})", user.username, user.password, roles.join(", "))));
    }
    view.row(row("client key", status.client.key.clone()))
        .line("")
        .line("Try:  fgctl feature list")
        .line("      fgctl feature view checkout-redesign")
        .line(format!("      {}", curl(status)))
        .line(format!("Stop: {stop}"))
}

/// Returns a request to the edge that shows a rule at work.
fn curl(status: &Status) -> String {
    let environment = status.environments.get("prod").map(ToString::to_string).unwrap_or_default();
    format!(
        "curl -s {}/evaluate -H 'Content-Type: application/json' -d '{{\"feature_key\":\"BetaUsers\",\
         \"environment_id\":\"{environment}\",\"context\":[{{\"key\":\"role\",\"value\":\"admin\"}}]}}'",
        status.edge
    )
}
