//! `callboard workflow run | ls | get | cancel | retry | rm` on a real server.

use crate::kit::*;
use std::path::{Path, PathBuf};

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("a file");
    path
}

const GREET: &str = r#"
name: greet
input: { who: [ann, bob] }
steps:
  - id: each
    kind: echo
    forEach: ${input.who}
    args: { hello: "${item}", nth: "${index}" }
  - id: rare
    kind: echo
    when: ${steps.each.result.2} != null
  - id: end
    kind: echo
    needs: [rare]
    args: { all: "${steps.each.result}", rare: "${steps.rare.state}" }
"#;

#[tokio::test]
async fn a_recipe_is_run_and_its_graph_is_shown() {
    let (server, folder) = (Server::start().await, tempfile::tempdir().expect("a folder"));
    let file = write(folder.path(), "greet.yaml", GREET);
    let file = file.to_str().expect("UTF-8");
    let said = server.callboard(&["workflow", "run", file, "--id", "g1"]).await.succeeded();
    assert!(said.out.starts_with("✓ greet  g1  succeeded"), "{said:?}");
    assert!(said.out.contains("  ✓ each") && said.out.contains("echo  2 of 2"), "{said:?}");
    assert!(said.out.contains("    ↷ rare") && said.out.contains("      ✓ end"), "{said:?}");
    let input = r#"{"who":["cy","di","ed"]}"#;
    let said = server.callboard(&["workflow", "run", file, "--input", input, "--json"]).await.succeeded();
    let events = said.json_lines();
    let types: Vec<&str> = events.iter().filter_map(|event| event["type"].as_str()).collect();
    assert_eq!((types[0], types[types.len() - 1]), ("accepted", "finished"));
    assert!(events.iter().any(|event| event["step"] == "each" && event["state"] == "succeeded"), "{said:?}");
    let steps = &events[events.len() - 1]["workflow"]["steps"];
    assert_eq!(steps["end"]["result"]["all"][2], serde_json::json!({ "hello": "ed", "nth": 2 }));
    assert_eq!(steps["rare"]["state"], "succeeded");
    let plain = server.callboard(&["workflow", "run", file, "--progress", "plain"]).await.succeeded();
    assert!(plain.err.contains("each succeeded\n") && plain.err.contains("rare skipped\n"), "{plain:?}");

    let picked =
        server.callboard(&["workflow", "run", file, "--json=type,state"]).await.succeeded().json_lines();
    assert_eq!(picked.last(), Some(&serde_json::json!({ "type": "finished", "state": null })));

    let listed = server.callboard(&["workflow", "ls", "--json=id,name,state"]).await.succeeded().json();
    assert_eq!(listed["workflows"].as_array().map(Vec::len), Some(4));
    assert_eq!(
        listed["workflows"][3],
        serde_json::json!({ "id": "g1", "name": "greet", "state": "succeeded" })
    );
    let table = server.callboard(&["workflow", "ls"]).await.succeeded().out;
    assert!(table.contains("greet") && table.contains("3/3"), "{table}");
    let shown = server.callboard(&["workflow", "get", "g1"]).await.succeeded().out;
    assert!(shown.contains("✓ each"), "{shown}");
    let job = server.get("g1:each:1").await;
    assert_eq!((job["workflowId"].as_str(), job["workflowStep"]["item"].as_u64()), (Some("g1"), Some(1)));
}

