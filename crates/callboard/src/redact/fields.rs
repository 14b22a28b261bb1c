//! Fields whose values are secret by their name (S1.22).

use std::collections::HashSet;

/// Names in small letters without separators.
const EXACT: [&str; 13] = [
    "address",
    "apikey",
    "auth",
    "authorization",
    "credentials",
    "email",
    "key",
    "passphrase",
    "phone",
    "privatekey",
    "pwd",
    "secretkey",
    "cookie",
];
/// A name that ends in one of these words: `dbPassword`, `access_token`, `x-api-key`.
const LAST: [&str; 8] =
    ["password", "passwd", "secret", "token", "credential", "apikey", "accesskey", "email"];

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Fields {
    more: HashSet<Vec<u8>>,
}

impl Fields {
    pub(super) fn with(names: &[String]) -> Self {
        let mut buffer = [0; BYTES];
        Fields { more: names.iter().map(|name| plain(name, &mut buffer).to_vec()).collect() }
    }

    pub(super) fn is_secret(&self, name: &str) -> bool {
        let mut buffer = [0; BYTES];
        let name = plain(name, &mut buffer);
        EXACT.iter().any(|word| word.as_bytes() == name)
            || LAST.iter().any(|word| name.ends_with(word.as_bytes()))
            || self.more.contains(name)
    }
}

/// What is looked at of a longer name: its end.
const BYTES: usize = 64;

/// `API-Key`, `api_key` and `apiKey` are the same name. On the stack: every field of every record is asked for.
fn plain<'a>(name: &str, buffer: &'a mut [u8; BYTES]) -> &'a [u8] {
    let letters = name.bytes().rev().filter(|byte| !matches!(byte, b'_' | b'-' | b'.' | b' '));
    let mut from = BYTES;
    for letter in letters.take(BYTES) {
        from -= 1;
        buffer[from] = letter.to_ascii_lowercase();
    }
    &buffer[from..]
}
