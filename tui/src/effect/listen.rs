//! Listens to what happens: one subscription to everything that a team's screens show.

use std::sync::Arc;
use std::time::Duration;

use fluxgate_client::subscribe::{self, Feed, News as Told, Topics, WatchRevision, watch_revision};
use fluxgate_client::{Api, Code, Error, audit, edge};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{Instant, sleep, timeout_at};

use crate::message::{Heard, Message, News};

/// For how long is more waited for after something happened, so that a burst is one drawing?
const TOGETHER: Duration = Duration::from_millis(100);
/// How long is the pause before the first question is asked again?
const PAUSE: Duration = Duration::from_secs(2);

/// Tells what happens in a team for as long as anybody listens.
pub(crate) async fn listen(api: Arc<Api>, team: String, tell: UnboundedSender<Message>) {
    let say = |heard| tell.send(Message::Heard(heard)).is_ok();
    let mut feed = loop {
        match begin(&api, &team).await {
            Ok(feed) => break feed,
            Err(error) if passes(&error) => {
                if !say(Heard::Away(error.to_string())) {
                    return;
                }
                sleep(PAUSE).await;
            }
            Err(error) => {
                say(ended(&error));
                return;
            }
        }
    };
    while let Some(told) = feed.next().await {
        let heard = match told {
            Ok(told) => match together(&mut feed, told).await {
                Ok(heard) => heard,
                Err(error) => vec![ended(&error)],
            },
            Err(error) => vec![ended(&error)],
        };
        for heard in heard {
            if !say(heard) {
                return;
            }
        }
    }
}

async fn begin(api: &Arc<Api>, team: &str) -> Result<Feed<News>, Error> {
    let after = Some(subscribe::cursor(api, team).await?);
    let done = audit::watch_audit::Variables { team: team.to_owned(), after, ..Default::default() };
    let edges = edge::watch_edges::Variables { team: team.to_owned() };
    let topics = Topics::new(Arc::clone(api))
        .with::<audit::WatchAudit>(done, |data| News::Done(Box::new(data.event.entry)))?
        .with::<edge::WatchEdges>(edges, |data| News::Edges(data.edges))?
        .with::<WatchRevision>(watch_revision::Variables, |data| News::Revision(data.head.revision))?;
    Ok(topics.start())
}

/// Takes in what comes right after, so that it is told at once.
async fn together(feed: &mut Feed<News>, first: Told<News>) -> Result<Vec<Heard>, Error> {
    let until = Instant::now() + TOGETHER;
    let mut heard = Vec::new();
    let mut news = Vec::new();
    let mut next = Some(first);
    while let Some(told) = next {
        match told {
            Told::Event(event) => news.push(event),
            Told::Lost => news.push(News::Lost),
            Told::Connected { .. } => heard.push(Heard::Connected),
            Told::Away { cause } => heard.push(Heard::Away(cause)),
        }
        next = match timeout_at(until, feed.next()).await {
            Ok(Some(told)) => Some(told?),
            Ok(None) | Err(_) => None,
        };
    }
    if !news.is_empty() {
        heard.push(Heard::News(news));
    }
    Ok(heard)
}

fn passes(error: &Error) -> bool {
    matches!(error, Error::Unreachable { .. })
        || matches!(error.code(), Some(Code::Unavailable | Code::Internal | Code::Limited))
}

fn ended(error: &Error) -> Heard {
    match error.code() {
        Some(Code::Unauthenticated) => Heard::SignedOut(error.to_string()),
        _ => Heard::Unable(error.to_string()),
    }
}