#[tokio::test]
async fn a_failed_step_undoes_the_others_and_decides_the_exit_code() {
    // S2.23, end to end, with children that leave a trace.
    let (server, folder) = (Server::start().await, tempfile::tempdir().expect("a folder"));
    let trace = folder.path().join("trace");
    let say = |what: &str| format!(r#"{{ argv = ["sh", "-c", "echo {what} >> {}"] }}"#, trace.display());
    let toml = format!(
        "name = \"trip\"\n\
         [[steps]]\nid = \"flight\"\nkind = \"process.run\"\nargs = {}\ncompensate = {{ kind = \"process.run\", args = {} }}\n\
         [[steps]]\nid = \"car\"\nkind = \"process.run\"\nneeds = [\"flight\"]\nargs = {}\ncompensate = {{ kind = \"process.run\", args = {} }}\n\
         [[steps]]\nid = \"hotel\"\nkind = \"process.run\"\nneeds = [\"car\"]\nargs = {{ argv = [\"sh\", \"-c\", \"exit 3\"] }}\n",
        say("flight"),
        say("no-flight"),
        say("car"),
        say("no-car"),
    );
    let file = write(folder.path(), "trip.toml", &toml);
    let said = server.callboard(&["workflow", "run", file.to_str().expect("UTF-8")]).await;
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.contains("failed at hotel: ") && said.out.contains("undone: 2"), "{said:?}");
    let trace = std::fs::read_to_string(trace).expect("a trace");
    assert_eq!(trace.lines().collect::<Vec<_>>(), ["flight", "car", "no-car", "no-flight"]);
}

#[tokio::test]
async fn what_is_wrong_with_a_recipe_is_said_with_file_and_line() {
    let (server, folder) = (Server::start().await, tempfile::tempdir().expect("a folder"));
    for (name, text, told) in [
        (
            "a.yaml",
            "name: n\nsteps:\n  - id: a\n    kind: echo\n    needs: [b]\n",
            "a.yaml: line 5: step \"a\": needs: there is no step \"b\"",
        ),
        (
            "b.toml",
            "name = \"n\"\n[[steps]]\nid = \"a\"\nkind = \"echo\"\nwhen = \"=\"\n",
            "b.toml: line 5: step \"a\": when: column 1",
        ),
        ("c.json", "{\"name\":\"n\",\n\"steps\":[]}", "c.json: line 2: steps: there is none"),
        ("d.yml", "name: [", "d.yml: line"),
        ("e.txt", "", "e.txt: a recipe is a .json, .toml or .yaml file"),
    ] {
        let file = write(folder.path(), name, text);
        for extra in [&["--check"][..], &[]] {
            let args = [&["workflow", "run", file.to_str().expect("UTF-8")], extra].concat();
            let said = server.callboard(&args).await;
            assert_eq!(said.code, 2, "{said:?}");
            assert!(said.err.contains(told), "{said:?}");
        }
    }
    let good = write(folder.path(), "good.yaml", GREET);
    let good = good.to_str().expect("UTF-8");
    let said = server.callboard(&["workflow", "run", good, "--check"]).await.succeeded();
    assert_eq!(said.out, "greet: 3 steps, nothing wrong\n");
    assert_eq!(server.callboard(&["workflow", "ls"]).await.succeeded().out, "");
    let unknown = write(folder.path(), "u.yaml", "name: n\nsteps: [{id: a, kind: nope}]\n");
    let said = server.callboard(&["workflow", "run", unknown.to_str().expect("UTF-8"), "--json"]).await;
    assert_eq!((said.code, said.error()["code"].as_str()), (3, Some("unknown_kind")));
    assert_eq!(server.callboard(&["workflow", "get", "nope"]).await.code, 3);
    assert_eq!(server.callboard(&["workflow", "cancel", "nope"]).await.code, 3);
}

