//! Queries where one job can be named: `logs QUERY`, `history QUERY`, and the columns of `ps` (design: ui 5.2).

use crate::kit::*;

#[tokio::test]
async fn the_lines_of_all_jobs_that_are_meant_in_their_order() {
    let server = Server::start().await;
    let say = |word: &str, tag: &str| {
        let args = serde_json::json!({ "argv": ["sh", "-c", format!("echo {word}")] }).to_string();
        ["start", "process.run", &args, "--tag", tag, "--wait"].map(str::to_owned)
    };
    for (word, tag) in [("one", "x"), ("two", "y"), ("three", "x")] {
        let args = say(word, tag);
        server.callboard(&args.each_ref().map(String::as_str)).await.succeeded();
    }
    let texts = |said: Said| {
        let lines = said.succeeded().json_lines();
        let own = lines.iter().filter(|line| line["channel"] == "stdout");
        own.map(|line| line["message"].as_str().expect("a text").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(texts(server.callboard(&["logs", "tag:x", "--json"]).await), ["one", "three"]);
    let last = server.callboard(&["logs", "kind:process.*", "--channel", "stdout", "-n", "2", "--raw"]).await;
    assert_eq!(last.succeeded().out, "two\nthree\n");
    let nobody = server.callboard(&["logs", "tag:z"]).await;
    assert!(nobody.code == 3 && nobody.err.contains("no job matches"), "{nobody:?}");
    let wrong = server.callboard(&["logs", "state:nope"]).await;
    assert!(wrong.code == 2 && wrong.err.contains("^^^^"), "{wrong:?}");

    // Followed, also those that are meant only later.
    let mut follow = server.spawn(&["logs", "tag:x", "-f", "--channel", "stdout", "--raw", "-n", "1"]);
    assert_eq!(follow.line().await, "three");
    for (word, tag) in [("four", "y"), ("five", "x")] {
        let args = say(word, tag);
        server.callboard(&args.each_ref().map(String::as_str)).await.succeeded();
    }
    assert_eq!(follow.line().await, "five");
    follow.interrupt();
    assert_eq!(follow.end().await.code, 130);
}

#[tokio::test]
async fn what_happened_to_all_jobs_that_are_meant() {
    let server = Server::start().await;
    let a = server.job(&["start", "echo", "{}", "--tag", "x"]).await;
    let b = server.job(&["start", "echo", "{}", "--tag", "y"]).await;
    server.callboard(&["wait", &a, &b]).await.succeeded();
    let said = server.callboard(&["history", "tag:x", "--json"]).await.succeeded().json();
    let changes = said["changes"].as_array().expect("a list").clone();
    assert!(changes.len() >= 2, "{changes:?}");
    let jobs = |id: &str| {
        let told = changes.iter().flat_map(|change| change["events"].as_array().cloned().unwrap_or_default());
        told.filter(|event| event["jobId"] == id).count()
    };
    assert!(jobs(&a) >= 2, "{changes:?}");
    assert!(changes.iter().all(|change| change.to_string().contains(&a)), "{changes:?}");
    assert_eq!(server.callboard(&["history", "tag:z"]).await.code, 3);
    // A colon is also in ids.
    let gone = server.callboard(&["history", "w:step"]).await;
    assert!(gone.code == 3 && gone.err.contains("nothing is known of w:step"), "{gone:?}");
}

#[tokio::test]
async fn a_table_has_the_columns_that_are_asked_for() {
    let server = Server::start().await;
    let parent = server.job(&["start", "sleep", r#"{"ms":100000}"#]).await;
    let child = server.job(&["start", "echo", "{}", "--parent", &parent, "--priority", "3"]).await;
    let said = server.callboard(&["ps", &format!("parent:{parent}"), "-c", "id,parent,priority"]).await;
    assert_eq!(
        said.succeeded().out.split_whitespace().collect::<Vec<_>>(),
        ["ID", "PARENT", "PRIORITY", &child, &parent, "3"]
    );
    let said = server.callboard(&["ps", "--columns", "id,nope"]).await;
    assert!(said.code == 2 && said.err.contains("columns are id, state"), "{said:?}");
}
