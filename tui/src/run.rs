//! The loop: waits for keys, answers and time, hands each to the app, does what it wants, and draws.

use std::cell::Cell;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use crossterm::event::EventStream;
use fluxgate_client::clock;
use futures_util::StreamExt;
use nix::sys::signal::{Signal, raise};
use tokio::signal::unix::{self, SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{JoinHandle, LocalSet, spawn_local};
use tokio::time::{Instant, sleep_until};

use crate::app::App;
use crate::editor;
use crate::effect::{Answer, Effect, Paper, Query, ask, listen, pages, send};
use crate::host::{Connection, Host, Papers, Place};
use crate::load::{Failure, FailureKind};
use crate::message::Message;
use crate::terminal::{self, Terminal};
use crate::view;

/// How long is the shortest time between two drawings of what was told? Keys are drawn at once.
const BETWEEN: Duration = Duration::from_millis(100);

/// Runs the dashboard until somebody quits.
///
/// The first frame is drawn before anything is asked. The terminal is given back however it ends.
pub async fn run(host: Host, connection: Connection) -> io::Result<()> {
    let interrupted = signal(SignalKind::interrupt())?;
    let mut terminal = Terminal::take()?;
    let app = App::new(connection.place.clone(), host.contexts.clone(), host.look, clock::now());
    let mut app = app.with_keys(host.keys.clone());
    app.update(to_size(&terminal)?);
    terminal.draw(|frame| view::draw(&app, frame))?;
    let (tell, told) = unbounded_channel();
    let effects = app.begin();
    let mut around = Loop {
        host,
        connection,
        terminal,
        tell,
        told,
        listening: None,
        pages: None,
        gone_over: Rc::default(),
        ahead: TimeDelta::zero(),
        keys: EventStream::new(),
        interrupted,
    };
    LocalSet::new().run_until(around.run(&mut app, effects)).await
}

fn to_size(terminal: &Terminal) -> io::Result<Message> {
    let (width, height) = terminal.size()?;
    Ok(Message::Resized(width, height))
}

struct Loop {
    host: Host,
    connection: Connection,
    terminal: Terminal,
    tell: UnboundedSender<Message>,
    told: UnboundedReceiver<Message>,
    listening: Option<JoinHandle<()>>,
    /// What reads features, page by page.
    pages: Option<JoinHandle<()>>,
    /// How many contexts were gone over to.
    gone_over: Rc<Cell<u64>>,
    /// How far the server's clock is ahead of this one.
    ahead: TimeDelta,
    keys: EventStream,
    interrupted: unix::Signal,
}

/// Whether it goes on.
#[derive(PartialEq, Eq)]
enum Then {
    GoOn,
    End,
}

impl Loop {
    async fn run(&mut self, app: &mut App, begin: Vec<Effect>) -> io::Result<()> {
        let mut ended = signal(SignalKind::terminate())?;
        let mut hung_up = signal(SignalKind::hangup())?;
        if self.carry_out(app, begin).await? == Then::End {
            return Ok(());
        }
        let mut drawn = Instant::now();
        loop {
            let wake = Instant::now() + app.wake();
            let (message, at_once) = tokio::select! {
                event = self.keys.next() => match event {
                    Some(event) => (terminal::message(event?), true),
                    None => return Err(io::Error::other("the terminal gives no keys any more")),
                },
                told = self.told.recv() => (told, false),
                () = sleep_until(wake) => (None, false),
                _ = ended.recv() => return Ok(()),
                _ = hung_up.recv() => return Ok(()),
                _ = self.interrupted.recv() => return Ok(()),
                () = terminal::lost() => (None, true),
            };
            if !at_once {
                sleep_until(drawn + BETWEEN).await;
            }
            if terminal::is_lost() {
                return Err(io::Error::other("the dashboard ended"));
            }
            let mut effects = app.update(Message::Tick(clock::now()));
            effects.extend(message.map(|message| self.take(app, message)).unwrap_or_default());
            while let Ok(message) = self.told.try_recv() {
                effects.extend(self.take(app, message));
            }
            if self.carry_out(app, effects).await? == Then::End {
                return Ok(());
            }
            self.terminal.draw(|frame| view::draw(app, frame))?;
            drawn = Instant::now();
        }
    }

    /// Hands a message to the app; what is asked from now on goes over a new connection, where it brings one.
    fn take(&mut self, app: &mut App, message: Message) -> Vec<Effect> {
        if let Message::SignedIn(Ok(connection)) = &message {
            let place = |place: &Place| (place.context.clone(), place.server.clone(), place.team.clone());
            if place(&connection.place) != place(&self.connection.place) {
                // Another context was chosen meanwhile.
                return Vec::new();
            }
            self.connection = Connection::clone(connection);
        }
        app.update(message)
    }

    async fn carry_out(&mut self, app: &mut App, effects: Vec<Effect>) -> io::Result<Then> {
        self.ahead = app.ahead();
        let mut waiting = effects;
        while !waiting.is_empty() {
            let mut more = Vec::new();
            for effect in std::mem::take(&mut waiting) {
                match effect {
                    Effect::Quit => return Ok(Then::End),
                    effect => {
                        if let Some(message) = self.effect(effect).await? {
                            more.extend(app.update(message));
                        }
                    }
                }
            }
            waiting = more;
        }
        Ok(Then::GoOn)
    }

    /// Does one thing; what takes a while is told later.
    async fn effect(&mut self, effect: Effect) -> io::Result<Option<Message>> {
        match effect {
            Effect::Ask { ticket, query } => self.ask(ticket, query),
            Effect::Listen => self.listen(),
            Effect::Send(order) => {
                let (api, team) = (Arc::clone(&self.connection.api), self.connection.place.team.clone());
                let tell = self.tell.clone();
                let (gone_over, before) = (Rc::clone(&self.gone_over), self.gone_over.get());
                spawn_local(async move {
                    let result = send(&api, &team, order.clone()).await.map_err(Failure::from);
                    // The same order may be on its way in another context by now.
                    tell.send(match gone_over.get() == before {
                        true => Message::Done { order, result },
                        false => Message::DoneElsewhere(result),
                    })
                });
            }
            Effect::SignIn { user, password } => {
                let task = (self.host.sign_in)(&self.connection, user, password);
                let tell = self.tell.clone();
                spawn_local(async move { tell.send(Message::SignedIn(task.await.map(Box::new))) });
            }
            Effect::Copy(text) => self.terminal.copy(&text)?,
            Effect::Connect(name) => {
                let place = (self.host.connect)(&name).map(|connection| {
                    self.connection = connection;
                    self.gone_over.set(self.gone_over.get() + 1);
                    if let Some(pages) = self.pages.take() {
                        pages.abort();
                    }
                    self.connection.place.clone()
                });
                return Ok(Some(Message::Switched(place)));
            }
            Effect::Edit { feature, env, base, config } => {
                let result = self.edit(&config).await?;
                return Ok(Some(Message::Edited { feature, env, base, result }));
            }
            Effect::Mouse(ours) => self.terminal.mouse(ours)?,
            Effect::Suspend => {
                self.terminal.leave()?;
                raise(Signal::SIGTSTP)?;
                self.terminal.come_back()?;
                return to_size(&self.terminal).map(Some);
            }
            Effect::Redraw => self.terminal.clear()?,
            Effect::Quit => {}
        }
        Ok(None)
    }

    fn ask(&mut self, ticket: u64, query: Query) {
        let tell = self.tell.clone();
        let answered = move |query, answer: Result<Answer, Failure>| {
            tell.send(Message::Answered { ticket, query, answer: answer.map(Box::new) }).is_ok()
        };
        if let Query::Explain(asked) = &query {
            let task = (self.host.explain)(&self.connection, asked.clone());
            spawn_local(async move {
                let answer = task.await.map(Answer::Explained);
                answered(query, answer.map_err(refused))
            });
            return;
        }
        let (api, team) = (Arc::clone(&self.connection.api), self.connection.place.team.clone());
        if query == Query::FeatureRows {
            let task = spawn_local(async move {
                let tell =
                    |answer: Result<Answer, _>| answered(Query::FeatureRows, answer.map_err(Failure::from));
                pages(&api, &team, tell).await;
            });
            // Pages that were asked for before are not waited for any more.
            if let Some(before) = self.pages.replace(task) {
                before.abort();
            }
            return;
        }
        let papers = self.host.papers;
        let now = clock::now() + self.ahead;
        spawn_local(async move {
            let answer = ask(&api, &team, query.clone(), now).await.map_err(Failure::from);
            let answer = answer.and_then(|answer| worded(&query, answer, papers).map_err(refused));
            answered(query, answer)
        });
    }

    fn listen(&mut self) {
        let task =
            listen(Arc::clone(&self.connection.api), self.connection.place.team.clone(), self.tell.clone());
        if let Some(before) = self.listening.replace(tokio::spawn(task)) {
            before.abort();
        }
    }

    async fn edit(
        &mut self,
        config: &serde_json::Value,
    ) -> io::Result<Result<Option<serde_json::Value>, String>> {
        let Some(command) = self.host.editor.clone() else {
            return Ok(Err("no editor: set FGCTL_EDITOR or EDITOR".to_owned()));
        };
        let text = match (self.host.papers.to_file)(config) {
            Ok(text) => text,
            Err(words) => return Ok(Err(words)),
        };
        // The editor reads the keys for a while.
        self.keys = EventStream::new();
        self.terminal.leave()?;
        let edited = editor::edit(&command, &text).await;
        self.terminal.come_back()?;
        // Ctrl-C meant the editor: what came until now is not ours.
        self.interrupted = signal(SignalKind::interrupt())?;
        Ok(match edited {
            Ok(edited) if edited.text == text => Ok(None),
            Ok(edited) => match (self.host.papers.from_file)(&edited.text) {
                Ok(config) => Ok(Some(config)),
                Err(words) => Err(format!("{words}\n{}", edited.keep())),
            },
            Err(words) => Err(words),
        })
    }
}

fn refused(words: String) -> Failure {
    Failure { words, request: None, kind: FailureKind::Refused }
}

/// Puts documents into words, which only the program can that knows what they mean.
fn worded(query: &Query, answer: Answer, papers: Papers) -> Result<Answer, String> {
    let titled = |lines| {
        let title = match query {
            Query::File { feature, env } => format!("{feature} in {env}"),
            Query::Difference { feature, env, change: Some(number) } => {
                format!("What #{number} alters of {feature} in {env}")
            }
            Query::Difference { feature, env, .. } => {
                format!("What the stage before would alter of {feature} in {env}")
            }
            _ => String::new(),
        };
        Ok(Answer::Text { title, lines })
    };
    match answer {
        Answer::Paper(Paper::Lines(lines)) => titled(lines),
        Answer::Paper(Paper::File { config }) => {
            titled((papers.to_file)(&config)?.lines().map(Into::into).collect())
        }
        Answer::Paper(Paper::Two { before, after, words }) => {
            let mut lines = vec![words.into()];
            lines.extend((papers.diff)(before.as_ref(), &after)?);
            titled(lines)
        }
        Answer::FeatureScreen(mut detail) => {
            detail.read_rules(papers.rules);
            Ok(Answer::FeatureScreen(detail))
        }
        answer => Ok(answer),
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        if let Some(listening) = self.listening.take() {
            listening.abort();
        }
    }
}
