//! Words that must not be in a source, as a table.

use super::Finding;
use super::sources::Source;

/// Behind a line, this and a reason excuse what is in it, where a row says that there can be a reason.
const EXCUSE: &str = "// tidy: ";

/// What of a file a row looks at.
#[derive(Clone, Copy, PartialEq)]
enum In {
    /// Rust without strings and comments.
    RustCode,
    /// Rust without strings and comments, in the crates that decide and do nothing.
    PureRustCode,
    /// Rust without strings and comments, in libraries.
    LibraryRustCode,
    /// Rust sources below a `src` folder, without strings and comments.
    RustSrcCode,
    /// All of a TypeScript file.
    Script,
    /// All of any file, as a whole word.
    AnyWord,
    /// All of any file, as the start of a path.
    AnyPath,
}

struct Row {
    word: &'static str,
    within: In,
    excusable: bool,
    remedy: &'static str,
}

const fn never(word: &'static str, within: In, remedy: &'static str) -> Row {
    Row { word, within, excusable: false, remedy }
}

const fn with_reason(word: &'static str, within: In, remedy: &'static str) -> Row {
    Row { word, within, excusable: true, remedy }
}

const FINISH: &str = "finish it, or open an issue and leave it out";
const RUN_ALL: &str = "every test runs; repair it or delete it";
const ASK: &str = "take what is needed as an argument, so that the decision stays pure";
const PORTABLE: &str = "write it relative to the repository or to a folder that is passed in";
const AT_THE_TOP: &str = "only binaries do that; return an error or take an option";

/// The words are put together from halves, so that this file passes its own rule.
const ROWS: [Row; 28] = [
    never("todo!(", In::RustCode, FINISH),
    never("unimplemented!(", In::RustCode, FINISH),
    never("dbg!(", In::RustCode, "delete it, or make it a `tracing` event"),
    never(concat!("TO", "DO"), In::AnyWord, FINISH),
    never(concat!("FIX", "ME"), In::AnyWord, FINISH),
    never(concat!("XX", "X"), In::AnyWord, FINISH),
    never("#[ignore", In::RustCode, RUN_ALL),
    never(concat!(".on", "ly("), In::Script, RUN_ALL),
    never(concat!(".sk", "ip("), In::Script, RUN_ALL),
    never(concat!("debug", "ger;"), In::Script, "delete it"),
    never(concat!("@ts-", "ignore"), In::Script, "use `@ts-expect-error` with a reason"),
    never(concat!("/ho", "me/"), In::AnyPath, PORTABLE),
    never(concat!("/Us", "ers/"), In::AnyPath, PORTABLE),
    never(concat!("/ro", "ot/"), In::AnyPath, PORTABLE),
    never(concat!("/wo", "rk/"), In::AnyPath, PORTABLE),
    never(concat!("/work", "space/"), In::AnyPath, PORTABLE),
    never(concat!("/work", "spaces/"), In::AnyPath, PORTABLE),
    with_reason("thread::sleep", In::RustSrcCode, "wait on a signal, or say why with `// tidy: REASON`"),
    with_reason("process::exit(", In::LibraryRustCode, AT_THE_TOP),
    with_reason("env::var", In::LibraryRustCode, AT_THE_TOP),
    never("SystemTime", In::PureRustCode, ASK),
    never("Instant::", In::PureRustCode, ASK),
    never("::now(", In::PureRustCode, ASK),
    never("std::fs", In::PureRustCode, ASK),
    never("std::net", In::PureRustCode, ASK),
    never("std::thread", In::PureRustCode, ASK),
    never("std::process", In::PureRustCode, ASK),
    never(".await", In::PureRustCode, ASK),
];

/// The sources of the lowest floors: no clock, no randomness, no input or output.
const PURE: [&str; 3] =
    ["crates/callboard-protocol/src/", "crates/callboard-core/src/", "crates/callboard-flow/src/pure/"];
/// Crates that may read the environment and end the process: the binary, and what runs tests.
const BINARIES: [&str; 2] = ["crates/callboard-cli/", "crates/callboard-testkit/"];
/// Endings of the files that are looked at.
const ENDINGS: [&str; 6] = ["rs", "ts", "mts", "js", "vue", "md"];

pub(super) fn check(source: &Source) -> Vec<Finding> {
    let is_exempt = source.path.ends_with("CHANGELOG.md") || source.is_generated();
    if !ENDINGS.contains(&source.ending()) || is_exempt {
        return Vec::new();
    }
    ROWS.iter().flat_map(|row| check_row(source, row)).collect()
}

