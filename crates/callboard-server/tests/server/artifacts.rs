//! Artifacts are found by digest and by nothing else (security 3.7, 4).

use crate::kit::{Stage, stage, work};
use callboard_exec::Outcome;
use std::fs;

const CANARY: &str = "the canary sings at midnight";

/// Ways to write "one folder up" and "a slash".
const UPS: [&str; 8] = ["..", "%2e%2e", "%2e.", ".%2e", "%252e%252e", "..%00", "%c0%ae%c0%ae", "....//"];
const SLASHES: [&str; 6] = ["/", "%2f", "%5c", "\\", "%252f", "//"];
const TARGETS: [&str; 8] = [
    "canary.txt",
    "tokens.json",
    "cli.json",
    "etc/passwd",
    "journal/journal.sqlite",
    "",
    ".",
    "canary.txt%00.png",
];

fn corpus() -> Vec<String> {
    let mut corpus = Vec::new();
    for up in UPS {
        for slash in SLASHES {
            for target in TARGETS {
                corpus.push(format!("{up}{slash}{target}"));
                corpus.push(format!("{up}{slash}{up}{slash}{target}"));
                corpus.push(format!("aa{slash}{up}{slash}{up}{slash}{target}"));
            }
        }
    }
    let digest = "a".repeat(64);
    corpus.extend([
        "/etc/passwd".into(),
        "file:///etc/passwd".into(),
        "A".repeat(64),
        "a".repeat(63),
        "a".repeat(65),
        format!("{digest}%00"),
        format!("{digest}/"),
        format!("{digest}/../canary.txt"),
        format!("aa%2f{}", "a".repeat(62)),
        "%".into(),
        "%zz".into(),
        "*".into(),
        "~".into(),
        "%ff%fe".into(),
    ]);
    corpus
}

#[tokio::test]
async fn no_path_leads_out_of_the_store() {
    let Stage { server, .. } = stage().await;
    fs::write(server.data().join("canary.txt"), CANARY).unwrap();
    let secrets = [CANARY.to_owned(), fs::read_to_string(server.data().join("tokens.json")).unwrap()];
    let corpus = corpus();
    assert!(corpus.len() >= 300);
    for text in &corpus {
        for path in [format!("/api/artifacts/{text}"), format!("/{text}"), format!("/assets/{text}")] {
            let answer = server.request("GET", &path).send(server.address()).await;
            let answer = answer.unwrap_or_else(|error| panic!("{path}: {error}"));
            let body = answer.text();
            assert!(!secrets.iter().any(|secret| body.contains(secret)), "{path} leaks");
            assert!(!body.contains("root:"), "{path} leaks");
            if path.starts_with("/api/artifacts/") {
                assert!([400, 404].contains(&answer.status), "{path}: {}", answer.status);
            }
        }
    }
}

#[tokio::test]
async fn a_link_in_the_store_leads_nowhere() {
    let Stage { server, .. } = stage().await;
    let canary = server.data().join("canary.txt");
    fs::write(&canary, CANARY).unwrap();
    let digest = "ab".repeat(32);
    let folder = server.data().join("artifacts/ab");
    fs::create_dir_all(&folder).unwrap();
    std::os::unix::fs::symlink(&canary, folder.join(&digest[2..])).unwrap();
    let answer =
        server.request("GET", &format!("/api/artifacts/{digest}")).send(server.address()).await.unwrap();
    assert_eq!(answer.status, 404);
    assert!(!answer.text().contains(CANARY));
}

/// Bytes of a job are something to save, never a page of this origin.
#[tokio::test]
async fn an_artifact_comes_as_an_attachment_that_can_do_nothing() {
    let mut stage = stage().await;
    stage.dispatch(work("a", 1)).await.unwrap();
    let attempt = stage.attempts.next().await;
    let file = stage.server.data().join("page.html");
    fs::write(&file, "<script>alert(1)</script>").unwrap();
    let made = attempt.context().reporter.artifact("page.html", "text/html", &file).await.unwrap();
    attempt.finish(Outcome::Succeeded("done".into()));

    let (to, path) = (stage.server.address(), format!("/api/artifacts/{}", made.sha256));
    let answer = stage.server.request("GET", &format!("{path}?name=page.html")).send(to).await.unwrap();
    assert_eq!((answer.status, answer.text().as_str()), (200, "<script>alert(1)</script>"));
    assert_eq!(answer.header("content-type"), Some("application/octet-stream"));
    assert_eq!(answer.header("content-disposition"), Some("attachment; filename=\"page.html\""));
    assert!(answer.header("content-security-policy").is_some_and(|policy| policy.contains("sandbox")));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(stage.server.anonymous("GET", &path).send(to).await.unwrap().status, 401);
    for name in ["%22%0d%0aSet-Cookie:%20a=b", "..%2f..%2fa", "%00", ""] {
        let answer = stage.server.request("GET", &format!("{path}?name={name}")).send(to).await.unwrap();
        assert_eq!((answer.status, answer.header("set-cookie")), (200, None), "{name}");
        let shown = answer.header("content-disposition").unwrap_or_default();
        assert!(!shown.contains('/') && shown.matches('"').count() == 2, "{shown}");
    }
}
