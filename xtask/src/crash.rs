//! `crash`: `kill -9` at random moments under load, and a proof after each restart that nothing was lost.

use crate::failure::Failure;
use crate::options;
use crate::repo::Repo;
use crate::tools::Tool;

/// Rounds when none are asked for.
const ROUNDS_DEFAULT: u32 = 50;

#[derive(Debug, PartialEq)]
struct Options {
    rounds: u32,
    seed: Option<u64>,
}

/// The verb.
pub(crate) fn run(repo: &Repo, args: &[String]) -> Result<(), Failure> {
    let options = parse(args)?;
    Tool::build(repo, "dev", &["callboard", "crash"])?;
    rounds(repo, options.rounds, options.seed)
}

/// Crashes the server that is built `rounds` times.
pub(crate) fn rounds(repo: &Repo, rounds: u32, seed: Option<u64>) -> Result<(), Failure> {
    let mut tool = Tool::new(repo, repo.binary("debug", "crash"))
        .args(["--server".as_ref(), repo.callboard("debug").as_os_str()])
        .args(["--rounds".to_owned(), rounds.to_string()]);
    if let Some(seed) = seed {
        tool = tool.args(["--seed".to_owned(), seed.to_string()]);
    }
    tool.run()
}

fn parse(args: &[String]) -> Result<Options, Failure> {
    let mut options = Options { rounds: ROUNDS_DEFAULT, seed: None };
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        match arg.as_str() {
            "--rounds" => options.rounds = options::value("--rounds", "a whole number", &mut rest)?,
            "--seed" => options.seed = Some(options::value("--seed", "a whole number", &mut rest)?),
            other => return Err(options::unknown("crash", other)),
        }
    }
    if options.rounds == 0 {
        return Err(Failure::new("`--rounds` needs at least 1"));
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_and_seed_are_numbers() {
        let parse = |text: &str| {
            let args: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
            super::parse(&args).map_err(|failure| failure.to_string())
        };
        assert_eq!(parse(""), Ok(Options { rounds: 50, seed: None }));
        assert_eq!(parse("--seed 7 --rounds 3"), Ok(Options { rounds: 3, seed: Some(7) }));
        assert_eq!(parse("--rounds -1"), Err("`--rounds` needs a whole number, not `-1`".to_owned()));
        assert_eq!(parse("--rounds 0"), Err("`--rounds` needs at least 1".to_owned()));
        assert!(parse("--turns 1").is_err());
    }
}
