//! Terms out of their texts.

use super::{
    Query, QueryError, States, Term, Test,
    fields::{Field, TextField},
    lexer::{self, Body, Form, Piece, Raw, Sign},
    moment::Moments,
    pattern::{Pattern, ValueTest},
    range::{Compared, Range, length_ms, number},
};
use callboard_protocol::{caps, job::JobState};

const LENGTHS: &str = "a length of time such as 90s, 5m, 1h30m or 2d";
const MOMENTS: &str = "a time such as 2026-11-21, 2026-11-21T10:30Z or now-2h";

pub(super) fn parse(text: &str) -> Result<Query, QueryError> {
    if text.len() > caps::QUERY_BYTES {
        let over = text.floor_char_boundary(caps::QUERY_BYTES);
        let message = format!("a query has at most {} bytes, this one has {}", caps::QUERY_BYTES, text.len());
        return Err(QueryError::at(text, (over, text.len() - over), message));
    }
    let parser = Parser { text };
    let raw = lexer::cut(text)?;
    let mut count = 0;
    for term in &raw {
        let (at, values) = match &term.body {
            Body::Free(piece) => (piece.span.0, 1),
            Body::Field { at, values, .. } => (*at, values.len()),
        };
        count += values;
        if count > caps::QUERY_VALUES {
            let message = format!("a query has at most {} values and texts", caps::QUERY_VALUES);
            return Err(QueryError::at(text, (at, 0), message));
        }
    }
    let terms = raw.into_iter().map(|raw| parser.term(raw));
    Ok(Query { terms: terms.collect::<Result<_, _>>()? })
}

struct Parser<'a> {
    text: &'a str,
}

