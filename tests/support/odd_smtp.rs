//! A mail server that does what no mail server should: it says what a test wants, or nothing, or hangs up.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What it does when a line comes; `greeting` comes first, `content` when all of a mail is there.
pub enum Does {
    Says(&'static str),
    Repeats(String),
    /// Never answers, and keeps the connection.
    Nothing,
    HangsUp,
}

pub struct OddServer {
    pub port: u16,
    heard: Arc<Mutex<Vec<String>>>,
}

impl OddServer {
    /// A server that does what `answer` says, and else what a server does.
    pub fn start(answer: impl Fn(&str) -> Option<Does> + Send + Sync + 'static) -> OddServer {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let (all, answer) = (heard.clone(), Arc::new(answer));
        // The threads end with the process: they wait for nothing else.
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (all, answer) = (all.clone(), answer.clone());
                std::thread::spawn(move || converse(stream, &all, &*answer));
            }
        });
        OddServer { port, heard }
    }

    /// Every line that came, but for the content of mails.
    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

fn converse(mut stream: TcpStream, heard: &Mutex<Vec<String>>, answer: &dyn Fn(&str) -> Option<Does>) -> Option<()> {
    let mut lines = BufReader::new(stream.try_clone().ok()?).lines();
    let mut line = "greeting".to_owned();
    loop {
        match answer(&line).unwrap_or_else(|| as_usual(&line)) {
            Does::Says(text) => stream.write_all(format!("{text}\r\n").as_bytes()).ok()?,
            Does::Repeats(text) => stream.write_all(format!("{text}\r\n").as_bytes()).ok()?,
            Does::HangsUp => return None,
            Does::Nothing => std::thread::sleep(std::time::Duration::from_secs(600)),
        }
        let in_content = line == "DATA";
        line = lines.next()?.ok()?;
        if in_content {
            while line != "." {
                line = lines.next()?.ok()?;
            }
            line = "content".to_owned();
        }
        heard.lock().unwrap().push(line.clone());
    }
}

fn as_usual(line: &str) -> Does {
    match line.split([' ', ':']).next().unwrap_or_default() {
        "greeting" => Does::Says("220 odd.test ESMTP"),
        "EHLO" => Does::Says("250-odd.test\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME"),
        "AUTH" => Does::Says("235 2.7.0 welcome"),
        "DATA" => Does::Says("354 go on"),
        "content" => Does::Says("250 2.0.0 queued as ODD1"),
        "QUIT" => Does::Says("221 bye"),
        _ => Does::Says("250 OK"),
    }
}
