//! Text of jobs on a terminal: a job must not move the cursor, set titles or write to the clipboard
//! (design: security 3.10). Only colours survive.

use std::borrow::Cow;

/// The text without control characters but tabs, and without escape sequences but colours (SGR).
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    let is_plain = |character: char| character == '\t' || !character.is_control();
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let used = match character {
            '\u{1b}' => escape(rest, &mut out),
            // The one-character forms of escape sequences begin here too.
            _ if is_plain(character) => {
                out.push(character);
                character.len_utf8()
            }
            _ => character.len_utf8(),
        };
        rest = &rest[used..];
    }
    if out.contains('\u{1b}') {
        out.push_str("\u{1b}[0m");
    }
    Cow::Owned(out)
}

/// Takes an escape sequence in; copies it if it is a colour. Returns its length.
fn escape(text: &str, out: &mut String) -> usize {
    let bytes = text.as_bytes();
    match bytes.get(1) {
        Some(b'[') => {
            let body = &bytes[2..];
            let parameters = body.iter().take_while(|byte| (0x20..0x40).contains(*byte)).count();
            let Some(last) = body.get(parameters) else { return bytes.len() };
            let is_colour = *last == b'm'
                && body[..parameters].iter().all(|byte| byte.is_ascii_digit() || b";:".contains(byte));
            if is_colour {
                out.push_str(&text[..2 + parameters + 1]);
            }
            // A sequence that is broken off ends before the character that broke it.
            if (0x40..0x7f).contains(last) { 2 + parameters + 1 } else { 2 + parameters }
        }
        // Titles, links, the clipboard and the like end with BEL or ESC \.
        Some(b']' | b'P' | b'X' | b'^' | b'_') => {
            let end = text[2..].find(['\u{7}', '\u{1b}', '\u{9c}']);
            end.map_or(text.len(), |end| 2 + end + usize::from(bytes[2 + end] == 7))
        }
        Some(byte) if byte.is_ascii() && *byte != 0x1b => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_colours_survive() {
        for (text, cleaned) in [
            ("plain\ttext ünd 😀", "plain\ttext ünd 😀"),
            ("\u{1b}[31mred\u{1b}[0m", "\u{1b}[31mred\u{1b}[0m\u{1b}[0m"),
            ("\u{1b}[1;38:5:9mx", "\u{1b}[1;38:5:9mx\u{1b}[0m"),
            ("a\u{1b}[2Jb\u{1b}[10;10Hc", "abc"),
            ("a\u{1b}[?1049hb", "ab"),
            ("a\u{1b}]0;title\u{7}b", "ab"),
            ("a\u{1b}]52;c;AAAA\u{1b}\\b", "ab"),
            ("a\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\b", "alinkb"),
            ("a\u{1b}Pq#0\u{1b}\\b", "ab"),
            ("a\rb\u{8}c\u{7}d\u{0}e\u{7f}f", "abcdef"),
            ("a\u{9b}2Jb", "a2Jb"),
            ("a\u{1b}c\u{1b}", "a"),
            ("a\u{1b}[", "a"),
            ("a\u{1b}[31", "a"),
            ("a\u{1b}[3\u{1b}[31mb", "a\u{1b}[31mb\u{1b}[0m"),
            ("a\u{1b}]never ends", "a"),
            ("a\u{1b}üb", "aüb"),
        ] {
            assert_eq!(clean(text), cleaned, "{text:?}");
        }
    }
}
