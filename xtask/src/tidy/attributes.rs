//! Lints are expected with a reason, never allowed.

use super::Finding;
use super::sources::Source;

pub(super) fn check(source: &Source) -> Vec<Finding> {
    if !source.is_rust() {
        return Vec::new();
    }
    let finding = |at: usize, what: &str, remedy: &str| Finding {
        path: source.path.clone(),
        line: source.line_of(at),
        what: what.to_owned(),
        remedy: remedy.to_owned(),
    };
    let allowed = attributes(&source.code, "allow(").map(|at| {
        finding(
            at,
            "a lint is allowed",
            "write `#[expect(LINT, reason = \"...\")]`, or do what the lint says",
        )
    });
    let expected = attributes(&source.code, "expect(")
        .filter(|at| !inside(&source.code[*at..]).contains("reason"))
        .map(|at| finding(at, "a lint is expected without a reason", "add `reason = \"...\"`"));
    allowed.chain(expected).collect()
}

/// Where `#[NAME` and `#![NAME` start.
fn attributes<'a>(code: &'a str, name: &'a str) -> impl Iterator<Item = usize> {
    code.match_indices('#').map(|(at, _)| at).filter(move |at| {
        let rest = code[at + 1..].trim_start();
        let rest = rest.strip_prefix('!').unwrap_or(rest).trim_start();
        rest.strip_prefix('[').is_some_and(|rest| rest.trim_start().starts_with(name))
    })
}

/// What the brackets behind the attribute's start hold.
fn inside(code: &str) -> &str {
    let mut depth = 0usize;
    for (at, byte) in code.bytes().enumerate() {
        match byte {
            b'[' => depth += 1,
            b']' if depth <= 1 => return &code[..at],
            b']' => depth -= 1,
            _ => {}
        }
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(text: &str) -> Vec<String> {
        check(&Source::new("a.rs", text)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_allowed_lint_is_found() {
        let expected =
            "a.rs:2: a lint is allowed; write `#[expect(LINT, reason = \"...\")]`, or do what the lint says";
        assert_eq!(findings("\n#[allow(unused)]\n"), [expected]);
        assert_eq!(findings("#![allow(unused)]").len(), 1);
        assert!(findings("// #[allow(unused)]\nlet a = \"#[allow(x)]\"; allow(x)").is_empty());
    }

    #[test]
    fn an_expected_lint_has_a_reason() {
        assert!(findings("#[expect(unused, reason = \"it is for later\")]").is_empty());
        assert!(findings("#[expect(\n    unused,\n    reason = \"x\",\n)]").is_empty());
        let expected = "a.rs:1: a lint is expected without a reason; add `reason = \"...\"`";
        assert_eq!(findings("#[expect(unused)]\nfn a() { let reason = 1; }"), [expected]);
        assert!(findings("value.expect(\"it holds\")").is_empty());
    }
}
