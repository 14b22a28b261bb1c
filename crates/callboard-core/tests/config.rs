//! What clients adopt: written at the start, changed by command, each value with its source (S3.14-S3.17).

use callboard_core::{Context, Core, Decided, Input, Limits, Recovered};
use callboard_protocol::{
    Actor, Node, Time,
    command::Command,
    config::{Settings, Source},
    error::{ErrorCode, Rejection},
};

struct Board(Core);

impl Board {
    fn new(recovered: Recovered, settings: &Settings) -> Board {
        let mut board = Board(Core::new(recovered, Limits::default()));
        board.receive(Input::Configure(Box::new(settings.clone()))).expect("accepted");
        board
    }

    fn receive(&mut self, input: Input) -> Result<Decided, Rejection> {
        let actor = Actor::new("test");
        self.0.receive(input, &Context { now: Time(1), chance: 0.5, actor, key: None })
    }

    fn set(&mut self, values: &str) -> Result<Decided, Rejection> {
        let args: Node = serde_json::from_str(&format!(r#"{{"values":{values}}}"#)).expect("JSON");
        self.receive(Input::Command(Command::parse("config.set", &args)?))
    }

    fn at(&self, pointer: &str) -> String {
        self.0.document().at(pointer).map_or("nothing".into(), Node::to_string)
    }

    /// The same journal, opened by the next process.
    fn restart(self, settings: &Settings) -> Board {
        let (document, version) = (self.0.document().clone(), self.0.version());
        Board::new(Recovered { document, version, ..Recovered::default() }, settings)
    }
}

fn settings(pairs: &[(&str, &str)]) -> Settings {
    let mut settings = Settings::default();
    for (name, text) in pairs {
        settings.put_text(name, text, Source::Environment((*name).to_uppercase())).expect("fits");
    }
    settings
}

#[test]
fn the_start_is_written_with_its_sources_and_nothing_more() {
    let mut board = Board(Core::new(Recovered::default(), Limits::default()));
    let decided = board.receive(Input::Configure(Box::default())).expect("accepted");
    assert!(decided.change.is_none(), "X17: the defaults are there already");
    let board = Board::new(Recovered::default(), &settings(&[("logs.snapshot", "7")]));
    assert_eq!(board.at("/serverConfig/logs/snapshot"), "7");
    assert_eq!(board.at("/config/sources"), r#"{"logs.snapshot":"environment LOGS.SNAPSHOT"}"#);
}

#[test]
fn a_command_wins_until_it_is_taken_back_and_outlives_the_process() {
    let start = settings(&[("ws.heartbeatIntervalMs", "7000")]);
    let mut board = Board::new(Recovered::default(), &start);
    let decided = board.set(r#"{"ws.heartbeatIntervalMs":2000,"logs.minLevel":"warn"}"#).expect("accepted");
    assert_eq!(decided.change.expect("a change").events[0].topic, "config.changed");
    assert_eq!(decided.result.at("/ws/heartbeatIntervalMs"), Some(&Node::from(2000u32)));
    let mut board = board.restart(&start);
    assert_eq!(board.at("/serverConfig/ws/heartbeatIntervalMs"), "2000");
    assert_eq!(board.at("/config/sources/ws.heartbeatIntervalMs"), "\"config.set\"");
    board.set(r#"{"ws.heartbeatIntervalMs":null,"logs.minLevel":null}"#).expect("accepted");
    assert_eq!(board.at("/serverConfig/ws/heartbeatIntervalMs"), "7000");
    assert_eq!(board.at("/serverConfig/logs/minLevel"), "\"debug\"");
    assert_eq!(board.at("/config/sources/logs.minLevel"), "nothing");
    let board = board.restart(&Settings::default());
    assert_eq!(board.at("/serverConfig/ws/heartbeatIntervalMs"), "10000", "the file says nothing any more");
}

#[test]
fn what_does_not_fit_changes_nothing() {
    let mut board = Board::new(Recovered::default(), &Settings::default());
    for (values, says) in [
        (r#"{"logs.snapshot":9,"logs.nothing":1}"#, "logs.nothing: there is no such setting"),
        (r#"{"logs.snapshot":"9"}"#, "logs.snapshot: \"9\" does not fit: it must be a whole number"),
        (r#"{"logs.keepLines":9}"#, "logs.keepLines: it is read when the server starts"),
        (r#"{"ws.reconnectMinMs":20000}"#, "ws.reconnectMaxMs: 15000 is less than"),
    ] {
        let refused = board.set(values).expect_err("refused");
        assert_eq!(refused.code, ErrorCode::InvalidArgs);
        assert!(refused.message.contains(says), "{}", refused.message);
    }
    assert_eq!(board.at("/serverConfig/logs/snapshot"), "200");
}

#[test]
fn a_start_that_does_not_fit_what_a_command_had_set_wins() {
    let mut board = Board::new(Recovered::default(), &Settings::default());
    board.set(r#"{"ws.reconnectMinMs":9000}"#).expect("accepted");
    let start = settings(&[("ws.reconnectMaxMs", "5000")]);
    let board = board.restart(&start);
    assert_eq!(
        (board.at("/serverConfig/ws/reconnectMinMs"), board.at("/serverConfig/ws/reconnectMaxMs")),
        ("1000".into(), "5000".into())
    );
}