fn check_row(source: &Source, row: &Row) -> Vec<Finding> {
    if !applies(row.within, source) {
        return Vec::new();
    }
    let is_whole = matches!(row.within, In::AnyWord | In::AnyPath | In::Script);
    let text = if is_whole { &source.text } else { &source.code };
    let originals = source.text.lines();
    let lines = text.lines().zip(originals).enumerate();
    let hits = lines.filter(|(_, (line, original))| {
        has(line, row.word, row.within) && !(row.excusable && has_excuse(original))
    });
    hits.map(|(index, _)| Finding {
        path: source.path.clone(),
        line: index + 1,
        what: format!("`{}` is here", row.word),
        remedy: row.remedy.to_owned(),
    })
    .collect()
}

fn applies(within: In, source: &Source) -> bool {
    let starts = |folders: &[&str]| folders.iter().any(|folder| source.path.starts_with(folder));
    match within {
        In::AnyWord | In::AnyPath => true,
        In::Script => matches!(source.ending(), "ts" | "mts" | "js" | "vue"),
        In::RustCode => source.is_rust(),
        In::RustSrcCode => source.is_rust() && source.path.contains("/src/"),
        In::PureRustCode => source.is_rust() && starts(&PURE),
        In::LibraryRustCode => {
            let is_library = source.is_rust() && starts(&["crates/"]) && source.path.contains("/src/");
            is_library && !starts(&BINARIES) && !source.is_test()
        }
    }
}

fn has(line: &str, word: &str, within: In) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let is_letter =
            |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
        match within {
            In::AnyWord => !is_letter(before) && !is_letter(after),
            // A path on a machine starts at the root: what is in front is no part of it.
            In::AnyPath => {
                !is_letter(before) && !matches!(before, Some('.' | '/' | '-' | '~' | '*' | '}' | ')'))
            }
            _ => !is_letter(before) || !word.starts_with(|letter: char| letter.is_alphabetic()),
        }
    })
}

fn has_excuse(line: &str) -> bool {
    line.split_once(EXCUSE).is_some_and(|(_, reason)| reason.trim().len() > 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(path: &str, text: &str) -> Vec<String> {
        check(&Source::new(path, text)).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn a_finding_says_where_what_and_what_to_do() {
        let findings = check(&Source::new("crates/a/src/b.rs", "\n    todo!()\n"));
        let expected =
            "crates/a/src/b.rs:2: `todo!(` is here; finish it, or open an issue and leave it out".to_owned();
        assert_eq!(findings.iter().map(ToString::to_string).collect::<Vec<_>>(), [expected]);
    }

    #[test]
    fn every_row_finds_its_word_where_it_looks() {
        for row in &ROWS {
            let path = if row.within == In::Script { "a.ts" } else { "crates/callboard-core/src/a.rs" };
            assert!(!words(path, &format!(" {} x", row.word)).is_empty(), "{}", row.word);
        }
    }

    #[test]
    fn code_rules_ignore_strings_and_comments() {
        assert!(words("crates/a/src/b.rs", "// dbg!(x)\nlet a = \"todo!()\";").is_empty());
        assert!(words("crates/a/src/b.rs", "mytodo!(); my_dbg!(x)").is_empty());
        assert!(words("README.md", "call `todo!()`").is_empty());
    }

    #[test]
    fn words_are_whole_and_paths_start_at_the_root() {
        let word = concat!("TO", "DO");
        assert_eq!(words("a.md", &format!("- {word}: x")).len(), 1);
        assert!(words("a.md", &format!("{word}S and my_{word}")).is_empty());
        assert!(words("CHANGELOG.md", word).is_empty());
        let path = concat!("/ho", "me/");
        assert_eq!(words("a.vue", &format!("cd \"{path}me\"")).len(), 1);
        assert!(words("a.ts", &format!("https://x.org{path}me and .{path}")).is_empty());
    }

    #[test]
    fn a_reason_excuses_where_there_can_be_one() {
        let path = "crates/a/src/b.rs";
        assert_eq!(words(path, "std::thread::sleep(x);").len(), 1);
        assert!(words(path, "std::thread::sleep(x); // tidy: the peer has no signal").is_empty());
        assert_eq!(words(path, "std::thread::sleep(x); // tidy: ").len(), 1);
        assert_eq!(words(path, "todo!() // tidy: later, I promise").len(), 1);
        assert!(words("crates/a/tests/b.rs", "std::thread::sleep(x);").is_empty());
    }

    #[test]
    fn only_the_pure_crates_lack_a_clock_and_only_binaries_exit() {
        let text = "let now = Instant::now(); std::process::exit(1)";
        assert_eq!(words("crates/callboard-core/src/a.rs", text).len(), 4);
        assert_eq!(words("crates/callboard/src/a.rs", text).len(), 1);
        assert!(words("crates/callboard-cli/src/a.rs", text).is_empty());
    }
}
