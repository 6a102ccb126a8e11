//! A proxy before a store on loopback that does to requests and answers what bad networks, bad proxies and bad servers do.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What happens to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The connection ends before anything was read, or in the middle of the body.
    Refused,
    CutRequest,
    /// It was done, and nothing is heard of it, or only a part.
    DroppedAnswer,
    CutAnswer,
    Slow,
    /// It is done a second time; the second answer comes back.
    Twice,
    /// It was not done, or it was, and the answer has this status.
    Status(u16),
    DoneBut(u16),
    /// One byte of the body is another.
    FlippedRequest,
    FlippedAnswer,
    /// "200 OK" with an error in the body; it was not done, or it was.
    ErrorInside,
    DoneButErrorInside,
    /// Half of what was asked for, as 206, or as if it were all.
    PartOnly,
    Shorter,
    Longer,
    /// It says that the body is packed.
    Encoded,
    /// It is sent elsewhere, without its body.
    Redirected,
}

impl Fault {
    pub const ALL: [Fault; 20] = [
        Fault::Refused,
        Fault::CutRequest,
        Fault::DroppedAnswer,
        Fault::CutAnswer,
        Fault::Slow,
        Fault::Twice,
        Fault::Status(500),
        Fault::Status(503),
        Fault::Status(429),
        Fault::DoneBut(500),
        Fault::DoneBut(503),
        Fault::FlippedRequest,
        Fault::FlippedAnswer,
        Fault::ErrorInside,
        Fault::DoneButErrorInside,
        Fault::PartOnly,
        Fault::Shorter,
        Fault::Longer,
        Fault::Encoded,
        Fault::Redirected,
    ];
}

/// Decides what happens to a request, by its first line.
type Script = Box<dyn FnMut(&str) -> Option<Fault> + Send>;

pub struct FaultProxy {
    pub port: u16,
    script: Arc<Mutex<Script>>,
    met: Arc<Mutex<BTreeMap<Fault, u32>>>,
}

/// A request or an answer as it goes over the wire.
struct Message {
    first: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// What is still to come of a large body.
    rest: u64,
}

impl FaultProxy {
    /// Stands before the server at this port; nothing happens until a script says so.
    pub fn before(port: u16) -> FaultProxy {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let own = listener.local_addr().unwrap().port();
        let script: Arc<Mutex<Script>> = Arc::new(Mutex::new(Box::new(|_| None)));
        let met = Arc::<Mutex<BTreeMap<Fault, u32>>>::default();
        let proxy = FaultProxy { port: own, script: script.clone(), met: met.clone() };
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (script, met) = (script.clone(), met.clone());
                std::thread::spawn(move || serve(client, own, port, &script, &met).unwrap_or_default());
            }
        });
        proxy
    }

    pub fn script(&self, script: impl FnMut(&str) -> Option<Fault> + Send + 'static) {
        *self.script.lock().unwrap() = Box::new(script);
    }

    /// How often each fault has happened.
    pub fn met(&self) -> BTreeMap<Fault, u32> {
        self.met.lock().unwrap().clone()
    }
}

fn serve(
    client: TcpStream,
    own: u16,
    port: u16,
    script: &Mutex<Script>,
    met: &Mutex<BTreeMap<Fault, u32>>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let Some(mut request) = read(&mut reader, false, u64::MAX)? else { return Ok(()) };
    let fault = (*script.lock().unwrap())(&request.first);
    if let Some(fault) = fault {
        *met.lock().unwrap().entry(fault).or_default() += 1;
    }
    match fault {
        Some(Fault::Refused) => return Ok(()),
        Some(Fault::CutRequest) => return cut_request(&request, port),
        Some(Fault::Slow) => std::thread::sleep(Duration::from_millis(300)),
        Some(Fault::Status(status)) => return plain(&client, &request, status, ""),
        Some(Fault::ErrorInside) => return plain(&client, &request, 200, ""),
        Some(Fault::Redirected) => {
            return plain(&client, &request, 302, &format!("location: http://127.0.0.1:{own}/elsewhere\r\n"));
        }
        Some(Fault::FlippedRequest) if !is_text(&request) => flip(&mut request.body),
        Some(Fault::Twice) => drop(ask(&request, port)?),
        _ => {}
    }
    let (mut answer, upstream) = ask(&request, port)?;
    // The address of an upload leads through here as well.
    for (_, value) in answer.headers.iter_mut().filter(|(name, _)| name == "location") {
        *value = value.replace(&format!(":{port}/"), &format!(":{own}/"));
    }
    match fault {
        Some(Fault::DroppedAnswer) => Ok(()),
        Some(Fault::DoneBut(status)) => plain(&client, &request, status, ""),
        Some(Fault::DoneButErrorInside) => plain(&client, &request, 200, ""),
        fault => {
            let is_head = request.first.starts_with("HEAD");
            if !is_head {
                change(&mut answer, fault);
            }
            give(client, answer, upstream, fault.filter(|_| !is_head), is_head)
        }
    }
}

