//! `run`: from a clone to a running server.

use crate::failure::Failure;
use crate::options;
use crate::repo::Repo;
use crate::tools::Tool;
use crate::web;

/// Builds what changed and becomes `callboard serve`.
pub(crate) fn run(repo: &Repo, args: &[String]) -> Result<(), Failure> {
    let serve = serve_args(args)?;
    web::build(repo)?;
    Tool::build(repo, "fast", &["callboard"])?;
    Err(Tool::new(repo, repo.callboard("fast")).args(["serve"]).args(serve).become_it())
}

/// The arguments of `callboard serve`.
fn serve_args(args: &[String]) -> Result<Vec<String>, Failure> {
    let mut serve = Vec::new();
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        match arg.as_str() {
            "--data" => {
                serve.extend(["--data".to_owned(), options::value("--data", "a folder", &mut rest)?]);
            }
            "--port" => {
                let port: u16 = options::value("--port", "a port from 0 to 65535", &mut rest)?;
                serve.extend(["--port".to_owned(), port.to_string()]);
            }
            "--" => serve.extend(rest.by_ref().cloned()),
            other => {
                let hint = "what `callboard serve` takes goes behind `--`";
                return Err(Failure::new(format!("`run` does not take `{other}`")).hint(hint));
            }
        }
    }
    Ok(serve)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(text: &str) -> Result<String, String> {
        let args: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        serve_args(&args).map(|serve| serve.join(" ")).map_err(|failure| failure.to_string())
    }

    #[test]
    fn what_run_takes_goes_to_the_server() {
        assert_eq!(args(""), Ok(String::new()));
        assert_eq!(args("--port 0 --data d -- --open -v"), Ok("--port 0 --data d --open -v".to_owned()));
        assert_eq!(args("-- -- x"), Ok("-- x".to_owned()));
        let port = "`--port` needs a port from 0 to 65535, not `65536`";
        assert_eq!(args("--port 65536"), Err(port.to_owned()));
        assert_eq!(args("--data"), Err("`--data` needs a folder behind it".to_owned()));
        assert!(args("--open").expect_err("not its own").contains("goes behind `--`"));
    }
}
