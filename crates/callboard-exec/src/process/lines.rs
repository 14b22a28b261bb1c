//! Lines out of a stream of bytes, in bounded memory whatever the stream holds (X9).

use memchr::{memchr, memchr2};

/// Puts lines together. A line keeps its first `limit` bytes; the others are counted.
#[derive(Debug)]
pub(crate) struct Lines {
    limit: usize,
    returns: Returns,
    kept: Vec<u8>,
    missing: u64,
    returned: bool,
    complete: bool,
}

/// What a carriage return means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Returns {
    /// The line is written anew, as on a terminal: what stood there before is told as overwritten.
    Restart,
    /// A byte like others.
    Keep,
}

/// One line without its break.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Line<'a> {
    pub(crate) bytes: &'a [u8],
    /// Bytes that it had beyond the limit.
    pub(crate) missing: u64,
    /// It is no line of the output any more: a carriage return came, and other text will stand in its place.
    pub(crate) overwritten: bool,
}

impl Lines {
    pub(crate) fn new(limit: usize, returns: Returns) -> Self {
        Lines { limit, returns, kept: Vec::new(), missing: 0, returned: false, complete: false }
    }

    /// Takes bytes off `rest` up to the next line break or overwritten text; `None` when all are taken and no line is complete.
    pub(crate) fn next(&mut self, rest: &mut &[u8]) -> Option<Line<'_>> {
        if self.complete {
            self.restart();
        }
        while let Some(at) = self.find_break(rest) {
            let (part, after) = rest.split_at(at);
            self.extend(part);
            *rest = &after[1..];
            if after[0] == b'\n' {
                self.complete = true;
                return Some(self.line());
            }
            let fresh = !self.returned && !self.kept.is_empty();
            self.returned = true;
            if fresh {
                return Some(self.line());
            }
        }
        self.extend(rest);
        *rest = &[];
        None
    }

    /// The line that the stream ended in without a break.
    pub(crate) fn last(&mut self) -> Option<Line<'_>> {
        let ended = self.complete || (self.kept.is_empty() && self.missing == 0);
        (!ended).then(|| Line { overwritten: false, ..self.line() })
    }

    fn find_break(&self, bytes: &[u8]) -> Option<usize> {
        match self.returns {
            Returns::Restart => memchr2(b'\n', b'\r', bytes),
            Returns::Keep => memchr(b'\n', bytes),
        }
    }

    fn extend(&mut self, part: &[u8]) {
        if part.is_empty() {
            return;
        }
        if self.returned {
            self.restart();
        }
        let room = part.len().min(self.limit - self.kept.len());
        self.kept.extend_from_slice(&part[..room]);
        self.missing += (part.len() - room) as u64;
    }

    fn restart(&mut self) {
        self.kept.clear();
        (self.missing, self.returned, self.complete) = (0, false, false);
    }

    fn line(&self) -> Line<'_> {
        let overwritten = self.returned && !self.complete;
        Line { bytes: &self.kept, missing: self.missing, overwritten }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Told = Vec<(String, u64)>;

    /// The lines of a stream that arrives in pieces of every size, which must not matter.
    fn split_all(limit: usize, returns: Returns, stream: &[u8]) -> (Told, Told) {
        let run = |piece: usize| {
            let (mut lines, mut found, mut overwritten) =
                (Lines::new(limit, returns), Vec::new(), Vec::new());
            let own = |line: Line<'_>| (String::from_utf8_lossy(line.bytes).into_owned(), line.missing);
            for mut rest in stream.chunks(piece) {
                while let Some(line) = lines.next(&mut rest) {
                    let list = if line.overwritten { &mut overwritten } else { &mut found };
                    list.push(own(line));
                }
            }
            found.extend(lines.last().map(own));
            (found, overwritten)
        };
        let whole = run(stream.len().max(1));
        for piece in 1..stream.len() {
            assert_eq!(run(piece), whole, "in pieces of {piece}");
        }
        whole
    }

    /// The lines that are left in the end.
    fn split(limit: usize, returns: Returns, stream: &[u8]) -> Vec<(String, u64)> {
        split_all(limit, returns, stream).0
    }

    #[test]
    fn lines_come_whole_and_the_last_needs_no_break() {
        let lines = split(100, Returns::Restart, b"one\n\ntwo\r\nthree");
        assert_eq!(lines, [("one".into(), 0), (String::new(), 0), ("two".into(), 0), ("three".into(), 0)]);
        assert_eq!(split(100, Returns::Restart, b""), []);
        assert_eq!(split(100, Returns::Restart, b"one\n"), [("one".into(), 0)]);
    }

    #[test]
    fn a_carriage_return_writes_the_line_anew() {
        let lines = split(100, Returns::Restart, b"\r10%\r20%\r\r30%\n99%\r100%\r");
        assert_eq!(lines, [("30%".into(), 0), ("100%".into(), 0)]);
        assert_eq!(split(100, Returns::Keep, b"a\rb\r\n"), [("a\rb\r".into(), 0)]);
        let (lines, overwritten) = split_all(100, Returns::Restart, b"10%\r20%\r\r30%\nend\r\n\r");
        assert_eq!(lines, [("30%".into(), 0), ("end".into(), 0)]);
        assert_eq!(overwritten, [("10%".into(), 0), ("20%".into(), 0), ("end".into(), 0)]);
    }

    #[test]
    fn what_is_over_the_limit_is_counted() {
        let lines = split(4, Returns::Restart, b"12345678\nabcd\nlong one\rok\nabcdef");
        assert_eq!(lines, [("1234".into(), 4), ("abcd".into(), 0), ("ok".into(), 0), ("abcd".into(), 2)]);
    }
}
