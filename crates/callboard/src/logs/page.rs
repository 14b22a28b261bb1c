//! A page out of a log file without reading the rest of it: seqs rise, so a place is found by halving.

use callboard_protocol::log::LogEntry;
use serde::Deserialize;
use std::{
    fs::File,
    io::{self, BufRead, BufReader, Seek, SeekFrom},
};

/// What is read from front to back instead of being halved further.
const SPAN: u64 = 64 * 1024;

/// The lines of a file from where it stands; those that are torn or no entries are left out.
pub(super) fn read_entries(file: File) -> impl Iterator<Item = LogEntry> {
    BufReader::new(file)
        .split(b'\n')
        .map_while(Result::ok)
        .filter_map(|line| serde_json::from_slice(&line).ok())
}

/// The first `limit` lines after `since`, or the newest `limit`.
pub(super) fn page(file: File, since: Option<u64>, limit: usize) -> io::Result<Vec<LogEntry>> {
    match since {
        Some(since) => {
            let from = place_of(&file, since)?;
            Ok(entries_from(file, from)?.filter(|entry| entry.seq > since).take(limit).collect())
        }
        None => newest(&file, limit),
    }
}

/// A place at or before the first line after `since`, and not far from it.
fn place_of(file: &File, since: u64) -> io::Result<u64> {
    let (mut low, mut high) = (0, file.metadata()?.len());
    while high - low > SPAN {
        let middle = low + (high - low) / 2;
        match seq_after(file, middle)? {
            Some(seq) if seq <= since => low = middle,
            _ => high = middle,
        }
    }
    Ok(low)
}

/// The seq of the first whole line after a place.
fn seq_after(file: &File, place: u64) -> io::Result<Option<u64>> {
    #[derive(Deserialize)]
    struct Numbered {
        seq: u64,
    }
    let mut reader = reader_at(file.try_clone()?, place)?;
    let mut line = Vec::new();
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        if let Ok(numbered) = serde_json::from_slice::<Numbered>(&line) {
            return Ok(Some(numbered.seq));
        }
    }
}

/// Looks at more and more of the end until there are enough lines.
fn newest(file: &File, limit: usize) -> io::Result<Vec<LogEntry>> {
    let length = file.metadata()?.len();
    let mut span = (limit as u64).saturating_mul(512).max(SPAN);
    loop {
        let from = length.saturating_sub(span);
        let mut entries: Vec<_> = entries_from(file.try_clone()?, from)?.collect();
        if entries.len() >= limit || from == 0 {
            let surplus = entries.len().saturating_sub(limit);
            entries.drain(..surplus);
            return Ok(entries);
        }
        span = span.saturating_mul(4);
    }
}

fn entries_from(file: File, place: u64) -> io::Result<impl Iterator<Item = LogEntry>> {
    let reader = reader_at(file, place)?;
    let lines = reader.split(b'\n').map_while(Result::ok);
    Ok(lines.filter_map(|line| serde_json::from_slice(&line).ok()))
}

/// A reader at the first line that begins after a place; 0 is the beginning.
fn reader_at(mut file: File, place: u64) -> io::Result<BufReader<File>> {
    file.seek(SeekFrom::Start(place.saturating_sub(1)))?;
    let mut reader = BufReader::new(file);
    if place > 0 {
        reader.skip_until(b'\n')?;
    }
    Ok(reader)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::ring::tests::entry;
    use std::io::Write as _;

    #[test]
    fn every_page_of_a_long_file_is_found() {
        let mut file = tempfile::tempfile().expect("a file");
        let seqs: Vec<u64> = (1..=5000).map(|number| number * 3).collect();
        for seq in &seqs {
            let line =
                serde_json::to_string(&entry(*seq, "a", &"x".repeat(*seq as usize % 400))).expect("JSON");
            // Torn lines are met everywhere.
            let torn = if seq % 7 == 0 { "{\"seq\":\n" } else { "" };
            writeln!(file, "{torn}{line}").expect("written");
        }
        let page = |since, limit| -> Vec<u64> {
            let file = file.try_clone().expect("a handle");
            page(file, since, limit).expect("read").into_iter().map(|entry| entry.seq).collect()
        };
        for since in [0, 1, 2, 3, 2999, 3000, 7501, 14_996, 14_999, 15_000, 99_999] {
            let expected: Vec<u64> = seqs.iter().copied().filter(|seq| *seq > since).take(5).collect();
            assert_eq!(page(Some(since), 5), expected, "since {since}");
        }
        assert_eq!(page(None, 3), seqs[4997..]);
        assert_eq!(page(None, 9999), seqs);
    }
}
