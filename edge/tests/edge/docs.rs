//! What describes the API: a document for programs and a page for people, both from the build.

use serde_json::Value;

use crate::peer::serving;

#[tokio::test]
async fn the_document_and_the_page_are_served() {
    let (edge, _stream, _peer) = serving(&["--path-prefix", "/flags"]).await;
    let get = async |path: &str| edge.http.get(format!("{}{path}", edge.url)).send().await.unwrap();
    let document: Value = get("/openapi.json").await.json().await.unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert!(document["paths"]["/flags/ofrep/v1/evaluate/flags"]["post"].is_object());
    assert!(document["paths"]["/evaluate"]["post"].is_object());
    let page = get("/docs").await;
    assert!(page.url().path().ends_with("/docs/"));
    assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    let page = page.text().await.unwrap();
    // Whatever the page loads is here.
    let mut loaded = 0;
    for part in page.split(['"', '\'']) {
        if part.ends_with(".js") || part.ends_with(".css") {
            let file = get(&format!("/docs/{}", part.trim_start_matches("./"))).await;
            assert_eq!(file.status(), 200, "{part}");
            loaded += 1;
        }
    }
    assert!(loaded >= 3, "{page}");
    let start = get("/docs/swagger-initializer.js").await.text().await.unwrap();
    assert!(start.contains("../openapi.json") && !start.contains("petstore"), "{start}");
    assert_eq!(get("/docs/nothing.js").await.status(), 404);
}
