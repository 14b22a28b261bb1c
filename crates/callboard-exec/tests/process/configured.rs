//! Configured programs: places for arguments, exit codes, progress, results, artifacts, limits, secrets.

use crate::support::{Stage, bounded, error, result};
use callboard_exec::{
    ArtifactPattern, Executor, Outcome, ProcessExecutor, ProgramSpec, ProgressPattern, ProgressSpec,
    ResourceLimits, ResultSource, ResultSpec, Secrets, Streams, Template,
};
use callboard_protocol::{Node, caps};
use serde_json::{Value, json};

/// The template of a text that is one.
fn text(source: &str) -> Template {
    Template::parse(source).expect("a template")
}

/// A script as a configured program.
fn script(source: &str) -> ProgramSpec {
    ProgramSpec { argv: ["sh", "-c", &braces(source)].map(text).into(), ..ProgramSpec::default() }
}

/// A script is full of braces that are no places.
fn braces(source: &str) -> String {
    source.replace('{', "{{").replace('}', "}}")
}

async fn run(stage: &Stage, spec: ProgramSpec, args: Value) -> Outcome {
    let executor = ProcessExecutor::configured(spec).expect("a sound configuration");
    bounded(executor.execute(stage.attempt(args))).await
}

#[tokio::test]
async fn arguments_fill_their_places_and_stay_one_argument_each() {
    let stage = Stage::new();
    let spec = ProgramSpec {
        argv: [
            "sh",
            "-c",
            &braces(r#"printf '<%s>' "$@" "$QUALITY"; echo; cat; pwd"#),
            "sh",
            "--w={args.w}",
            "--",
            "{args.name}",
        ]
        .map(text)
        .into(),
        env: [("QUALITY".to_owned(), text("q {args.w}"))].into(),
        stdin: Some(text("{args}\n")),
        cwd: Some(text("{job.workDir}")),
        ..ProgramSpec::default()
    };
    let args = json!({"w": 640, "name": "$(id) ; a\nb"});
    result(run(&stage, spec, args.clone()).await);
    let lines = stage.memory.channel("stdout");
    assert_eq!(lines[..2], ["<--w=640><--><$(id) ; a", "b><q 640>"]);
    assert_eq!(serde_json::from_str::<Value>(&lines[2]).unwrap(), args);
    assert_eq!(lines[3], stage.work_dir().to_str().unwrap());
}

#[test]
fn arguments_that_do_not_fit_are_refused_before_the_job_is_accepted() {
    let spec = ProgramSpec {
        argv: ["tool", "{args.file}", "-n={args.count}"].map(text).into(),
        cwd: Some(text("/srv/{args.project}")),
        ..ProgramSpec::default()
    };
    let program = ProcessExecutor::configured(spec).unwrap();
    let check = |args: Value| program.check(&Node::from(&args)).map_err(|rejection| rejection.message);
    assert_eq!(check(json!({"file": "a", "count": 1, "project": "p"})), Ok(()));
    assert_eq!(check(json!({"file": -5, "count": 1, "project": "p"})), Ok(()), "a number is no option");
    for (args, start) in [
        (json!({"file": "a", "project": "p"}), "args.count: is missing; \"-n={args.count}\" needs it"),
        (
            json!({"file": "--output=/etc/passwd", "count": 1, "project": "p"}),
            "argv: \"{args.file}\" must not begin",
        ),
        (json!({"file": "a\u{0}", "count": 1, "project": "p"}), "args.file: must not contain a NUL"),
        (json!({"file": "a", "count": 1, "project": "../../etc"}), "args.project: must be one name"),
        (json!(["file"]), "args: must be an object"),
    ] {
        let message = check(args).unwrap_err();
        assert!(message.starts_with(start), "{message}");
    }
}

#[test]
fn a_configuration_that_cannot_work_is_refused() {
    let sound = || ProgramSpec { argv: vec![text("true")], ..ProgramSpec::default() };
    let secret = || Secrets::new([("key".into(), "hunter2".into())]);
    let wrong: [(ProgramSpec, &str); 6] = [
        (ProgramSpec::default(), "argv"),
        (
            ProgramSpec { argv: ["true", "{secrets.key}"].map(text).into(), secrets: secret(), ..sound() },
            "argv",
        ),
        (ProgramSpec { cwd: Some(text("relative")), ..sound() }, "cwd"),
        (ProgramSpec { stdin: Some(text("{secrets.other}")), secrets: secret(), ..sound() }, "stdin"),
        (ProgramSpec { result: ResultSpec { from: ResultSource::File, path: None }, ..sound() }, "result"),
        (ProgramSpec { env: [("A=".to_owned(), text("b"))].into(), ..sound() }, "env"),
    ];
    for (spec, member) in wrong {
        assert_eq!(ProcessExecutor::configured(spec).map(drop).map_err(|(member, _)| member), Err(member));
    }
}

#[tokio::test]
async fn exit_codes_mean_what_is_configured() {
    let codes = |source| ProgramSpec { success_codes: vec![0, 3], fatal_codes: vec![4], ..script(source) };
    assert_eq!(result(run(&Stage::new(), codes("exit 3"), json!({})).await), Value::Null);
    for (source, again) in [("exit 4", false), ("exit 5", true)] {
        let (failure, retryable) = error(run(&Stage::new(), codes(source), json!({})).await);
        assert_eq!((failure.code.as_str(), retryable), ("exit_code", again), "{source}");
    }
}

#[tokio::test]
async fn progress_is_read_from_what_a_program_shows_people() {
    let regex = Some(ProgressPattern::parse(r"(?<message>\w+) (?<percent>\d+)%").unwrap());
    let progress = ProgressSpec { regex, from: Streams::Stderr, json: false };
    // A bar that is written anew in place, as ffmpeg, curl and wget do it.
    let source = r"echo 'no 99%'; printf 'frame 10%%\rframe 50%%\r' >&2; printf 'frame 75%%\nend\n' >&2";
    let stage = Stage::new();
    result(run(&stage, ProgramSpec { progress, ..script(source) }, json!({})).await);
    let seen = stage.memory.progress.lock().unwrap().clone();
    let values: Vec<f64> = seen.iter().map(|progress| progress.value).collect();
    assert_eq!(values, [0.1, 0.5, 0.75]);
    assert_eq!(seen[0].message.as_deref(), Some("frame"));
    assert_eq!(stage.memory.channel("stderr"), ["frame 75%", "end"]);
}

#[tokio::test]
async fn lines_of_json_on_standard_output_are_reports() {
    let progress = ProgressSpec { json: true, ..ProgressSpec::default() };
    let source = r#"echo hello; echo '{"progress":{"value":0.5}}'; echo '{"other":1}'; echo '{"result":{"n":1}}'; echo x > f.txt; echo '{"artifact":{"path":"f.txt"}}'"#;
    let stage = Stage::new();
    let outcome = run(&stage, ProgramSpec { progress, ..script(source) }, json!({})).await;
    assert_eq!(result(outcome), json!({"n": 1}));
    assert_eq!(stage.memory.progress.lock().unwrap()[0].value, 0.5);
    assert_eq!(stage.memory.artifacts.lock().unwrap()[0].name, "f.txt");
    assert_eq!(stage.memory.channel("stdout"), ["hello", r#"{"other":1}"#], "what is no report is a line");
}

#[tokio::test]
async fn the_last_line_that_is_json_is_the_result() {
    let last = |source| ProgramSpec {
        result: ResultSpec { from: ResultSource::LastJson, path: None },
        ..script(source)
    };
    let outcome = |source: &'static str| async move { run(&Stage::new(), last(source), json!({})).await };
    assert_eq!(
        result(outcome(r#"echo '{"a":1}'; echo '{"a":2}'; echo done; echo '{broken'"#).await),
        json!({"a": 2})
    );
    assert_eq!(result(outcome("echo 42").await), json!(42));
    assert_eq!(result(outcome("echo nothing").await), Value::Null);
    assert_eq!(
        result(outcome(r#"echo '{"result":"reported"}' >&3; echo '{"a":1}'"#).await),
        json!("reported")
    );
    let long = outcome(r#"printf '["'; head -c 50000 /dev/zero | tr '\0' x; echo '"]'"#).await;
    assert_eq!(result(long)[0].as_str().map(str::len), Some(50_000), "longer than a line of log");
    let (failure, _) = error(outcome(r#"printf '["'; head -c 70000 /dev/zero | tr '\0' x; echo '"]'"#).await);
    assert_eq!(failure.code, "too_large");
}

#[tokio::test]
async fn a_result_can_be_in_a_file_and_only_in_the_folder() {
    let file = |source, path: &str| ProgramSpec {
        result: ResultSpec { from: ResultSource::File, path: Some(path.into()) },
        ..script(source)
    };
    let ok = run(&Stage::new(), file(r#"echo '[1]' > out.json"#, "out.json"), json!({})).await;
    assert_eq!(result(ok), json!([1]));
    for (source, path, code) in [
        ("true", "out.json", "bad_result"),
        ("echo x > out.json", "out.json", "bad_result"),
        ("ln -s /etc/hostname out.json", "out.json", "bad_result"),
        ("true", "../../etc/hostname", "bad_result"),
        ("mkdir out.json", "out.json", "bad_result"),
        ("head -c 70000 /dev/zero > out.json", "out.json", "too_large"),
    ] {
        let (failure, retryable) = error(run(&Stage::new(), file(source, path), json!({})).await);
        assert_eq!((failure.code.as_str(), retryable), (code, false), "{source}");
    }
}

#[tokio::test]
async fn files_that_match_are_kept_when_it_succeeds() {
    let kept = |source| ProgramSpec {
        artifacts: ["*.png", "out/**/*.csv"].map(|pattern| ArtifactPattern::parse(pattern).unwrap()).into(),
        ..script(source)
    };
    let stage = Stage::new();
    let source =
        "mkdir -p out/deep; echo 1 > a.png; echo 2 > out/deep/t.csv; echo 3 > b.txt; ln -s /etc/passwd c.png";
    result(run(&stage, kept(source), json!({})).await);
    let seen = stage.memory.artifacts.lock().unwrap().clone();
    let names: Vec<_> =
        seen.iter().map(|artifact| (artifact.name.as_str(), artifact.mime.as_str())).collect();
    assert_eq!(names, [("a.png", "image/png"), ("t.csv", "text/csv")]);
    let failed = Stage::new();
    error(run(&failed, kept("echo 1 > a.png; exit 1"), json!({})).await);
    assert!(failed.memory.artifacts.lock().unwrap().is_empty());
}

#[tokio::test]
async fn limits_hold_and_are_named() {
    let limited = |limits, source| ProgramSpec { limits, ..script(source) };
    let limits = ResourceLimits {
        cpu_seconds: Some(7),
        open_files: Some(32),
        file_bytes: Some(10_240),
        nice: Some(5),
        ..ResourceLimits::default()
    };
    let stage = Stage::new();
    result(run(&stage, limited(limits, "ulimit -t; ulimit -n; nice"), json!({})).await);
    assert_eq!(stage.memory.channel("stdout"), ["7", "32", "5"]);
    let (failure, retryable) =
        error(run(&Stage::new(), limited(limits, "exec head -c 100000 /dev/zero > big"), json!({})).await);
    assert_eq!((failure.code.as_str(), retryable), ("over_limit", false));
    assert!(failure.message.contains("more than 10240 bytes"), "{}", failure.message);
    let limits = ResourceLimits { memory_bytes: Some(64 << 20), ..ResourceLimits::default() };
    let stage = Stage::new();
    result(run(&stage, limited(limits, "ulimit -v"), json!({})).await);
    assert_eq!(stage.memory.channel("stdout"), ["65536"]);
}

#[tokio::test]
async fn a_child_that_burns_the_processor_is_ended() {
    let limits = ResourceLimits { cpu_seconds: Some(1), ..ResourceLimits::default() };
    let (failure, retryable) =
        error(run(&Stage::new(), ProgramSpec { limits, ..script("while :; do :; done") }, json!({})).await);
    assert_eq!((failure.code.as_str(), retryable), ("over_limit", false));
    assert!(failure.message.contains("1 seconds of processor time"), "{}", failure.message);
}

#[tokio::test]
async fn secrets_reach_the_program_and_nobody_else() {
    let spec = |source| ProgramSpec {
        env: [("KEY".to_owned(), text("{secrets.key}"))].into(),
        secrets: Secrets::new([("key".into(), "hunter2".into())]),
        ..script(source)
    };
    let stage = Stage::new();
    let source = r#"echo "key $KEY"; echo "{\"result\":\"$KEY\"}" >&3; test "$KEY" = hunter2"#;
    assert_eq!(result(run(&stage, spec(source), json!({})).await), json!("[secret]"));
    assert_eq!(stage.memory.channel("stdout"), ["key [secret]"]);
    let (failure, _) = error(run(&Stage::new(), spec("echo wrong $KEY >&2; exit 1"), json!({})).await);
    assert_eq!(failure.message, "wrong [secret]");
    let executor = ProcessExecutor::configured(spec("true")).unwrap();
    assert!(!format!("{executor:?}").contains("hunter2"));
    assert!(!format!("{:?}", spec("true")).contains("hunter2"));
}

#[tokio::test]
async fn a_hundred_megabytes_without_a_line_break_stay_bounded() {
    let stage = Stage::new();
    let spec = ProgramSpec {
        result: ResultSpec { from: ResultSource::LastJson, path: None },
        ..script("head -c 100000000 /dev/zero; echo; echo 1")
    };
    assert_eq!(result(run(&stage, spec, json!({})).await), json!(1));
    let lines = stage.memory.channel("stdout");
    assert_eq!((lines.len(), lines[1].as_str()), (2, "1"));
    assert!(lines[0].len() <= caps::LOG_LINE_BYTES && lines[0].ends_with("more bytes]"));
}
