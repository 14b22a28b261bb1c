//! The command line.

use std::path::PathBuf;

/// What was asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Args {
    /// The binary `callboard`.
    pub(crate) server: PathBuf,
    /// How often the server is killed.
    pub(crate) rounds: u32,
    /// Decides what is sent and when the server is killed.
    pub(crate) seed: u64,
}

pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Args, String> {
    let (mut server, mut rounds, mut seed) = (None, 50, None);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
        let number = |text: String| text.parse::<u64>().map_err(|_| format!("{text:?} is no number"));
        match word.as_str() {
            "--server" => server = Some(PathBuf::from(value()?)),
            "--rounds" => rounds = number(value()?)?,
            "--seed" => seed = Some(number(value()?)?),
            _ => return Err(format!("{word:?} is not known")),
        }
    }
    let server = server.ok_or("--server is missing")?;
    let rounds = u32::try_from(rounds).ok().filter(|rounds| *rounds > 0);
    Ok(Args {
        server,
        rounds: rounds.ok_or("--rounds must be at least 1")?,
        // Short enough to be typed again.
        seed: seed.unwrap_or_else(|| fastrand::u64(1..1_000_000)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Args, String> {
        parse(text.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn the_server_is_needed_and_the_rest_has_defaults() {
        let args = read("--server a/b --seed 7").unwrap();
        assert_eq!((args.server.to_str(), args.rounds, args.seed), (Some("a/b"), 50, 7));
        for wrong in ["", "--server", "--server a --rounds 0", "--server a --seed x", "--server a --more"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