#[tokio::test]
async fn a_workflow_survives_a_crash_of_the_server() {
    let (server, folder) = (Server::start().await, tempfile::tempdir().expect("a folder"));
    let (port, trace, flag) = (server.port(), folder.path().join("trace"), folder.path().join("flag"));
    let script = |body: &str| format!(r#"{{ argv: [sh, -c, "{body}"] }}"#);
    let first = script(&format!("echo first >> {}", trace.display()));
    // The first attempt waits for ever, the second one ends.
    let waits = format!(
        "echo second >> {}; test -e {1} || {{ touch {1}; sleep 1000; }}",
        trace.display(),
        flag.display()
    );
    let last = script(&format!("echo third >> {}", trace.display()));
    let text = format!(
        "name: crash\nsteps:\n  - id: first\n    kind: process.run\n    args: {first}\n  - id: second\n    kind: process.run\n    needs: [first]\n    args: {}\n  - id: third\n    kind: process.run\n    needs: [second]\n    args: {last}\n",
        script(&waits)
    );
    let file = write(folder.path(), "crash.yaml", &text);
    let running = server.spawn(&["workflow", "run", file.to_str().expect("UTF-8"), "--id", "c"]);
    let look = async {
        while !flag.exists() {
            tokio::task::yield_now().await
        }
    };
    tokio::time::timeout(LIMIT, look).await.expect("the second step begins");
    let data = server.kill().await;
    let server = Server::start_in(data, &port).await;
    let said = running.end().await;
    assert_eq!(said.code, 0, "{said:?}");
    let trace = std::fs::read_to_string(trace).expect("a trace");
    assert_eq!(trace.lines().collect::<Vec<_>>(), ["first", "second", "second", "third"]);
    assert_eq!(server.get("c:first").await["attempt"], 1);
}

#[tokio::test]
async fn ctrl_c_cancels_the_workflow() {
    let (server, folder) = (Server::start().await, tempfile::tempdir().expect("a folder"));
    let text = "name: long\nsteps:\n  - {id: a, kind: sleep, args: {ms: 600000}}\n  - {id: b, kind: echo, needs: [a]}\n";
    let file = write(folder.path(), "long.yaml", text);
    let file = file.to_str().expect("UTF-8");
    let mut running = server.spawn(&["workflow", "run", file, "--id", "l", "--json"]);
    while !running.line().await.contains(r#""step":"a""#) {}
    running.interrupt();
    assert_eq!(running.end().await.code, 130);
    let shown = server.callboard(&["workflow", "get", "l", "--json"]).await.succeeded().json();
    assert_eq!(
        (&shown["state"], &shown["cancel"]["reason"]),
        (&"cancelled".into(), &"interrupted by the user".into())
    );

    let id = server.job(&["workflow", "run", file, "--detach"]).await;
    let said = server.callboard(&["workflow", "cancel", &id, "--reason", "enough"]).await.succeeded();
    assert!(said.out.ends_with(" cancelled\n"), "{said:?}");
}

#[tokio::test]
async fn a_failed_workflow_goes_on_from_its_step_and_is_removed() {
    let (server, folder) = (Server::start().await, tempfile::tempdir().expect("a folder"));
    let (trace, flag) = (folder.path().join("trace"), folder.path().join("flag"));
    let text = format!(
        "name: again\nsteps:\n  - {{id: a, kind: process.run, args: {{argv: [sh, -c, \"echo a >> {0}\"]}}}}\n  \
         - {{id: b, kind: process.run, needs: [a], args: {{argv: [sh, -c, \"echo b >> {0}; test -e {1}\"]}}}}\n",
        trace.display(),
        flag.display()
    );
    let file = write(folder.path(), "again.yaml", &text);
    let said = server.callboard(&["workflow", "run", file.to_str().expect("UTF-8"), "--id", "a1"]).await;
    assert_eq!(said.code, 1, "{said:?}");
    std::fs::write(&flag, "").expect("a file");
    let said = server.callboard(&["workflow", "retry", "a1"]).await.succeeded();
    assert!(said.out.starts_with("✓ again  a1  succeeded"), "{said:?}");
    let trace = std::fs::read_to_string(trace).expect("a trace");
    assert_eq!(trace.lines().collect::<Vec<_>>(), ["a", "b", "b"], "what had succeeded is kept");
    assert_eq!(server.callboard(&["workflow", "retry", "a1"]).await.code, 4, "it has succeeded");
    let none = server.callboard(&["workflow", "retry", "a1", "--from", "nope"]).await;
    assert!(none.code == 4 && none.err.contains("there is no step"), "{none:?}");
    // From a step that is named it runs again all the same.
    let said = server.callboard(&["workflow", "retry", "a1", "--from", "b"]).await.succeeded();
    assert!(said.out.starts_with("✓ again  a1  succeeded"), "{said:?}");
    let trace = std::fs::read_to_string(folder.path().join("trace")).expect("a trace");
    assert_eq!(trace.lines().collect::<Vec<_>>(), ["a", "b", "b", "b"]);
    let gone = server.callboard(&["workflow", "rm", "a1", "nope", "--json"]).await;
    assert_eq!((gone.code, gone.json_lines()[0]["removed"].as_bool()), (3, Some(true)), "{gone:?}");
    assert_eq!(server.callboard(&["workflow", "get", "a1"]).await.code, 3);
    assert_eq!(server.get("a1:b.2").await["state"], "succeeded");

    let long = "name: late\nsteps:\n  - {id: a, kind: sleep, args: {ms: 600000}}\n";
    let long = write(folder.path(), "late.yaml", long);
    let long = long.to_str().expect("UTF-8");
    let late = server.callboard(&["workflow", "run", long, "--deadline", "100ms"]).await;
    assert_eq!(late.code, 1, "{late:?}");
    assert!(late.out.contains("failed at a: the workflow was not done by its deadline"), "{late:?}");
    assert_eq!(server.callboard(&["workflow", "run", long, "--deadline", "soon"]).await.code, 2);
}

/// Each recipe of the guide, as its format and text.
fn recipes_of_the_guide() -> Vec<(&'static str, String)> {
    let guide = include_str!("../../../../docs/guides/workflows.md");
    let mut found = Vec::new();
    for format in ["yaml", "toml", "json"] {
        let fence = format!("```{format}\n");
        let blocks = guide.split(&fence).skip(1).filter_map(|rest| rest.split("```").next());
        found.extend(blocks.map(|text| (format, text.to_owned())));
    }
    found
}

#[tokio::test]
async fn the_recipes_of_the_guide_do_what_it_says() {
    let (server, folder) = (Server::start().await, tempfile::tempdir().expect("a folder"));
    let recipes = recipes_of_the_guide();
    assert_eq!(recipes.len(), 3);
    for (format, text) in recipes {
        let file = write(folder.path(), &format!("recipe.{format}"), &text);
        let said =
            server.callboard(&["workflow", "run", file.to_str().expect("UTF-8"), "--json"]).await.succeeded();
        let events = said.json_lines();
        let steps = &events[events.len() - 1]["workflow"]["steps"];
        match format {
            "yaml" => assert_eq!(steps["party"]["result"]["host"], "ann & co"),
            "toml" => assert_eq!(steps["mail"]["result"]["text"], "seat 17, room 4"),
            _ => assert_eq!(steps["callback"]["result"]["results"][4]["n"], 5),
        }
    }
}

/// Serves the same bytes to everybody who asks.
async fn serve(bytes: Vec<u8>) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let head =
                format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", bytes.len());
            let _ = stream.write_all(head.as_bytes()).await;
            let _ = stream.write_all(&bytes).await;
        }
    });
    format!("http://{address}")
}

