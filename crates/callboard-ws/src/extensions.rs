//! `Sec-WebSocket-Extensions`: offers and answers of `permessage-deflate` (RFC 7692 section 7.1).

use http::header::{HeaderMap, HeaderValue, SEC_WEBSOCKET_EXTENSIONS};

use crate::HandshakeError;

const NAME: &str = "permessage-deflate";
const SERVER_NO_TAKEOVER: &str = "server_no_context_takeover";
const CLIENT_NO_TAKEOVER: &str = "client_no_context_takeover";
const SERVER_BITS: &str = "server_max_window_bits";
const CLIENT_BITS: &str = "client_max_window_bits";

/// The window that our compressor always uses, the largest there is.
const OUR_WINDOW_BITS: u8 = 15;

/// Offers looked at before giving up; browsers send one.
const MAX_OFFERS: usize = 16;

/// What both ends agreed on for `permessage-deflate`.
///
/// The default is the least restricted form: both sides may refer back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeflateParams {
    /// The server's messages do not refer back. The client asked for it, so a shared chain is not for this
    /// connection; independent frames are.
    pub server_no_context_takeover: bool,
    /// The client's messages do not refer back. Always so when this crate is the server.
    pub client_no_context_takeover: bool,
    /// The server's window as agreed, if it was spoken of. Always 15 when this crate is the server.
    pub server_max_window_bits: Option<u8>,
}

impl DeflateParams {
    /// The server's choice: the first offer it can keep, `None` to go without compression.
    ///
    /// An offer is passed over if it has parameters that are unknown, repeated or malformed, or if it limits
    /// the server's window: shared frames are compressed with the full one.
    pub(crate) fn choose(headers: &HeaderMap) -> Option<Self> {
        elements(headers).take(MAX_OFFERS).find_map(|offer| Parameters::parse(offer)?.accept())
    }

    /// The server's answer to the offer it chose.
    pub(crate) fn answer(&self) -> HeaderValue {
        let mut answer = format!("{NAME}; {CLIENT_NO_TAKEOVER}");
        if self.server_no_context_takeover {
            answer.push_str("; ");
            answer.push_str(SERVER_NO_TAKEOVER);
        }
        if let Some(bits) = self.server_max_window_bits {
            answer.push_str(&format!("; {SERVER_BITS}={bits}"));
        }
        HeaderValue::try_from(answer).expect("names and digits make a header value")
    }

    /// The client's offer: it never refers back, so neither end keeps state for what it sends.
    pub(crate) fn offer() -> HeaderValue {
        HeaderValue::from_static("permessage-deflate; client_no_context_takeover")
    }

    /// What the client makes of the answer to [`offer`](Self::offer), if there was one (`offered`).
    pub(crate) fn check_answer(headers: &HeaderMap, offered: bool) -> Result<Option<Self>, HandshakeError> {
        let mut answers = elements(headers);
        let Some(answer) = answers.next() else { return Ok(None) };
        let parameters = Parameters::parse(answer).filter(|_| offered && answers.next().is_none());
        // A window for the client is an answer to a question we did not ask.
        match parameters {
            Some(Parameters { params, limits_client_window: false }) => Ok(Some(params)),
            _ => Err(HandshakeError::Extension),
        }
    }
}

/// One `permessage-deflate` element, with each parameter known, well-formed and given once.
struct Parameters {
    params: DeflateParams,
    limits_client_window: bool,
}

impl Parameters {
    fn parse(element: &str) -> Option<Self> {
        let mut parts = split_unquoted(element, ';').map(str::trim);
        if !parts.next()?.eq_ignore_ascii_case(NAME) {
            return None;
        }
        let mut parsed = Self { params: DeflateParams::default(), limits_client_window: false };
        for part in parts {
            let (name, value) = match part.split_once('=') {
                Some((name, value)) => (name.trim(), Some(unquote(value.trim()))),
                None => (part, None),
            };
            parsed.set(name, value)?;
        }
        Some(parsed)
    }

    fn set(&mut self, name: &str, value: Option<&str>) -> Option<()> {
        let repeated = match (name, value) {
            (SERVER_NO_TAKEOVER, None) => {
                std::mem::replace(&mut self.params.server_no_context_takeover, true)
            }
            (CLIENT_NO_TAKEOVER, None) => {
                std::mem::replace(&mut self.params.client_no_context_takeover, true)
            }
            (SERVER_BITS, Some(bits)) => {
                self.params.server_max_window_bits.replace(window_bits(bits)?).is_some()
            }
            (CLIENT_BITS, bits) => {
                bits.map_or(Some(OUR_WINDOW_BITS), window_bits)?;
                std::mem::replace(&mut self.limits_client_window, true)
            }
            _ => return None,
        };
        (!repeated).then_some(())
    }

    /// The server's terms for an offer: see [`DeflateParams::choose`].
    fn accept(self) -> Option<DeflateParams> {
        let window = self.params.server_max_window_bits.unwrap_or(OUR_WINDOW_BITS);
        (window == OUR_WINDOW_BITS)
            .then_some(DeflateParams { client_no_context_takeover: true, ..self.params })
    }
}

/// 8 to 15, as one or two digits without a leading zero.
fn window_bits(value: &str) -> Option<u8> {
    match value {
        "8" | "9" | "10" | "11" | "12" | "13" | "14" | "15" => value.parse().ok(),
        _ => None,
    }
}

fn elements(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers
        .get_all(SEC_WEBSOCKET_EXTENSIONS)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| split_unquoted(line, ','))
        .map(str::trim)
        .filter(|element| !element.is_empty())
}

/// Splits at `separator`, except inside a quoted string.
fn split_unquoted(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |c| {
        let outside = !quoted;
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        outside && c == separator
    })
}

/// The inside of a quoted string, or the text itself. Escapes stay: no value we know has one.
fn unquote(text: &str) -> &str {
    text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text)
}
