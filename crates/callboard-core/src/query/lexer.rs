//! A query cut into terms: a field with its values, or free text.

use super::{QueryError, fields::Field};

/// A term as it is written.
#[derive(Debug)]
pub(super) struct Raw<'a> {
    pub(super) negated: bool,
    pub(super) body: Body<'a>,
}

/// What a term says.
#[derive(Debug)]
pub(super) enum Body<'a> {
    /// Text to be found anywhere.
    Free(Piece),
    /// A field and what it may be.
    Field { name: &'a str, at: usize, field: Field, sign: Sign, values: Vec<Piece> },
}

/// What stands between a field and its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// `:`
    Is,
    /// `~`
    Contains,
}

/// A value, and where it was.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) form: Form,
    /// Its first byte in the query, and its bytes there.
    pub(super) span: (usize, usize),
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Bare,
    Quoted,
    Regex { ignore_case: bool },
}

/// Cuts a query into terms.
pub(super) fn cut(text: &str) -> Result<Vec<Raw<'_>>, QueryError> {
    let mut lexer = Lexer { text, at: 0 };
    let mut terms = Vec::new();
    while lexer.skip_blanks() {
        terms.push(lexer.term()?);
    }
    Ok(terms)
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Goes to the next term; whether there is one.
    fn skip_blanks(&mut self) -> bool {
        self.at = self.text.len() - self.rest().trim_start().len();
        self.at < self.text.len()
    }

    fn error(&self, at: usize, message: impl Into<String>) -> QueryError {
        QueryError::at(self.text, (at, self.at - at), message)
    }

    fn term(&mut self) -> Result<Raw<'a>, QueryError> {
        let start = self.at;
        let negated = self.rest().starts_with('-');
        self.at += usize::from(negated);
        if self.peek().is_none_or(char::is_whitespace) {
            return Err(self.error(start, "`-` wants a term right behind it, such as -state:failed"));
        }
        if self.rest().starts_with('"') {
            return Ok(Raw { negated, body: Body::Free(self.quoted()?) });
        }
        let at = self.at;
        let is_name = |letter: char| letter.is_ascii_alphanumeric() || "._-$".contains(letter);
        let name_len = self.rest().find(|letter| !is_name(letter)).unwrap_or(self.rest().len());
        let sign = match self.rest()[name_len..].chars().next() {
            Some(':') => Sign::Is,
            Some('~') => Sign::Contains,
            _ => return Ok(Raw { negated, body: Body::Free(self.bare(|letter| letter.is_whitespace())) }),
        };
        let name = &self.rest()[..name_len];
        self.at += name_len;
        let Some(field) = Field::named(name) else {
            let message = format!(
                "there is no field `{name}`; there are {}; put quotes around a text that has this sign",
                Field::names()
            );
            return Err(self.error(at, message));
        };
        self.at += 1;
        Ok(Raw { negated, body: Body::Field { name, at, field, sign, values: self.values(name)? } })
    }

    fn values(&mut self, name: &str) -> Result<Vec<Piece>, QueryError> {
        let mut values = Vec::new();
        loop {
            let value = match self.peek() {
                Some('"') => self.quoted()?,
                Some('/') => self.regex()?,
                _ => self.bare(|letter| letter.is_whitespace() || letter == ','),
            };
            if value.form == Form::Bare && value.text.is_empty() {
                let message =
                    format!("`{name}` wants a value here; quote one that is empty or begins with a space");
                return Err(self.error(self.at, message));
            }
            values.push(value);
            match self.peek() {
                Some(',') => self.at += 1,
                None => return Ok(values),
                Some(blank) if blank.is_whitespace() => return Ok(values),
                Some(_) => {
                    let at = self.at;
                    self.bare(|letter| letter.is_whitespace());
                    return Err(self.error(at, "a space or a comma must follow the value before this"));
                }
            }
        }
    }

    fn bare(&mut self, ends: impl Fn(char) -> bool) -> Piece {
        let (at, len) = (self.at, self.rest().find(ends).unwrap_or(self.rest().len()));
        let text = self.rest()[..len].to_owned();
        self.at += len;
        Piece { text, form: Form::Bare, span: (at, len) }
    }

    fn quoted(&mut self) -> Result<Piece, QueryError> {
        let at = self.at;
        let text = self.delimited('"', |escaped| matches!(escaped, '"' | '\\'))?;
        Ok(Piece { text, form: Form::Quoted, span: (at, self.at - at) })
    }

    fn regex(&mut self) -> Result<Piece, QueryError> {
        let at = self.at;
        // Only the slash is ours to take back; all other escapes belong to the expression.
        let text = self.delimited('/', |escaped| escaped == '/')?;
        let flags_at = self.at;
        let flags = self.bare(|letter| letter.is_whitespace() || letter == ',');
        let ignore_case = match flags.text.as_str() {
            "" => false,
            "i" => true,
            other => {
                let message =
                    format!("`{other}` is no flag of an expression; there is `i`, which ignores case");
                return Err(self.error(flags_at, message));
            }
        };
        Ok(Piece { text, form: Form::Regex { ignore_case }, span: (at, self.at - at) })
    }

    /// What is between two of these signs; a backslash takes the meaning from some of what follows it.
    fn delimited(&mut self, sign: char, is_escape: impl Fn(char) -> bool) -> Result<String, QueryError> {
        let at = self.at;
        let mut text = String::new();
        let mut letters = self.rest()[1..].char_indices().peekable();
        while let Some((offset, letter)) = letters.next() {
            match letters.peek() {
                Some((_, next)) if letter == '\\' && is_escape(*next) => {
                    text.push(*next);
                    letters.next();
                }
                Some((_, next)) if letter == '\\' => {
                    text.extend([letter, *next]);
                    letters.next();
                }
                _ if letter == sign => {
                    self.at += 1 + offset + 1;
                    return Ok(text);
                }
                _ => text.push(letter),
            }
        }
        self.at = self.text.len();
        Err(self.error(at, format!("the closing `{sign}` is missing")))
    }
}
