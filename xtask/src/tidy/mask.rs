//! Blanks strings, characters and comments in Rust text, so that what is left is code. It knows just enough of the grammar.

/// `text` with every byte of a string, character or comment turned into a space; line breaks stay, and so does the length.
pub(super) fn mask(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let end = match literal_end(bytes, at) {
            Some(end) => end.min(bytes.len()),
            None => {
                code.push(if bytes[at].is_ascii() { bytes[at] } else { b'x' });
                at += 1;
                continue;
            }
        };
        code.extend(bytes[at..end].iter().map(|byte| if *byte == b'\n' { b'\n' } else { b' ' }));
        at = end;
    }
    String::from_utf8(code).expect("every byte is ASCII")
}

/// Where the string, character or comment that starts at `at` ends; `None` when there is none.
fn literal_end(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = &bytes[at..];
    match rest {
        [b'/', b'/', ..] => Some(at + position(rest, b"\n").unwrap_or(rest.len())),
        [b'/', b'*', ..] => Some(at + block_comment(rest)),
        [b'"', ..] => Some(at + 1 + quoted(&rest[1..])),
        [b'r', b'"' | b'#', ..] if !is_word_before(bytes, at) => {
            raw(&rest[1..]).map(|length| at + 1 + length)
        }
        [b'\'', ..] => character(rest).map(|length| at + length),
        _ => None,
    }
}

/// Whether `r` at `at` is the end of a longer word, other than the prefixes `b` and `c`.
fn is_word_before(bytes: &[u8], at: usize) -> bool {
    let is_word = |at: usize| bytes[at].is_ascii_alphanumeric() || bytes[at] == b'_';
    match at {
        0 => false,
        1 => is_word(0) && !matches!(bytes[0], b'b' | b'c'),
        _ => is_word(at - 1) && (!matches!(bytes[at - 1], b'b' | b'c') || is_word(at - 2)),
    }
}

fn position(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

/// The length of a block comment; they nest.
fn block_comment(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match &rest[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// The length of a string behind its first quote, with the last one.
fn quoted(rest: &[u8]) -> usize {
    let mut at = 0;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// The length of a raw string behind its `r`; `None` for a raw identifier.
fn raw(rest: &[u8]) -> Option<usize> {
    let marks = rest.iter().take_while(|byte| **byte == b'#').count();
    if rest.get(marks) != Some(&b'"') {
        return None;
    }
    let mut end = vec![b'"'];
    end.resize(marks + 1, b'#');
    let start = marks + 1;
    Some(position(&rest[start..], &end).map_or(rest.len(), |found| start + found + end.len()))
}

/// The length of a character; `None` for a lifetime.
fn character(rest: &[u8]) -> Option<usize> {
    if rest.get(1) == Some(&b'\\') {
        return position(rest.get(3..)?, b"'").map(|end| end + 4);
    }
    // One character has up to four bytes.
    let end = (2..=5).find(|end| rest.get(*end) == Some(&b'\''))?;
    let is_one = std::str::from_utf8(&rest[1..end]).is_ok_and(|text| text.chars().count() == 1);
    is_one.then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> String {
        let code = mask(text);
        assert_eq!(code.len(), text.len(), "{text}");
        code.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn strings_characters_and_comments_are_blanked() {
        let table = [
            (r#"a "b { \" c" d"#, "a d"),
            ("a // b {\nc", "a c"),
            ("a /* b /* { */ c */ d", "a d"),
            (r##"a r#"b " {"# c"##, "a c"),
            (r#"a br"{" b"{" c"{" d"#, "a b b c d"),
            ("for a", "for a"),
            ("a r#type b", "a r#type b"),
            ("'{' 'a '\\'' '\\u{7b}' 'é' b", "'a b"),
            ("fn a<'b>(c: &'b str)", "fn a<'b>(c: &'b str)"),
            ("matches!(a, 'x'..='z' | '\"')", "matches!(a, ..= | )"),
            ("\"open", ""),
            ("let ü = 1;", "let xx = 1;"),
        ];
        for (text, expected) in table {
            assert_eq!(masked(text), expected, "{text}");
        }
    }

    #[test]
    fn line_breaks_stay() {
        assert_eq!(mask("\"a\nb\"\n/*\n*/"), "  \n  \n  \n  ");
    }
}
