//! Queries on the command line (docs/reference/query.md): read here first, so that a mistake is underlined.

use crate::failure::Failure;
use callboard::Query;

/// The query that some words make together.
pub(crate) fn checked(words: &[String]) -> Result<String, Failure> {
    let text = words.join(" ");
    match Query::parse(&text) {
        Ok(_) => Ok(text),
        Err(error) => {
            let (before, length) = (error.column - 1, error.length.max(1));
            let under = format!("{text}\n{}{}", " ".repeat(before), "^".repeat(length));
            let message = format!("the query cannot be read: {error}");
            Err(Failure::new(crate::failure::exit::USAGE, "invalid_query", message).hint(under))
        }
    }
}

/// A value that is meant as it is, whatever is in it.
pub(crate) fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Whether a text can be a query and no id: a field with a value, a part of a text, an opposite, or words.
pub(crate) fn is_query(text: &str) -> bool {
    text.contains([':', '~', '"', ' '])
}

/// Whether it is one: an id may have a colon in it, too.
pub(crate) fn reads(text: &str) -> bool {
    is_query(text) && Query::parse(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_underlined() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(checked(&words("state:running kind:a.*")).unwrap(), "state:running kind:a.*");
        assert_eq!(checked(&[]).unwrap(), "");
        let strange = format!("kind:{}", quoted("a \"b\" \\ c,*"));
        assert_eq!(strange, r#"kind:"a \"b\" \\ c,*""#);
        assert_eq!(checked(&words(&strange)).unwrap(), strange);
        let failure = checked(&words("kind:a state:runing")).unwrap_err();
        assert_eq!((failure.exit, failure.code), (2, "invalid_query"));
        assert_eq!(failure.hint.as_deref(), Some("kind:a state:runing\n             ^^^^^^"));
    }
}
