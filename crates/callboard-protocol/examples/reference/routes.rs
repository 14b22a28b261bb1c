//! Every HTTP route: what it takes and what it answers. A test of the server holds its router to this table.

/// Where a value is given.
pub(crate) enum In {
    Path,
    Query,
    Header,
}

/// A parameter: where, its name, its JSON type, what it is.
pub(crate) type Param = (In, &'static str, &'static str, &'static str);

/// One route.
pub(crate) struct Route {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    /// Whether it needs no token.
    pub(crate) open: bool,
    pub(crate) summary: &'static str,
    pub(crate) params: &'static [Param],
    /// A name of a type, or a schema in JSON.
    pub(crate) body: Option<&'static str>,
    /// The media type of a good answer, and the type of it if it is JSON.
    pub(crate) answer: (&'static str, &'static str),
}

const JSON: &str = "application/json";
const ID: Param = (In::Path, "id", "string", "the job");
const WORKFLOW: Param = (In::Path, "id", "string", "the workflow");
const KEY: Param =
    (In::Header, "Idempotency-Key", "string", "the same key within ten minutes is answered as before");
const LIMIT: Param = (In::Query, "limit", "integer", "at most so many");

const fn get(
    path: &'static str,
    summary: &'static str,
    params: &'static [Param],
    answer: &'static str,
) -> Route {
    Route { method: "get", path, open: false, summary, params, body: None, answer: (JSON, answer) }
}

pub(crate) const ROUTES: &[Route] = &[
    Route {
        method: "post",
        path: "/api/auth/launch",
        open: true,
        summary: "A one-time code for a token",
        params: &[],
        body: Some(r#"{"type":"object","required":["code"],"properties":{"code":{"type":"string"}}}"#),
        answer: (
            JSON,
            r#"{"type":"object","properties":{"token":{"type":"string"},"role":{"$ref":"Role"},"expiresAt":{"type":"string","format":"date-time"}}}"#,
        ),
    },
    Route {
        method: "post",
        path: "/api/auth/launch-code",
        open: false,
        summary: "An address that lets one browser in; admins only",
        params: &[],
        body: None,
        answer: (JSON, r#"{"type":"object","properties":{"url":{"type":"string"}}}"#),
    },
    Route { open: true, ..get("/healthz", "Whether the process answers", &[], "any") },
    Route {
        open: true,
        ..get(
            "/readyz",
            "Whether jobs are taken, or what is missing (503)",
            &[],
            r#"{"type":"object","properties":{"ready":{"type":"boolean"},"missing":{"type":"array","items":{"type":"string"}}}}"#,
        )
    },
    Route { open: true, ..get("/version", "What runs here", &[], "any") },
    Route { open: true, ..get("/api/openapi.json", "This description", &[], "any") },
    Route {
        open: true,
        answer: ("text/html", ""),
        ..get("/api/docs", "This description, for people", &[], "any")
    },
    Route {
        open: true,
        answer: ("text/css", ""),
        ..get("/api/docs.css", "What the page for people wears", &[], "any")
    },
    Route {
        answer: ("text/plain", ""),
        ..get("/metrics", "Counters and limits as Prometheus text", &[], "any")
    },
    get("/api/whoami", "The role and name of the token", &[], "any"),
    get("/api/kinds", "What can be run here", &[], "any"),
    get(
        "/api/state",
        "The state, or a part of it, now or at a version. `ETag: \"epoch:version\"`, 304",
        &[
            (In::Query, "path", "string", "a JSON pointer"),
            (In::Query, "at", "integer", "a version of the past"),
            (In::Header, "If-None-Match", "string", "tags that are known"),
        ],
        r#"{"type":"object","properties":{"epoch":{"$ref":"Epoch"},"version":{"type":"integer"},"data":true}}"#,
    ),
    Route {
        answer: ("text/event-stream", ""),
        ..get(
            "/api/stream",
            "The state as server-sent events: `state.snapshot`, then `state.patch`; the id of an event is a position",
            &[
                (In::Header, "Last-Event-ID", "string", "`epoch:version` to go on from"),
                (In::Query, "lastEventId", "string", "the same, where no header can be sent"),
            ],
            "any",
        )
    },
    get(
        "/api/history",
        "What happened, change by change",
        &[
            (In::Query, "since", "integer", "the version before the first"),
            LIMIT,
            (In::Query, "path", "string", "only what touched this JSON pointer"),
        ],
        r#"{"type":"object","properties":{"epoch":{"$ref":"Epoch"},"head":{"type":"integer"},"changes":{"type":"array","items":true},"nextSince":{"type":"integer"}}}"#,
    ),
    get(
        "/api/diff",
        "The operations that lead from one version to another",
        &[(In::Query, "from", "integer", "a version"), (In::Query, "to", "integer", "a later one; the head")],
        r#"{"type":"object","properties":{"epoch":{"$ref":"Epoch"},"fromVersion":{"type":"integer"},"toVersion":{"type":"integer"},"patch":{"type":"array","items":{"$ref":"Op"}}}}"#,
    ),
    Route {
        method: "post",
        path: "/api/commands/{name}",
        open: false,
        summary: "Carries out a command; the body holds its arguments",
        params: &[(In::Path, "name", "string", "the command"), KEY],
        body: Some("any"),
        answer: (JSON, "Accepted"),
    },
    get(
        "/api/jobs",
        "Jobs, the newest first; finished ones from the store",
        &[
            (In::Query, "state", "string", "states, with commas between them"),
            (In::Query, "kind", "string", "only of this kind"),
            (
                In::Query,
                "q",
                "string",
                "only what this query means, such as `state:failed error:/time.?out/i`",
            ),
            LIMIT,
            (In::Query, "cursor", "string", "`nextCursor` of the page before"),
        ],
        r#"{"type":"object","properties":{"jobs":{"type":"array","items":{"$ref":"Job"}},"nextCursor":{"type":["string","null"]},"cut":{"type":"boolean"}}}"#,
    ),
    get("/api/jobs/{id}", "A job's record", &[ID], "Job"),
    get(
        "/api/jobs/{id}/attempts",
        "A job's attempts",
        &[ID],
        r#"{"type":"object","properties":{"attempts":{"type":"array","items":{"$ref":"Attempt"}}}}"#,
    ),
    get(
        "/api/jobs/{id}/logs",
        "A job's lines, from its file",
        &[ID, (In::Query, "sinceSeq", "integer", "the last line that is known"), LIMIT],
        r#"{"type":"object","properties":{"entries":{"type":"array","items":{"$ref":"LogEntry"}},"truncated":{"type":"boolean"},"nextSeq":{"type":"integer"}}}"#,
    ),
    get(
        "/api/workflows",
        "Workflows of the live state, the newest first",
        &[
            (In::Query, "state", "string", "states, with commas between them"),
            (In::Query, "name", "string", "only of recipes with this name"),
            LIMIT,
        ],
        r#"{"type":"object","properties":{"workflows":{"type":"array","items":{"$ref":"Workflow"}},"total":{"type":"integer"}}}"#,
    ),
    Route {
        method: "post",
        path: "/api/workflows",
        open: false,
        summary: "Starts a workflow: `workflows.start`",
        params: &[KEY],
        body: Some("WorkflowArgs"),
        answer: (JSON, "Accepted"),
    },
    get("/api/workflows/{id}", "A workflow's record", &[WORKFLOW], "Workflow"),
    Route {
        method: "delete",
        path: "/api/workflows/{id}",
        open: false,
        summary: "Takes a workflow that has ended out of the state: `workflows.delete`",
        params: &[WORKFLOW, KEY],
        body: None,
        answer: (JSON, "Accepted"),
    },
    Route {
        method: "post",
        path: "/api/workflows/{id}/cancel",
        open: false,
        summary: "Stops a workflow and undoes what it did: `workflows.cancel`",
        params: &[WORKFLOW, KEY],
        body: Some(r#"{"type":"object","properties":{"reason":{"type":"string"}}}"#),
        answer: (JSON, "Accepted"),
    },
    Route {
        method: "post",
        path: "/api/workflows/{id}/retry",
        open: false,
        summary: "Runs a workflow again from the steps that did not succeed, or that are named: `workflows.retry`",
        params: &[WORKFLOW, KEY],
        body: Some(r#"{"type":"object","properties":{"from":{"type":"array","items":{"type":"string"}}}}"#),
        answer: (JSON, "Accepted"),
    },
    get(
        "/api/logs",
        "The board's lines, from memory",
        &[
            (In::Query, "sinceSeq", "integer", "the last line that is known"),
            LIMIT,
            (In::Query, "channels", "string", "channels, with commas between them"),
            (In::Query, "minLevel", "string", "nothing below this level"),
        ],
        r#"{"type":"object","properties":{"entries":{"type":"array","items":{"$ref":"LogEntry"}},"truncated":{"type":"boolean"},"nextSeq":{"type":"integer"}}}"#,
    ),
    Route {
        method: "post",
        path: "/api/logs/ingest",
        open: false,
        summary: "Takes lines of others: an entry, a list of them, or `{entries}`; at most 1000",
        params: &[],
        body: Some(
            r#"{"type":["object","array"],"properties":{"channel":{"type":"string"},"level":{"$ref":"Level"},"message":{"type":"string"},"fields":{"type":"object"},"entries":{"type":"array"}}}"#,
        ),
        answer: (
            JSON,
            r#"{"type":"object","properties":{"ok":{"const":true},"accepted":{"type":"integer"}}}"#,
        ),
    },
    Route {
        answer: ("application/octet-stream", ""),
        ..get(
            "/api/artifacts/{sha256}",
            "An artifact's bytes, always to be saved",
            &[(In::Path, "sha256", "string", "its digest"), (In::Query, "name", "string", "the file's name")],
            "any",
        )
    },
];
