//! Text out of what a program writes to a terminal: without colours, cursor movements and other commands.

/// Takes terminal commands out of a stream of bytes. It keeps a state of one byte, whatever the stream holds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Strip(State);

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum State {
    #[default]
    Text,
    /// After ESC.
    Escape,
    /// After ESC and a character that announces one more.
    Announced,
    /// In `ESC [ …`, which a letter ends.
    Control,
    /// In `ESC ] …` and its like, which BEL or `ESC \` ends.
    Message,
    /// After ESC in a message.
    MessageEscape,
}

impl Strip {
    /// Appends the text in `bytes` to `text`.
    pub(crate) fn feed(&mut self, bytes: &[u8], text: &mut Vec<u8>) {
        for &byte in bytes {
            self.0 = match self.0 {
                State::Text => plain(byte, text),
                State::Escape => after_escape(byte, text),
                State::Announced => State::Text,
                State::Control => in_control(byte, text),
                State::Message => in_message(byte, text),
                State::MessageEscape if byte == b'\\' => State::Text,
                State::MessageEscape => after_escape(byte, text),
            };
        }
    }
}

fn plain(byte: u8, text: &mut Vec<u8>) -> State {
    match byte {
        0x1b => State::Escape,
        b'\n' | b'\r' | b'\t' => push(byte, text),
        0x00..=0x1f | 0x7f => State::Text,
        _ => push(byte, text),
    }
}

fn push(byte: u8, text: &mut Vec<u8>) -> State {
    text.push(byte);
    State::Text
}

fn after_escape(byte: u8, text: &mut Vec<u8>) -> State {
    match byte {
        b'[' => State::Control,
        b']' | b'P' | b'X' | b'^' | b'_' => State::Message,
        0x20..=0x2f => State::Announced,
        0x1b => State::Escape,
        // A line break is never part of a command; losing it would join two lines.
        b'\n' => push(byte, text),
        _ => State::Text,
    }
}

fn in_control(byte: u8, text: &mut Vec<u8>) -> State {
    match byte {
        0x40..=0x7e | 0x18 | 0x1a => State::Text,
        0x1b => State::Escape,
        b'\n' => push(byte, text),
        _ => State::Control,
    }
}

/// A message that is not ended must not swallow all that follows: the line's end ends it too.
fn in_message(byte: u8, text: &mut Vec<u8>) -> State {
    match byte {
        0x07 | 0x18 | 0x1a => State::Text,
        0x1b => State::MessageEscape,
        b'\n' => push(byte, text),
        _ => State::Message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text of a stream, which must not depend on how it arrives.
    fn strip(stream: &str) -> String {
        let run = |piece: usize| {
            let (mut strip, mut text) = (Strip::default(), Vec::new());
            stream.as_bytes().chunks(piece).for_each(|chunk| strip.feed(chunk, &mut text));
            String::from_utf8(text).expect("only whole characters are kept")
        };
        let whole = run(stream.len().max(1));
        (1..stream.len()).for_each(|piece| assert_eq!(run(piece), whole, "in pieces of {piece}"));
        whole
    }

    #[test]
    fn text_stays_and_commands_go() {
        for (stream, text) in [
            ("plain é\t\u{1f600}\r\n", "plain é\t\u{1f600}\r\n"),
            ("\u{1b}[1;31mred\u{1b}[0m", "red"),
            ("\u{1b}[?25l\u{1b}[2K\u{1b}[10;20Hthere", "there"),
            ("\u{1b}]0;title\u{7}text", "text"),
            ("\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
            ("\u{1b}P1$r0m\u{1b}\\dcs", "dcs"),
            ("\u{1b}(Bascii\u{1b}7\u{1b}8\u{1b}=", "ascii"),
            ("a\u{8}b\u{7}c\u{0}d\u{7f}", "abcd"),
            ("\u{1b}[31", ""),
            ("\u{1b}]52;c;unterminated\nnext", "\nnext"),
            ("\u{1b}[12\nnext", "\nnext"),
            ("\u{1b}\u{1b}[mx", "x"),
        ] {
            assert_eq!(strip(stream), text, "{stream:?}");
        }
    }
}
