//! The arguments of `process.run`.

use crate::fields::{invalid, members, too_large, unknown};
use callboard_protocol::{Node, caps, error::Rejection};
use std::sync::Arc;

/// What to run and how.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct RunArgs {
    /// The program and its arguments, passed on as they are; never a shell string.
    pub(crate) argv: Vec<Arc<str>>,
    /// Where it runs.
    pub(crate) cwd: Option<Arc<str>>,
    /// What it gets beside the inherited environment.
    pub(crate) env: Vec<(String, Arc<str>)>,
    /// What it reads.
    pub(crate) stdin: Option<Arc<str>>,
    /// Whether it runs in a terminal.
    pub(crate) pty: bool,
}

impl RunArgs {
    pub(crate) fn read(args: &Node) -> Result<Self, Rejection> {
        let mut run = RunArgs::default();
        for (key, value) in members(args)?.iter() {
            match key.as_str() {
                "argv" => run.argv = argv(value)?,
                "cwd" => run.cwd = Some(directory(value)?),
                "env" => run.env = environment(value)?,
                "stdin" => run.stdin = Some(text("stdin", value)?),
                "pty" => match value {
                    Node::Bool(pty) => run.pty = *pty,
                    _ => return Err(invalid("pty", "must be true or false")),
                },
                other => return Err(unknown(other, "argv, cwd, env, stdin and pty")),
            }
        }
        if run.argv.is_empty() {
            return Err(invalid("argv", "must be an array of strings that begins with the program"));
        }
        Ok(run)
    }
}

fn argv(value: &Node) -> Result<Vec<Arc<str>>, Rejection> {
    let Node::Array(items) = value else {
        return Err(invalid("argv", "must be an array of strings that begins with the program"));
    };
    if items.len() > caps::ARGV {
        return Err(too_large("argv", format!("has {} elements, at most {} fit", items.len(), caps::ARGV)));
    }
    let read = |(index, item)| plain(&format!("argv[{index}]"), item);
    let argv = items.iter().enumerate().map(read).collect::<Result<Vec<_>, _>>()?;
    if argv.first().is_some_and(|program| program.is_empty()) {
        return Err(invalid("argv[0]", "names no program"));
    }
    let bytes: usize = argv.iter().map(|item| item.len()).sum();
    if bytes > caps::ARGS_BYTES {
        return Err(too_large("argv", format!("takes {bytes} bytes, at most {} fit", caps::ARGS_BYTES)));
    }
    Ok(argv)
}

fn directory(value: &Node) -> Result<Arc<str>, Rejection> {
    let path = plain("cwd", value)?;
    if path.is_empty() { Err(invalid("cwd", "names no folder")) } else { Ok(path) }
}

fn environment(value: &Node) -> Result<Vec<(String, Arc<str>)>, Rejection> {
    let object = value.as_object().ok_or_else(|| invalid("env", "must be an object of strings"))?;
    if object.len() > caps::ARGV {
        return Err(too_large("env", format!("has {} members, at most {} fit", object.len(), caps::ARGV)));
    }
    let mut env = Vec::with_capacity(object.len());
    for (key, value) in object.iter() {
        let name = key.as_str();
        if name.is_empty() || name.contains(['=', '\0']) {
            return Err(invalid("env", format!("{name:?} is no name of a variable")));
        }
        env.push((name.to_owned(), plain(&format!("env.{name}"), value)?));
    }
    Ok(env)
}

/// A text that the system can take: it ends texts at the first NUL.
fn plain(field: &str, value: &Node) -> Result<Arc<str>, Rejection> {
    let text = text(field, value)?;
    if text.contains('\0') { Err(invalid(field, "must not contain a NUL character")) } else { Ok(text) }
}

fn text(field: &str, value: &Node) -> Result<Arc<str>, Rejection> {
    match value {
        Node::String(text) => Ok(text.clone()),
        _ => Err(invalid(field, "must be a string")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use callboard_protocol::error::ErrorCode;
    use serde_json::{Value, json};

    fn read(args: Value) -> Result<RunArgs, Rejection> {
        RunArgs::read(&Node::from(&args))
    }

    #[test]
    fn everything_that_is_known_is_read() {
        let args =
            json!({"argv": ["sh", ""], "cwd": "/tmp", "env": {"A": "b"}, "stdin": "in\u{0}", "pty": true});
        let run = read(args).unwrap();
        assert_eq!(run.argv, ["sh".into(), "".into()]);
        assert_eq!(run.cwd.as_deref(), Some("/tmp"));
        assert_eq!(run.env, [("A".to_owned(), "b".into())]);
        assert_eq!((run.stdin.as_deref(), run.pty), (Some("in\u{0}"), true));
    }

    #[test]
    fn errors_name_the_field() {
        let cases = [
            (json!("sh -c x"), "args: must be an object"),
            (json!({}), "argv: must be"),
            (json!({"argv": "sh -c x"}), "argv: must be"),
            (json!({"argv": []}), "argv: must be"),
            (json!({"argv": [""]}), "argv[0]: names no program"),
            (json!({"argv": ["a", 1]}), "argv[1]: must be a string"),
            (json!({"argv": ["a", "b\u{0}c"]}), "argv[1]: must not contain a NUL"),
            (json!({"argv": ["a"], "cwd": ""}), "cwd: names no folder"),
            (json!({"argv": ["a"], "cwd": "/\u{0}"}), "cwd: must not contain a NUL"),
            (json!({"argv": ["a"], "env": ["A=b"]}), "env: must be an object"),
            (json!({"argv": ["a"], "env": {"A=": "b"}}), "env: \"A=\" is no name"),
            (json!({"argv": ["a"], "env": {"A": 1}}), "env.A: must be a string"),
            (json!({"argv": ["a"], "stdin": {}}), "stdin: must be a string"),
            (json!({"argv": ["a"], "pty": 1}), "pty: must be true or false"),
            (json!({"argv": ["a"], "shell": true}), "shell: is not known here"),
        ];
        for (args, message) in cases {
            let error = read(args.clone()).unwrap_err();
            assert!(error.message.starts_with(message), "{args}: {}", error.message);
            assert_eq!(error.code, ErrorCode::InvalidArgs);
        }
    }

    #[test]
    fn caps_hold() {
        let many = vec!["a"; caps::ARGV + 1];
        let long = "a".repeat(caps::ARGS_BYTES);
        for args in [json!({ "argv": many }), json!({ "argv": ["a", long] })] {
            assert_eq!(read(args).unwrap_err().code, ErrorCode::TooLarge);
        }
    }
}
