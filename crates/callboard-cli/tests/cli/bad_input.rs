//! Programs that misbehave in every way at once: bounded memory, nothing lost, the board goes on (issue list "Bad input").

use crate::kit::*;

/// The most memory that a process ever had, in MiB.
fn peak_mib(pid: u64) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("a peak");
    let kib: u64 = line.split_whitespace().nth(1).and_then(|word| word.parse().ok()).expect("a number");
    kib / 1024
}

impl Server {
    async fn runs(&self, script: &str) -> serde_json::Value {
        let args = serde_json::json!({ "argv": ["sh", "-c", script] }).to_string();
        let id = self.job(&["start", "process.run", &args]).await;
        self.callboard(&["wait", &id]).await;
        self.get(&id).await
    }
}

/// 100 MB without a line break, on each of the channels that a program has.
#[tokio::test]
async fn floods_without_a_line_break_stay_bounded() {
    let server = Server::start().await;
    let pid = server.ready["pid"].as_u64().expect("a process");
    server.runs("true").await;
    let before = peak_mib(pid);
    for channel in ["1", "2", "3"] {
        let script =
            format!("head -c 100000000 /dev/zero | tr '\\0' x >&{channel}; echo >&{channel}; echo end");
        let job = server.runs(&script).await;
        assert_eq!(job["state"], "succeeded", "{job}");
        let id = job["id"].as_str().expect("an id");
        let lines = server.callboard(&["logs", id, "--json"]).await.succeeded().json_lines();
        let texts: Vec<&str> = lines.iter().filter_map(|line| line["message"].as_str()).collect();
        assert!(texts.contains(&"end"), "{texts:?}");
        assert!(lines.len() < 10 && texts.iter().all(|text| text.len() <= 8 * 1024), "{}", lines.len());
        let counted =
            texts.iter().any(|text| text.contains("more bytes") || text.contains("100000000 bytes"));
        assert!(counted || channel == "3", "what is missing is counted: {texts:?}");
    }
    let grown = peak_mib(pid).saturating_sub(before);
    assert!(grown < 48, "{grown} MiB more than before");
}

#[tokio::test]
async fn garbage_on_the_report_channel_is_no_report() {
    let server = Server::start().await;
    let job = server
        .runs(
            r#"head -c 300000 /dev/urandom >&3; echo >&3
            echo '{"progress":{"value":NaN}}' >&3; echo '{"progress":{"value":1e999}}' >&3
            echo '{"progress":{"value":-7}}' >&3; echo '{"progress":null}' >&3; echo '[[[[' >&3
            echo '{"artifact":{"path":"../../../etc/passwd"}}' >&3
            echo '{"progress":{"value":0.5}}' >&3; echo '{"result":{"ok":true}}' >&3"#,
        )
        .await;
    assert_eq!((&job["state"], &job["result"]["ok"]), (&"succeeded".into(), &true.into()), "{job}");
    assert_eq!(
        (&job["progress"]["value"], &job["artifacts"]),
        (&0.5.into(), &serde_json::Value::Null),
        "{job}"
    );
}

/// Children that outlive their parent, in its group and out of it, and one that asks not to be stopped.
#[tokio::test]
async fn children_that_outlive_the_job_are_ended() {
    let server = Server::start().await;
    let job = server
        .runs(
            r#"sleep 1000 & one=$!
            sh -c 'trap "" TERM HUP; while :; do sleep 1000; done' & two=$!
            setsid sleep 1000 & three=$!
            echo "{\"result\":\"$one $two\"}" >&3"#,
        )
        .await;
    assert_eq!(job["state"], "succeeded", "{job}");
    let pids = job["result"].as_str().expect("what it started").to_owned();
    let gone = async {
        for pid in pids.split(' ') {
            while is_alive(pid) {
                tokio::task::yield_now().await;
            }
        }
    };
    tokio::time::timeout(LIMIT, gone).await.expect("they are ended");
    // The board goes on, with all its slots.
    assert_eq!(server.runs("true").await["state"], "succeeded");
    let summary = server.callboard(&["state", "/summary/running"]).await.succeeded();
    assert_eq!(summary.out.trim(), "0");
}
