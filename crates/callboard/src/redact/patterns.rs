//! Texts that look like secrets. Group 1 is kept in front of what is hidden, group 2 behind it.
//!
//! Names and forms are ASCII, so that what they compile to stays small and a line costs one pass.

/// A boundary of words.
macro_rules! edge {
    () => {
        r"(?-u:\b)"
    };
}

/// Names whose values are secrets, perhaps the end of a longer name.
macro_rules! name {
    () => {
        concat!(
            r"(?i-u:[a-z0-9_.-]*(?:password|passwd|pwd|passphrase|secret|token|api[_-]?key|access[_-]?key",
            r"|private[_-]?key|credentials?|auth))"
        )
    };
}

/// A value without quotes.
macro_rules! value {
    () => {
        r"[^\x00-\x20&#,;'<>\x22]+()"
    };
}

/// See the module. A test runs each.
pub(super) const ALL: [&str; 12] = [
    // A query or fragment: ?token=…&sig=…
    concat!(r"([?&#](?:", name!(), r"|(?i-u:key|sig|signature|code|launch|x-amz-[a-z-]+))=)", value!()),
    // An assignment, quoted or not: DB_PASSWORD=…, token='…'
    concat!("(", edge!(), name!(), "=)", value!()),
    concat!("(", edge!(), name!(), "=')[^']+(')"),
    concat!("(", edge!(), name!(), r"=\x22)[^\x22]+(\x22)"),
    // JSON: "apiKey": "…"
    concat!(r"(\x22", name!(), r"\x22[\t ]*:[\t ]*\x22)[^\x22]+(\x22)"),
    // Words of which nothing harmless is said with a colon.
    concat!("(", edge!(), r"(?i-u:password|passwd|passphrase|api[_-]?key)[\t ]*:[\t ]+)", value!()),
    // A header.
    concat!("(", edge!(), r"(?i-u:bearer|authorization:[\t ]*[a-z]+)[\t ]+)(?-u:[A-Za-z0-9_.~+/-]{8,}=*)()"),
    // The password in a URL.
    concat!("(", edge!(), r"(?i-u:[a-z][a-z0-9+.-]*)://[^\x00-\x20/:@]*:)[^\x00-\x20/@]+(@)"),
    // Tokens that are known by their form.
    concat!(
        "()",
        edge!(),
        r"(?-u:eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+|gh[pousr]_[A-Za-z0-9]{30,}",
        r"|github_pat_[A-Za-z0-9_]{30,}|xox[abprs]-[A-Za-z0-9-]{10,}|(?:AKIA|ASIA)[A-Z0-9]{16}",
        r"|sk-[A-Za-z0-9_-]{20,})()"
    ),
    // Places on a machine and private addresses (S1.22).
    concat!("(", edge!(), r"(?i-u:blob):)[^\x00-\x20'<>\x22]+()"),
    concat!("(", edge!(), r"(?i-u:file):)/[^\x00-\x20'<>\x22]+()"),
    concat!("(", edge!(), r"(?i-u:wss?)://)[^\x00-\x20'<>\x22]+()"),
];