/// Changes a whole answer; of a large one only what is at hand.
fn change(answer: &mut Message, fault: Option<Fault>) {
    let half = answer.body.len() / 2;
    let is_good = answer.first.contains(" 20");
    match fault {
        Some(Fault::FlippedAnswer) if is_good && !is_text(answer) => flip(&mut answer.body),
        Some(Fault::PartOnly) if is_good && half > 0 && answer.rest == 0 => {
            answer.first = "HTTP/1.1 206 Partial Content".to_owned();
            let range = format!("bytes 0-{}/{}", half - 1, answer.body.len());
            answer.headers.push(("content-range".to_owned(), range));
            answer.body.truncate(half);
        }
        Some(Fault::Shorter) if is_good && answer.rest == 0 => answer.body.truncate(half),
        Some(Fault::Longer) if is_good && answer.rest == 0 && !is_text(answer) => {
            answer.body.extend_from_slice(b"more")
        }
        Some(Fault::Encoded) if is_good => answer.headers.push(("content-encoding".to_owned(), "gzip".to_owned())),
        _ => {}
    }
}

/// What is in XML and JSON carries no checksum: nobody could know that one letter of it is another.
fn is_text(message: &Message) -> bool {
    let kind = message.headers.iter().find(|(name, _)| name == "content-type").map_or("", |(_, kind)| kind.as_str());
    kind.contains("xml") || kind.contains("json")
}

fn flip(body: &mut [u8]) {
    let middle = body.len() / 2;
    if let Some(byte) = body.get_mut(middle) {
        *byte ^= 0x10;
    }
}

/// Sends half of a request, and hangs up on both sides.
fn cut_request(request: &Message, port: u16) -> std::io::Result<()> {
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    server.write_all(head(request, request.body.len() as u64).as_bytes())?;
    server.write_all(&request.body[..request.body.len() / 2])
}

fn ask(request: &Message, port: u16) -> std::io::Result<(Message, BufReader<TcpStream>)> {
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    server.write_all(head(request, request.body.len() as u64).as_bytes())?;
    server.write_all(&request.body)?;
    let mut reader = BufReader::new(server);
    let answer = read(&mut reader, request.first.starts_with("HEAD"), 32 << 20)?;
    Ok((answer.ok_or(std::io::ErrorKind::UnexpectedEof)?, reader))
}

/// An answer of the proxy's own, in the words of no store in particular.
fn plain(mut client: &TcpStream, request: &Message, status: u16, headers: &str) -> std::io::Result<()> {
    let body = "<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>";
    let is_head = request.first.starts_with("HEAD");
    let head = format!(
        "HTTP/1.1 {status} Odd\r\ncontent-type: application/xml\r\n{headers}connection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    client.write_all(format!("{head}{}", if is_head { "" } else { body }).as_bytes())
}

fn give(
    mut client: TcpStream,
    answer: Message,
    mut upstream: BufReader<TcpStream>,
    fault: Option<Fault>,
    is_head: bool,
) -> std::io::Result<()> {
    let length = match is_head {
        true => answer.rest,
        false => answer.body.len() as u64 + answer.rest,
    };
    client.write_all(head(&answer, length).as_bytes())?;
    if is_head {
        return Ok(());
    }
    if fault == Some(Fault::CutAnswer) {
        return client.write_all(&answer.body[..answer.body.len() / 2]);
    }
    client.write_all(&answer.body)?;
    std::io::copy(&mut upstream.by_ref().take(answer.rest), &mut client).map(drop)
}

/// The first line and the headers, for a connection of its own.
fn head(message: &Message, length: u64) -> String {
    let ours = ["content-length", "connection", "transfer-encoding"];
    let headers = message.headers.iter().filter(|(name, _)| !ours.contains(&name.as_str()));
    let headers: String = headers.map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let bodiless = message.first.contains(" 204") || message.first.contains(" 304");
    let length = if bodiless { String::new() } else { format!("content-length: {length}\r\n") };
    format!("{}\r\n{headers}{length}connection: close\r\n\r\n", message.first)
}

/// Reads a message, of its body no more than `most`; of an answer to HEAD the length that it announces is what rests.
fn read(reader: &mut BufReader<TcpStream>, is_head: bool, most: u64) -> std::io::Result<Option<Message>> {
    let mut first = String::new();
    if reader.read_line(&mut first)? == 0 {
        return Ok(None);
    }
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let header = |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let length: Option<u64> = header("content-length").and_then(|length| length.parse().ok());
    let is_answer = first.starts_with("HTTP/");
    let (mut body, mut rest) = (Vec::new(), 0);
    let bodiless = first.contains(" 204") || first.contains(" 304");
    match length {
        _ if is_head => rest = length.unwrap_or(0),
        _ if header("transfer-encoding") == Some("chunked") => body = chunks(reader)?,
        Some(length) => {
            let at_hand = length.min(most);
            reader.by_ref().take(at_hand).read_to_end(&mut body)?;
            rest = length - at_hand;
        }
        None if is_answer && !bodiless => drop(reader.read_to_end(&mut body)?),
        None => {}
    }
    Ok(Some(Message { first: first.trim_end().to_owned(), headers, body, rest }))
}

fn chunks(reader: &mut BufReader<TcpStream>) -> std::io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let length = u64::from_str_radix(line.trim(), 16).unwrap_or(0);
        reader.by_ref().take(length).read_to_end(&mut body)?;
        reader.read_line(&mut line)?;
        if length == 0 {
            return Ok(body);
        }
    }
}
