//! Texts in addresses.

/// A text as one segment of a path or one value of a query string: everything but letters, digits and `-._~` as `%XX`.
///
/// ```
/// use callboard_client::percent_encoded;
///
/// assert_eq!(percent_encoded("a-Z_0.~"), "a-Z_0.~");
/// assert_eq!(percent_encoded("../x?y#z ü"), "..%2Fx%3Fy%23z%20%C3%BC");
/// ```
pub fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => encoded.push(char::from(byte)),
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