/// Issue 4: a real pipeline on files served locally.
#[tokio::test]
async fn the_pipeline_downloads_unpacks_digests_and_reports() {
    let (server, folder) = (Server::start().await, tempfile::tempdir().expect("a folder"));
    std::fs::write(folder.path().join("hello.txt"), "hello").expect("a file");
    let packed =
        std::process::Command::new("tar").args(["-cf", "-", "hello.txt"]).current_dir(&folder).output();
    let url = serve(packed.expect("tar is there").stdout).await;
    let out = folder.path().join("out");
    std::fs::create_dir(&out).expect("a folder");
    let input = serde_json::json!({
        "urls": [format!("{url}/a.tar"), format!("{url}/b.tar")],
        "artifacts": server.data.path().join("artifacts"),
        "folder": out,
    });
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/workflows/pipeline.yaml");
    let said = server.callboard(&["workflow", "run", file, "--input", &input.to_string()]).await.succeeded();
    assert!(said.out.contains("2 of 2"), "{said:?}");
    assert_eq!(std::fs::read_to_string(out.join("1/hello.txt")).expect("unpacked"), "hello");
    let report = std::fs::read_to_string(out.join("report.txt")).expect("a report");
    assert!(report.starts_with("2 files, 10 bytes, "), "{report}");
}