impl Parser<'_> {
    fn error(&self, piece: &Piece, message: impl Into<String>) -> QueryError {
        QueryError::at(self.text, piece.span, message)
    }

    fn term(&self, raw: Raw<'_>) -> Result<Term, QueryError> {
        let test = match raw.body {
            Body::Free(piece) if piece.text.is_empty() => {
                return Err(self.error(&piece, "an empty text is everywhere; leave it out"));
            }
            Body::Free(piece) => Test::Anywhere(self.pattern(&piece, Pattern::contains(&piece.text))?),
            Body::Field { name, at, field, sign, values } => {
                if sign == Sign::Contains && !matches!(field, Field::Text(_) | Field::Value(_)) {
                    let message = format!("`{name}` is no text, so `~` cannot look into it; write `{name}:`");
                    return Err(QueryError::at(self.text, (at, name.len() + 1), message));
                }
                self.test(field, name, sign, &values)?
            }
        };
        Ok(Term { negated: raw.negated, test })
    }

    fn test(&self, field: Field, name: &str, sign: Sign, values: &[Piece]) -> Result<Test, QueryError> {
        let about = |what: &str| format!("`{name}` wants {what}");
        Ok(match field {
            Field::State => Test::States(self.states(values)?),
            Field::Text(field) => {
                let patterns = values.iter().map(|value| self.text(field, sign, value));
                Test::Text(field, patterns.collect::<Result<_, _>>()?)
            }
            Field::Number(field) => {
                let what = about("a number, or >2, <=5, 2..5");
                Test::Number(field, self.ranges(values, &what, |compared| compared.range(number))?)
            }
            Field::Length(field) => {
                let what = about(&format!("{LENGTHS} with a sign in front: <1h, >=30s; or 1m..5m"));
                // Nothing takes exactly so long.
                let read = |compared: Compared<'_>| match compared {
                    Compared::Equal(_) => None,
                    compared => compared.range(length_ms),
                };
                Test::Length(field, self.ranges(values, &what, read)?)
            }
            Field::Moment(field) => {
                let what = about(&format!("{MOMENTS}, or one with a sign in front: >now-2h; or FROM..TO"));
                let moments = values.iter().map(|value| {
                    let read = (value.form == Form::Bare).then(|| Moments::read(Compared::read(value)));
                    read.flatten().ok_or_else(|| self.error(value, what.clone()))
                });
                Test::Moment(field, moments.collect::<Result<_, _>>()?)
            }
            Field::Value(member) => {
                let within = name.split('.').skip(1);
                let segments: Vec<Box<str>> = std::iter::once(member).chain(within).map(Box::from).collect();
                if segments.iter().any(|segment| segment.is_empty()) {
                    return Err(
                        self.error(&values[0], format!("`{name}` has a dot without a name behind it"))
                    );
                }
                let tests = values.iter().map(|value| self.value(sign, value));
                Test::Value(segments, tests.collect::<Result<_, _>>()?)
            }
        })
    }

    fn states(&self, values: &[Piece]) -> Result<States, QueryError> {
        values.iter().try_fold(States::NONE, |all, value| {
            let of = |fits: fn(JobState) -> bool| {
                JobState::ALL
                    .into_iter()
                    .filter(|state| fits(*state))
                    .fold(States::NONE, |all, state| all.with(States::of(state)))
            };
            let named = match value.text.as_str() {
                "active" => Some(of(|state| !state.is_terminal())),
                "finished" => Some(of(JobState::is_terminal)),
                name => JobState::parse(name).map(States::of),
            };
            let known = || JobState::ALL.map(JobState::as_str).join(", ");
            let wrong = || {
                let shown: String = value.text.chars().take(40).collect();
                let message = format!("`{shown}` is no state; there are {}, active, finished", known());
                self.error(value, message)
            };
            Ok(all.with(named.filter(|_| !matches!(value.form, Form::Regex { .. })).ok_or_else(wrong)?))
        })
    }

    fn text(&self, field: TextField, sign: Sign, value: &Piece) -> Result<Pattern, QueryError> {
        let text = value.text.as_str();
        let made = match value.form {
            Form::Regex { ignore_case } => Pattern::compile(text, ignore_case),
            Form::Bare if text == "*" => Ok(Pattern::Present),
            _ if sign == Sign::Contains => Pattern::contains(text),
            Form::Bare if field.is_prose() => Pattern::contains_all(text),
            Form::Bare if text.contains('*') => Pattern::glob(text),
            _ if field.is_prose() => Pattern::contains(text),
            Form::Bare if field == TextField::Id => Pattern::prefix(text),
            _ => Ok(Pattern::Is(text.into())),
        };
        self.pattern(value, made)
    }

    fn value(&self, sign: Sign, value: &Piece) -> Result<ValueTest, QueryError> {
        let text = value.text.as_str();
        let made = match value.form {
            Form::Regex { ignore_case } => Pattern::compile(text, ignore_case),
            Form::Bare if text == "*" => Ok(Pattern::Present),
            _ if sign == Sign::Contains => Pattern::contains(text),
            Form::Bare => {
                let compared = Compared::read(value);
                if compared.is_order()
                    && let Some(range) = compared.range(number)
                {
                    return Ok(ValueTest::Number(range));
                }
                if text.starts_with(['<', '>']) {
                    let message = "a number must follow the sign; quote a text that begins with it";
                    return Err(self.error(value, message));
                }
                Pattern::glob(text)
            }
            Form::Quoted => Ok(Pattern::Is(text.into())),
        };
        self.pattern(value, made).map(ValueTest::Text)
    }

    fn pattern(&self, piece: &Piece, made: Result<Pattern, String>) -> Result<Pattern, QueryError> {
        made.map_err(|why| self.error(piece, format!("this is no expression that can be used: {why}")))
    }

    fn ranges(
        &self,
        values: &[Piece],
        what: &str,
        read: impl Fn(Compared<'_>) -> Option<Range<f64>>,
    ) -> Result<Vec<Range<f64>>, QueryError> {
        let read = |value: &Piece| {
            let compared = (value.form == Form::Bare).then(|| read(Compared::read(value)));
            compared.flatten().ok_or_else(|| self.error(value, what))
        };
        values.iter().map(read).collect()
    }
}
