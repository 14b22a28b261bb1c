//! Reads a verb's arguments.

use std::str::FromStr;

use crate::failure::Failure;

/// Refuses any argument.
pub(crate) fn none(verb: &str, args: &[String]) -> Result<(), Failure> {
    match args.first() {
        Some(arg) => Err(unknown(verb, arg)),
        None => Ok(()),
    }
}

pub(crate) fn unknown(verb: &str, arg: &str) -> Failure {
    Failure::new(format!("`{verb}` does not take `{arg}`"))
        .hint("`cargo xtask help` lists what each verb takes")
}

/// The value behind the option `name`.
pub(crate) fn value<T: FromStr>(
    name: &str,
    expected: &str,
    args: &mut std::slice::Iter<'_, String>,
) -> Result<T, Failure> {
    let Some(text) = args.next() else {
        return Err(Failure::new(format!("`{name}` needs {expected} behind it")));
    };
    text.parse().map_err(|_| Failure::new(format!("`{name}` needs {expected}, not `{text}`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_missing_or_does_not_fit_is_named() {
        let args = ["many".to_owned()];
        let mut rest = args.iter();
        let wrong = value::<u64>("--rounds", "a number", &mut rest).expect_err("no number");
        assert_eq!(wrong.to_string(), "`--rounds` needs a number, not `many`");
        let missing = value::<u64>("--rounds", "a number", &mut rest).expect_err("nothing left");
        assert_eq!(missing.to_string(), "`--rounds` needs a number behind it");
        assert!(
            none("tidy", &args).expect_err("one argument").to_string().starts_with("`tidy` does not take")
        );
    }
}
