//! An http server of the tests' own on loopback: each path is a way in which servers behave, good or bad.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A request that has come.
#[derive(Clone, Debug)]
pub struct Got {
    pub method: String,
    /// As the request line has it: a path, or a whole url where the receiver is asked as a proxy.
    pub target: String,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

/// Answers that wait to be given, each a status and a body.
type Prepared = Vec<(u16, Vec<u8>)>;

#[derive(Clone)]
pub struct Receiver {
    port: u16,
    got: Arc<Mutex<Vec<Got>>>,
    counts: Arc<Mutex<BTreeMap<String, u32>>>,
    /// By method and path, what a test has put there.
    put: Arc<Mutex<BTreeMap<String, Prepared>>>,
    broken_off: Arc<Mutex<Vec<String>>>,
}

trait Wire: Read + Write {}
impl<T: Read + Write> Wire for T {}

impl Receiver {
    pub fn start() -> Receiver {
        Receiver::listen(None)
    }

    /// One that speaks TLS, with this certificate and key.
    pub fn with_tls(config: rustls::ServerConfig) -> Receiver {
        Receiver::listen(Some(Arc::new(config)))
    }

    fn listen(tls: Option<Arc<rustls::ServerConfig>>) -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let receiver = Receiver {
            port,
            got: Arc::default(),
            counts: Arc::default(),
            put: Arc::default(),
            broken_off: Arc::default(),
        };
        let server = receiver.clone();
        std::thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                let (server, tls) = (server.clone(), tls.clone());
                std::thread::spawn(move || {
                    // The caller hangs up where it likes: that is no failure of the receiver.
                    let _ended = match tls {
                        None => server.serve(socket),
                        Some(tls) => {
                            let session = rustls::ServerConnection::new(tls).unwrap();
                            server.serve(rustls::StreamOwned::new(session, socket))
                        }
                    };
                });
            }
        });
        receiver
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Answers `GET /path` so from now on; of several answers one after the other, and the last one stays.
    pub fn put(&self, title: &str, answers: &[(u16, &[u8])]) {
        let answers = answers.iter().map(|(status, body)| (*status, body.to_vec())).collect();
        self.put.lock().unwrap().insert(title.to_owned(), answers);
    }

    fn was_put(&self, title: &str) -> Option<(u16, Vec<u8>)> {
        let mut put = self.put.lock().unwrap();
        let answers = put.get_mut(title)?;
        if answers.len() > 1 { Some(answers.remove(0)) } else { answers.first().cloned() }
    }

    /// What has come so far, in order.
    pub fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    /// The targets of requests whose bodies never came to their end.
    pub fn broken_off(&self) -> Vec<String> {
        self.broken_off.lock().unwrap().clone()
    }

    /// How often this key was asked for, with this time.
    fn count(&self, key: &str) -> u32 {
        let mut counts = self.counts.lock().unwrap();
        let count = counts.entry(key.to_owned()).or_default();
        *count += 1;
        *count
    }

    fn serve(&self, wire: impl Wire) -> std::io::Result<()> {
        let mut wire = BufReader::new(wire);
        let got = match read(&mut wire, &self.broken_off) {
            Ok(Some(got)) => got,
            Ok(None) => return Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                return whole(wire.get_mut(), "400", "", "this is no http");
            }
            Err(error) => return Err(error),
        };
        self.got.lock().unwrap().push(got.clone());
        let proxied = got.target.strip_prefix("http://").and_then(|rest| Some(rest[rest.find('/')?..].to_owned()));
        let path = proxied.unwrap_or(got.target.clone());
        let words: Vec<&str> = path.split('?').next().unwrap().split('/').skip(1).collect();
        let out = wire.get_mut();
        if let Some((status, body)) = self.was_put(&format!("{} {}", got.method, path.split('?').next().unwrap())) {
            write!(out, "HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n", body.len())?;
            out.write_all(&body)?;
            return out.flush();
        }
        match words[..] {
            ["status", status] => whole(out, status, "", &format!("status {status}")),
            ["says", text, ..] => whole(out, "200", "", text),
            ["echo", ..] => whole(out, "200", "Content-Type: application/json\r\n", &echo(&got)),
            ["to", status, ..] => {
                let to = path.split_once("?to=").unwrap().1;
                whole(out, status, &format!("Location: {to}\r\n"), "")
            }
            ["circle"] => whole(out, "302", "Location: /circle\r\n", ""),
            ["flaky", key, times] if self.count(key) <= times.parse().unwrap() => whole(out, "500", "", "not yet"),
            ["flaky", ..] => whole(out, "200", "", "at last"),
            ["busy", key, wait] if self.count(key) == 1 => {
                whole(out, "429", &format!("Retry-After: {wait}\r\n"), "slow down")
            }
            ["busy", ..] => whole(out, "200", "", "thanks"),
            ["early"] => {
                whole(out, "413", "", "too much")?;
                out.flush()?;
                // Closed at once, the connection would break before the answer is read.
                std::thread::sleep(Duration::from_secs(2));
                Ok(())
            }
            ["hang"] => hang(),
            ["hang-up"] => Ok(()),
            ["hang-body"] => {
                out.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n1234")?;
                out.flush()?;
                hang()
            }
            ["short"] => out.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789"),
            ["chunked", ..] => out
                .write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"),
            // A page of a bucket that says each time that the same page follows.
            ["list-in-a-circle"] => whole(
                out,
                "200",
                "",
                "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>again</NextContinuationToken></ListBucketResult>",
            ),
            ["chunked-short"] => out.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"),
            ["unannounced"] => out.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it?"),
            ["coded", coding] => {
                write!(out, "HTTP/1.1 200 OK\r\nTransfer-Encoding: {coding}\r\nConnection: close\r\n\r\nall of it?")
            }
            ["coded-length"] => out.write_all(
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Length: 100\r\nConnection: close\r\n\r\nall of it?",
            ),
            // Stores that pack on the way, and that stored something else.
            ["packed", ..] => whole(out, "200", "Content-Encoding: gzip\r\n", "all of it?"),
            ["other-sum", ..] if got.method == "PUT" => {
                whole(out, "200", "ETag: \"00000000000000000000000000000000\"\r\n", "")
            }
            ["other-sum"] | ["other-sum", ""] => whole(out, "200", "", ""),
            ["nonsense"] => out.write_all(b"SSH-2.0-OpenSSH_9.2\r\n"),
            ["big"] => big(out),
            ["slow"] => slow(out),
            ["repeats"] => whole(out, "500", "", &format!("you said {} {:?}", got.body, got.headers)),
            _ => whole(out, "404", "", "no such path"),
        }?;
        out.flush()
    }
}

