//! A WebSocket client that says hello and then only listens, or sends commands.

use crate::Done;
use callboard_ws::{
    ClientHandshake, DeflateParams, Limits, Message, ReadOptions, Reader, Role, Writer, masked,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::SEC_WEBSOCKET_EXTENSIONS};
use std::net::SocketAddr;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

/// Where a server is, and what opens it.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    pub(crate) at: SocketAddr,
    pub(crate) token: String,
}

impl Address {
    /// What a board's helper says first.
    pub(crate) fn parse(line: &str) -> Done<Self> {
        let (at, token) = line.split_once(' ').ok_or("the helper says no address and token")?;
        Ok(Address { at: at.parse()?, token: token.into() })
    }
}

/// How messages come to a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Form {
    /// Uncompressed.
    #[default]
    Plain,
    /// Compressed once for all, each by itself: the client keeps no window.
    Shared,
    /// Compressed once for all, each with those before it.
    Chained,
}

impl Form {
    pub(crate) const ALL: [Form; 3] = [Form::Plain, Form::Shared, Form::Chained];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Form::Plain => "plain",
            Form::Shared => "shared",
            Form::Chained => "chained",
        }
    }

    fn headers(self, handshake: &ClientHandshake) -> Done<HeaderMap> {
        let mut headers = handshake.request_headers();
        if let Some(offer) = headers.get_mut(SEC_WEBSOCKET_EXTENSIONS).filter(|_| self == Form::Shared) {
            *offer = format!("{}; server_no_context_takeover", offer.to_str()?).parse()?;
        }
        Ok(headers)
    }
}

/// What a client wants beside the state.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wants {
    pub(crate) form: Form,
    pub(crate) logs: bool,
    /// The epoch and version that it has already.
    pub(crate) resume: Option<(String, u64)>,
}

/// A connection after its `hello`, before anything was read.
pub(crate) struct Socket {
    stream: TcpStream,
    deflate: Option<DeflateParams>,
}

impl Socket {
    /// Connects and says hello, without interest in the log.
    pub(crate) async fn open(address: &Address, form: Form) -> Done<Self> {
        Socket::open_as(address, Wants { form, ..Wants::default() }).await
    }

    /// Connects and says hello.
    pub(crate) async fn open_as(address: &Address, wants: Wants) -> Done<Self> {
        let protocol = callboard_protocol::frame::SUBPROTOCOL;
        let mut socket = Socket::upgrade(address, "/ws", Some(protocol), wants.form).await?;
        let instance = format!("bench-{:x}", fastrand::u64(..));
        let mut hello = serde_json::json!({
            "type": "hello", "protocol": callboard_protocol::frame::PROTOCOL,
            "client": { "name": "bench", "version": "0", "instance": instance },
            "logs": { "enabled": wants.logs },
        });
        if let Some((epoch, version)) = wants.resume {
            let resume = serde_json::json!({ "epoch": epoch, "version": version });
            hello["subs"] = serde_json::json!([{ "sub": "main", "paths": [""], "resume": resume }]);
        }
        socket.say(&hello.to_string()).await?;
        Ok(socket)
    }

    /// Connects to any WebSocket server.
    pub(crate) async fn upgrade(
        address: &Address,
        path: &str,
        protocol: Option<&'static str>,
        form: Form,
    ) -> Done<Self> {
        let stream = TcpStream::connect(address.at).await?;
        stream.set_nodelay(true)?;
        let handshake =
            ClientHandshake::new(std::array::from_fn(|_| fastrand::u8(..))).deflate(form != Form::Plain);
        let handshake = protocol.into_iter().fold(handshake, ClientHandshake::protocol);
        let mut socket = Socket { stream, deflate: None };
        socket.request(address, path, &form.headers(&handshake)?).await?;
        let (status, headers) = socket.answer().await?;
        socket.deflate = handshake.check(status, &headers)?.deflate;
        Ok(socket)
    }

    /// Sends one text.
    pub(crate) async fn say(&mut self, text: &str) -> Done {
        let frame = masked::text(text, fastrand::u32(..).to_ne_bytes());
        Ok(self.stream.write_all(frame.as_bytes()).await?)
    }

    async fn request(&mut self, address: &Address, path: &str, headers: &HeaderMap) -> Done {
        let mut request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n",
            address.at, address.token
        );
        for (name, value) in headers {
            request += &format!("{name}: {}\r\n", value.to_str()?);
        }
        request += "\r\n";
        Ok(self.stream.write_all(request.as_bytes()).await?)
    }

    /// The head of the answer, read byte by byte so that nothing of the first frame is.
    async fn answer(&mut self) -> Done<(StatusCode, HeaderMap)> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.stream.read_u8().await?);
        }
        let head = String::from_utf8(head)?;
        let mut lines = head.trim_end().lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).ok_or("no status")?;
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| Done::Ok((name.parse()?, value.parse()?)));
        let headers: Vec<(HeaderName, HeaderValue)> = headers.collect::<Done<_>>()?;
        Ok((status.parse()?, headers.into_iter().collect()))
    }

    /// Its bytes as they come, for who only counts them.
    pub(crate) fn into_stream(self) -> TcpStream {
        self.stream
    }

    /// Messages in, commands out.
    pub(crate) fn split(self) -> (Messages, Commands) {
        let (read, write) = self.stream.into_split();
        const ANY: usize = callboard_protocol::caps::MESSAGE_BYTES_OUT;
        let limits = Limits { max_frame_bytes: ANY, max_message_bytes: ANY, max_inflated_bytes: ANY };
        let options = ReadOptions { role: Role::Client, limits, deflate: self.deflate, accept_binary: false };
        (Messages(Reader::new(read, options)), Commands(Writer::new(write, Role::Client)))
    }
}

/// What a server says.
pub(crate) struct Messages(Reader<OwnedReadHalf>);

impl Messages {
    /// So far, headers of frames included.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.0.bytes_read()
    }

    /// The next text.
    pub(crate) async fn next(&mut self) -> Done<String> {
        loop {
            match self.0.next().await? {
                Some(Message::Text(text)) => return Ok(text),
                Some(Message::Close(frame)) => return Err(format!("the server closed: {frame:?}").into()),
                None => return Err("the server has gone".into()),
                Some(_) => {}
            }
        }
    }
}

/// What is asked of a server.
pub(crate) struct Commands(Writer<OwnedWriteHalf>);

impl Commands {
    pub(crate) async fn send(&mut self, id: &str, name: &str, args: &serde_json::Value) -> Done {
        let command = serde_json::json!({ "type": "cmd", "id": id, "name": name, "args": args }).to_string();
        Ok(self.0.write(&masked::text(&command, fastrand::u32(..).to_ne_bytes())).await?)
    }
}

/// A number in the text of a message, found without parsing the rest.
pub(crate) fn number(text: &str, member: &str) -> Option<u64> {
    let start = text.find(&format!("\"{member}\":"))? + member.len() + 3;
    let digits = text[start..].split(|letter: char| !letter.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_found_in_the_text() {
        let text = r#"{"type":"state.patch","fromVersion":41,"toVersion":42,"patch":[]}"#;
        assert_eq!((number(text, "toVersion"), number(text, "version")), (Some(42), None));
    }
}
