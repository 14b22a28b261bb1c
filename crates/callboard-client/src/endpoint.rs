//! Where a server is.

use crate::{ClientError, Code};
use ::http::Uri;
use std::fmt;

/// The base address of a server, `http://host:port/prefix`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    host: String,
    port: u16,
    /// Begins with `/` and ends with one.
    prefix: String,
}

impl Endpoint {
    /// Reads an address. `ws://` means the same as `http://`; what follows `?` or `#` is left out.
    ///
    /// # Errors
    /// `bad_url` for anything else, `https` included: this version has no TLS.
    pub fn parse(url: &str) -> Result<Self, ClientError> {
        let fail = |why: &str| Err(ClientError::new(Code::BadUrl, format!("{url:?} cannot be used: {why}")));
        let without_fragment = url.trim().split('#').next().unwrap_or_default();
        let Ok(uri) = without_fragment.parse::<Uri>() else { return fail("it is no URL") };
        match uri.scheme_str() {
            Some("http" | "ws") => {}
            Some("https" | "wss") => return fail("this version has no TLS, use http:// on loopback"),
            _ => return fail("it must begin with http://"),
        }
        let Some(authority) = uri.authority() else { return fail("it names no host") };
        if authority.as_str().contains('@') {
            return fail("it must not carry a user name");
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return fail("it names no host");
        }
        let trimmed = uri.path().trim_matches('/');
        let prefix = if trimmed.is_empty() { "/".to_owned() } else { format!("/{trimmed}/") };
        Ok(Endpoint { host: host.into(), port: authority.port_u16().unwrap_or(80), prefix })
    }

    /// The host, an IPv6 address without its brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The value of `Host`.
    pub(crate) fn authority(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }

    /// A path below the base, as a request line has it.
    pub(crate) fn path(&self, below: &str) -> String {
        format!("{}{}", self.prefix, below.trim_start_matches('/'))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "http://{}{}", self.authority(), self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let table = [
            ("http://127.0.0.1:7420", "http://127.0.0.1:7420/", "/api/jobs"),
            ("ws://localhost:1/board/", "http://localhost:1/board/", "/board/api/jobs"),
            ("http://[::1]:7420/a/b#launch=x", "http://[::1]:7420/a/b/", "/a/b/api/jobs"),
            ("http://board", "http://board:80/", "/api/jobs"),
        ];
        for (text, shown, path) in table {
            let endpoint = Endpoint::parse(text).unwrap();
            assert_eq!(endpoint.to_string(), shown);
            assert_eq!(endpoint.path("/api/jobs"), path);
        }
    }

    #[test]
    fn bad_addresses_name_what_is_wrong() {
        for (text, why) in [
            ("", "no URL"),
            ("127.0.0.1:7420", "http://"),
            ("https://board/", "TLS"),
            ("http://", "no URL"),
            ("http://a@b/", "user name"),
            ("/just/a/path", "http://"),
        ] {
            let error = Endpoint::parse(text).unwrap_err();
            assert_eq!(error.code(), Code::BadUrl);
            assert!(error.message().contains(why), "{text}: {error}");
        }
    }
}