fn read(wire: &mut BufReader<impl Wire>, broken_off: &Mutex<Vec<String>>) -> std::io::Result<Option<Got>> {
    let mut first = String::new();
    wire.read_line(&mut first)?;
    let mut words = first.split_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else { return Ok(None) };
    let (method, target) = (method.to_owned(), target.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        wire.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    // A server that does not want the body answers before it comes.
    if target.starts_with("/early") {
        return Ok(Some(Got { method, target, headers, body: String::new() }));
    }
    let chunked = headers.get("transfer-encoding").is_some_and(|coding| coding == "chunked");
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let body = if chunked { chunks(wire, !target.starts_with("/echo/nowhere")) } else { exactly(wire, length) };
    let body = body.inspect_err(|_| broken_off.lock().unwrap().push(target.clone()))?;
    Ok(Some(Got { method, target, headers, body: String::from_utf8(body).unwrap() }))
}

fn exactly(wire: &mut impl BufRead, length: usize) -> std::io::Result<Vec<u8>> {
    let mut body = vec![0; length];
    wire.read_exact(&mut body).map(|()| body)
}

/// What comes in chunks; of what nobody wants to keep, nothing.
fn chunks(wire: &mut impl BufRead, keep: bool) -> std::io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        wire.read_line(&mut line)?;
        let broken = |_| std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
        let length = usize::from_str_radix(line.trim_end(), 16).map_err(broken)?;
        let piece = exactly(wire, length)?;
        if keep {
            body.extend(piece);
        }
        exactly(wire, 2)?;
        if length == 0 {
            return Ok(body);
        }
    }
}

fn whole(out: &mut impl Write, status: &str, headers: &str, body: &str) -> std::io::Result<()> {
    write!(out, "HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}

fn echo(got: &Got) -> String {
    serde_json::json!({ "method": got.method, "target": got.target, "headers": got.headers, "body": got.body })
        .to_string()
}

fn hang() -> std::io::Result<()> {
    std::thread::sleep(Duration::from_secs(600));
    Ok(())
}

/// Ten gigabytes, as long as somebody takes them.
fn big(out: &mut impl Write) -> std::io::Result<()> {
    const ALL: u64 = 10_000_000_000;
    write!(out, "HTTP/1.1 200 OK\r\nContent-Length: {ALL}\r\n\r\n")?;
    let piece = vec![b'x'; 1_000_000];
    (0..ALL / 1_000_000).try_for_each(|_| out.write_all(&piece))
}

fn slow(out: &mut impl Write) -> std::io::Result<()> {
    out.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")?;
    for byte in b"drips" {
        out.write_all(&[*byte])?;
        out.flush()?;
        std::thread::sleep(Duration::from_millis(300));
    }
    Ok(())
}

/// A port on which nothing listens.
pub fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
