//! The connection against a server made for the test: signing, renewing, trying again.

#![expect(clippy::unwrap_used, reason = "a test may end that way")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use fluxgate_client::{Api, Code, Credentials, Error, Kept, Tokens, clock, server, session, user};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server was asked: the operation, and who asked.
type Asked = Arc<Mutex<Vec<(String, Option<String>)>>>;

/// A server that gives prepared answers, one a request, and notes what it was asked.
async fn serve(answers: impl IntoIterator<Item = (u16, Value)>) -> (String, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let mut answers: VecDeque<_> = answers.into_iter().collect();
    let asked = Asked::default();
    let notes = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Some((status, body)) = answers.pop_front() {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (head, request) = read(&mut stream).await;
            let bearer =
                head.lines().find_map(|line| line.strip_prefix("authorization: Bearer ")).map(str::to_owned);
            let name = request["operationName"].as_str().unwrap().to_owned();
            notes.lock().unwrap().push((name, bearer));
            let body = body.to_string();
            let answer = format!(
                "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (address, asked)
}

async fn read(stream: &mut TcpStream) -> (String, Value) {
    let mut bytes = Vec::new();
    loop {
        let mut buffer = [0; 4096];
        let n = stream.read(&mut buffer).await.unwrap();
        bytes.extend_from_slice(&buffer[..n]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n")
            && let Ok(body) = serde_json::from_str(body)
        {
            return (head.to_owned(), body);
        }
        assert_ne!(n, 0, "the request was cut off");
    }
}

fn api(server: &str, credentials: Credentials) -> Api {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    Api::new(server, credentials, Duration::from_secs(5)).unwrap()
}

fn tokens(access: &str, valid_for: TimeDelta) -> Tokens {
    Tokens {
        access: SecretString::from(access),
        access_expires_at: clock::now() + valid_for,
        refresh: SecretString::from("refresh-1"),
    }
}

fn me() -> (u16, Value) {
    let user = json!({"id": "018f0000-0000-7000-8000-000000000001", "username": "dev", "name": "",
        "email": null, "active": true, "systemAdmin": false,
        "memberships": [{"team": "demo", "roles": ["REQUESTER", "AUDITOR"]}]});
    (200, json!({"data": {"user": user}}))
}

fn renewed(access: &str) -> (u16, Value) {
    let expires = clock::now() + TimeDelta::minutes(15);
    let user = json!({"username": "dev", "name": "", "systemAdmin": false, "memberships": []});
    let session = json!({"accessToken": access, "accessExpiresAt": expires,
        "refreshToken": "refresh-2", "user": user});
    (200, json!({"data": {"session": session}}))
}

fn refused(code: &str) -> (u16, Value) {
    (200, json!({"data": null, "errors": [{"message": "no", "extensions": {"code": code}}]}))
}

#[tokio::test]
async fn a_refused_access_token_is_renewed_once_and_kept() {
    let (address, asked) = serve([refused("UNAUTHENTICATED"), renewed("new"), me()]).await;
    let saved = Arc::new(Mutex::new(None));
    let place = Arc::clone(&saved);
    let credentials = Credentials::Session(tokens("old", TimeDelta::minutes(5)));
    let api = api(&address, credentials).keeping(Box::new(move || {
        let place = Arc::clone(&place);
        let save = Box::new(move |tokens: &Tokens| {
            *place.lock().unwrap() = Some(tokens.refresh.expose_secret().to_owned());
            Ok(())
        });
        Ok(Kept { tokens: None, save })
    }));
    let user = user::me(&api).await.unwrap();
    assert_eq!(user.memberships[0].roles[1].as_str(), "AUDITOR");
    assert_eq!(saved.lock().unwrap().as_deref(), Some("refresh-2"));
    let asked = asked.lock().unwrap();
    let bearers: Vec<_> = asked.iter().map(|(_, bearer)| bearer.as_deref()).collect();
    assert_eq!(bearers, [Some("old"), None, Some("new")]);
}

#[tokio::test]
async fn tokens_that_another_process_renewed_are_taken() {
    let (address, asked) = serve([me()]).await;
    let credentials = Credentials::Session(tokens("old", TimeDelta::minutes(-1)));
    let api = api(&address, credentials).keeping(Box::new(|| {
        let tokens = Some(tokens("theirs", TimeDelta::minutes(5)));
        Ok(Kept { tokens, save: Box::new(|_| panic!("nothing was renewed here")) })
    }));
    user::me(&api).await.unwrap();
    assert_eq!(*asked.lock().unwrap(), [("GetMe".to_owned(), Some("theirs".to_owned()))]);
}

#[tokio::test]
async fn a_session_that_is_over_says_so() {
    let (address, _) = serve([refused("UNAUTHENTICATED"), refused("UNAUTHENTICATED")]).await;
    let api = api(&address, Credentials::Session(tokens("old", TimeDelta::minutes(5))));
    let error = user::me(&api).await.unwrap_err();
    assert_eq!(error.code(), Some(Code::Unauthenticated));
    // After some of those an address is told that there were too many; one that holds never is.
    let (address, _) = serve([refused("LIMITED")]).await;
    let api = self::api(&address, Credentials::Session(tokens("old", TimeDelta::minutes(-1))));
    let error = user::me(&api).await.unwrap_err();
    assert_eq!(error.code(), Some(Code::Unauthenticated), "{error:?}");
}

#[tokio::test]
async fn a_query_is_tried_again() {
    let server_state = json!({"data": {"server": {"version": "1", "bootstrapped": true, "revision": 7}}});
    let (address, asked) = serve([(502, json!({})), (503, json!({})), (200, server_state)]).await;
    let api = api(&address, Credentials::None);
    assert_eq!(server::get(&api).await.unwrap().revision, 7);
    assert_eq!(asked.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn a_mutation_is_not_tried_again() {
    let (address, asked) = serve([(502, json!({})), renewed("x")]).await;
    let api = api(&address, Credentials::None);
    let input = session::SignInInput { username: "dev".into(), password: "p".into() };
    let error = session::sign_in(&api, input).await.unwrap_err();
    assert!(matches!(error, Error::Unanswered { .. }), "{error:?}");
    assert_eq!(asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn nothing_is_changed_when_the_time_is_over() {
    let (address, asked) = serve([renewed("x")]).await;
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let api = Api::new(&address, Credentials::None, Duration::ZERO).unwrap();
    let input = session::SignInInput { username: "dev".into(), password: "p".into() };
    let error = session::sign_in(&api, input).await.unwrap_err();
    let told = |cause: &str| cause.contains("no time was left");
    assert!(matches!(&error, Error::Unreachable { cause, .. } if told(cause)), "{error:?}");
    assert!(asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_was_sent_is_told_from_what_was_not() {
    let sign_in = async |server: &str| {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let api = Api::new(server, Credentials::None, Duration::from_millis(300)).unwrap();
        let input = session::SignInInput { username: "dev".into(), password: "p".into() };
        session::sign_in(&api, input).await.unwrap_err().to_string()
    };
    // It takes what it is sent, and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let said = sign_in(&format!("http://{}", silent.local_addr().unwrap())).await;
    assert!(said.contains("but no answer came in time; it may have been done"), "{said}");
    let said = sign_in("http://127.0.0.1:1").await;
    assert!(said.contains("nothing was sent"), "{said}");
    let (busy, _) = serve([(503, json!({}))]).await;
    let said = sign_in(&busy).await;
    assert!(!said.contains("may have been done"), "{said}");
}

#[tokio::test]
async fn something_else_at_the_address_is_told() {
    let (address, _) = serve([(404, json!("hello"))]).await;
    let error = server::get(&api(&address, Credentials::None)).await.unwrap_err();
    assert!(matches!(error, Error::BadAnswer { .. }), "{error:?}");
    let error = server::get(&api("http://127.0.0.1:1", Credentials::None)).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { tries: 3, .. }), "{error:?}");
}
