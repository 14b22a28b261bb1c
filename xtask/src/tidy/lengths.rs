//! Functions of up to 70 lines, files of up to 500.

use super::Finding;
use super::sources::Source;

const FUNCTION_LINES_MAX: usize = 70;
const FILE_LINES_MAX: usize = 500;
/// Endings of the files whose length counts.
const ENDINGS: [&str; 3] = ["rs", "ts", "vue"];

pub(super) fn check(source: &Source) -> Vec<Finding> {
    if !ENDINGS.contains(&source.ending()) || source.is_generated() {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let lines = source.text.lines().count();
    if lines > FILE_LINES_MAX {
        findings.push(Finding {
            path: source.path.clone(),
            line: 1,
            what: format!("the file has {lines} lines, {FILE_LINES_MAX} are the most"),
            remedy: "give each idea a file of its own".to_owned(),
        });
    }
    if source.is_rust() && !source.is_test() {
        let long = functions(&source.code).into_iter().filter(|function| function.lines > FUNCTION_LINES_MAX);
        findings.extend(long.map(|function| Finding {
            path: source.path.clone(),
            line: source.line_of(function.start),
            what: format!(
                "`{}` has {} lines, {FUNCTION_LINES_MAX} are the most",
                function.name, function.lines
            ),
            remedy: "make it a pipeline of small named steps".to_owned(),
        }));
    }
    findings
}

#[derive(Debug, PartialEq)]
struct Function<'a> {
    name: &'a str,
    /// The byte of its `fn`.
    start: usize,
    lines: usize,
}

/// The functions with a body, outside of test modules.
fn functions(code: &str) -> Vec<Function<'_>> {
    let tests = test_items(code);
    let mut functions = Vec::new();
    for (start, _) in code.match_indices("fn ") {
        let is_word = !code[..start].ends_with(|before: char| before.is_alphanumeric() || before == '_');
        if !is_word || tests.iter().any(|(from, to)| (*from..*to).contains(&start)) {
            continue;
        }
        let rest = code[start + 3..].trim_start();
        let name_end =
            rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len());
        if name_end == 0 {
            continue;
        }
        if let Some(end) = body_end(code, start) {
            let lines = code[start..end].matches('\n').count() + 1;
            functions.push(Function { name: &rest[..name_end], start, lines });
        }
    }
    functions
}

/// Where the body of the item at `start` ends; `None` when it has none.
fn body_end(code: &str, start: usize) -> Option<usize> {
    let (mut brackets, mut braces) = (0usize, 0usize);
    for (offset, byte) in code[start..].bytes().enumerate() {
        match byte {
            b'(' | b'[' => brackets += 1,
            b')' | b']' => brackets = brackets.saturating_sub(1),
            b';' if brackets == 0 && braces == 0 => return None,
            b'{' => braces += 1,
            b'}' if braces <= 1 => return Some(start + offset + 1),
            b'}' => braces -= 1,
            _ => {}
        }
    }
    None
}

/// The ranges of items that exist for tests only.
fn test_items(code: &str) -> Vec<(usize, usize)> {
    const MARK: &str = "#[cfg(test)]";
    code.match_indices(MARK)
        .filter_map(|(start, _)| body_end(code, start + MARK.len()).map(|end| (start, end)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(String, usize)> {
        let source = Source::new("a.rs", text);
        functions(&source.code).iter().map(|function| (function.name.to_owned(), function.lines)).collect()
    }

    #[test]
    fn functions_are_counted_from_their_name_to_their_last_brace() {
        let one = |name: &str, lines| vec![(name.to_owned(), lines)];
        assert_eq!(found("fn a() {}"), one("a", 1));
        assert_eq!(
            found("pub async fn a<T>(b: [u8; 4])\nwhere\n    T: X,\n{\n  if b { c }\n}\n"),
            one("a", 6)
        );
        assert_eq!(found("trait A { fn a(&self);\nfn b(&self) {\n} }"), one("b", 2));
        assert_eq!(found("fn a() {\n let s = \"}\"; // }\n}\n"), one("a", 3));
        assert_eq!(found("type A = fn (u8);\nlet b: fn(u8) = c;"), []);
        assert_eq!(found("#[cfg(test)]\nmod tests { fn a() {} }\nfn b() {}"), one("b", 1));
        assert_eq!(found("#[cfg(test)]\nmod tests;\nfn b() {}"), one("b", 1));
        assert_eq!(found("fn a() {\nfn b() {\n}\n}").len(), 2);
    }

    #[test]
    fn long_functions_and_long_files_are_named() {
        let body = |lines: usize| format!("\nfn a() {{\n{}}}\n", "x();\n".repeat(lines));
        assert_eq!(check(&Source::new("a.rs", body(68))), []);
        let findings = check(&Source::new("a.rs", body(69)));
        let expected = "a.rs:2: `a` has 71 lines, 70 are the most; make it a pipeline of small named steps";
        assert_eq!(findings.iter().map(ToString::to_string).collect::<Vec<_>>(), [expected]);
        assert_eq!(check(&Source::new("crates/x/tests/a.rs", body(69))), [], "tests may be long");
        let long = "x\n".repeat(501);
        let findings = check(&Source::new("a.vue", long.clone()));
        let expected = "a.vue:1: the file has 501 lines, 500 are the most; give each idea a file of its own";
        assert_eq!(findings[0].to_string(), expected);
        assert_eq!(check(&Source::new("a.ts", format!("// @generated\n{long}"))), []);
        assert_eq!(check(&Source::new("a.md", long)), []);
    }
}
