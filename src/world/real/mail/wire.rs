//! Exchanges lines with a mail server over one connection, which may become encrypted on the way.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// The limits for reply lines: RFC 5321 allows 512 bytes, servers send a little more.
const MAX_LINE_BYTES: u64 = 8 << 10;
const MAX_LINES: usize = 200;

/// The ways in which an exchange can fail.
#[derive(Debug)]
pub enum WireError {
    Io(io::Error),
    /// The server closed the connection.
    Closed,
    /// The server sent something other than an SMTP reply.
    NotSmtp(String),
    /// The server sent an unrequested reply.
    OutOfStep(String),
}

impl From<io::Error> for WireError {
    fn from(error: io::Error) -> WireError {
        use io::ErrorKind as K;
        match error.kind() {
            K::UnexpectedEof | K::ConnectionReset | K::ConnectionAborted | K::BrokenPipe
                if error.get_ref().is_none_or(|inner| !inner.is::<rustls::Error>()) =>
            {
                WireError::Closed
            }
            _ => WireError::Io(error),
        }
    }
}

/// A reply of the server: its code, and the text of each line.
#[derive(Debug)]
pub struct Reply {
    pub code: u16,
    pub lines: Vec<String>,
}

impl Reply {
    /// Whether the code is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.code)
    }

    /// Whether the code is an error: temporary (4xx) or permanent (5xx).
    pub fn is_refusal(&self) -> bool {
        (400..600).contains(&self.code)
    }
}

impl std::fmt::Display for Reply {
    /// The reply on one line. The enhanced code, which servers repeat on each line, is shown once.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let first = self.lines.first().map_or("", String::as_str);
        let enhanced = first.split(' ').next().filter(|word| is_enhanced(word));
        let text = |(number, line): (usize, &String)| match enhanced.filter(|_| number > 0) {
            Some(code) => line.strip_prefix(code).unwrap_or(line).trim().to_owned(),
            None => line.trim().to_owned(),
        };
        let lines: Vec<String> = self.lines.iter().enumerate().map(text).collect();
        f.write_str(format!("{} {}", self.code, lines.join(" ")).trim_end())
    }
}

/// Whether a word is an enhanced status code such as `5.1.1` (RFC 3463).
pub fn is_enhanced(word: &str) -> bool {
    let parts: Vec<&str> = word.split('.').collect();
    parts.len() == 3
        && ["2", "4", "5"].contains(&parts[0])
        && parts.iter().all(|part| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The connection below the line protocol.
pub enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A connection that exchanges lines.
pub struct Wire {
    stream: BufReader<Stream>,
}

impl Wire {
    pub fn new(stream: Stream) -> Wire {
        Wire { stream: BufReader::new(stream) }
    }

    /// Returns the connection itself. Data that arrived before TLS is refused: it may come from an attacker.
    pub fn into_plain(self) -> Result<TcpStream, WireError> {
        if !self.stream.buffer().is_empty() {
            return Err(WireError::OutOfStep("more than was asked for before TLS began".to_owned()));
        }
        match self.stream.into_inner() {
            Stream::Plain(stream) => Ok(stream),
            Stream::Tls(_) => Err(WireError::NotSmtp("the connection is encrypted already".to_owned())),
        }
    }

    /// Sends one line and reads its reply.
    pub async fn command(&mut self, line: &str) -> Result<Reply, WireError> {
        // An earlier, unrequested reply would be mistaken for the reply to this command.
        if !self.stream.buffer().is_empty() {
            let early = self.reply().await?;
            return Err(WireError::OutOfStep(early.to_string()));
        }
        self.stream.write_all(format!("{line}\r\n").as_bytes()).await?;
        self.stream.flush().await?;
        self.reply().await
    }

    /// Sends the content of a mail, with dots doubled, and reads the reply.
    pub async fn content(&mut self, bytes: &[u8]) -> Result<Reply, WireError> {
        self.stream.write_all(&stuffed(bytes)).await?;
        self.stream.flush().await?;
        self.reply().await
    }

    pub async fn reply(&mut self) -> Result<Reply, WireError> {
        let mut reply = Reply { code: 0, lines: Vec::new() };
        loop {
            let line = self.line().await?;
            let (code, rest) = line.split_at_checked(3).unwrap_or((&line, ""));
            let more = rest.starts_with('-');
            match code.parse::<u16>() {
                Ok(code) if (200..600).contains(&code) && (rest.is_empty() || more || rest.starts_with(' ')) => {
                    reply.code = code;
                }
                _ => return Err(WireError::NotSmtp(line.chars().take(200).collect())),
            }
            reply.lines.push(rest.get(1..).unwrap_or_default().to_owned());
            if !more {
                return Ok(reply);
            }
            if reply.lines.len() >= MAX_LINES {
                return Err(WireError::NotSmtp("a reply without an end".to_owned()));
            }
        }
    }

    async fn line(&mut self) -> Result<String, WireError> {
        let mut bytes = Vec::new();
        (&mut self.stream).take(MAX_LINE_BYTES).read_until(b'\n', &mut bytes).await?;
        if bytes.is_empty() {
            return Err(WireError::Closed);
        }
        let text = String::from_utf8_lossy(&bytes);
        if !bytes.ends_with(b"\n") {
            return Err(WireError::NotSmtp(text.chars().filter(|c| !c.is_control()).take(200).collect()));
        }
        let text = text.trim_end_matches(['\r', '\n']);
        Ok(text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect())
    }
}

/// The content in its wire form (RFC 5321 §4.5.2): a dot at the start of a line is doubled, and a single dot ends the content.
fn stuffed(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 64);
    let mut starts = true;
    for byte in bytes {
        if starts && *byte == b'.' {
            out.push(b'.');
        }
        out.push(*byte);
        starts = *byte == b'\n';
    }
    if !starts {
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b".\r\n");
    out
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Stream::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_write(cx, data),
            Stream::Tls(stream) => Pin::new(stream).poll_write(cx, data),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
