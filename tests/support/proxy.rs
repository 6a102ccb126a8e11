//! Stands between a program and its server, and meddles where a test says: it waits, or breaks the connection.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// What happens to bytes on their way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Pass,
    /// The connection breaks in place of them.
    Cut,
    /// They never arrive, and the connection stays.
    Hold,
}

type Judge = Arc<Mutex<dyn FnMut(&[u8]) -> Act + Send>>;

/// A proxy that lives as long as the test process.
pub struct Proxy {
    pub port: u16,
    connections: Arc<AtomicUsize>,
    held: Arc<AtomicUsize>,
}

impl Proxy {
    pub fn start(to: u16, judge: impl FnMut(&[u8]) -> Act + Send + 'static) -> Proxy {
        Proxy::between(to, judge, |_| Act::Pass)
    }

    fn between(
        to: u16,
        judge: impl FnMut(&[u8]) -> Act + Send + 'static,
        judge_answers: impl FnMut(&[u8]) -> Act + Send + 'static,
    ) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (connections, held) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (judge, answers): (Judge, Judge) = (Arc::new(Mutex::new(judge)), Arc::new(Mutex::new(judge_answers)));
        let (counted, holding) = (connections.clone(), held.clone());
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                counted.fetch_add(1, Ordering::SeqCst);
                let Ok(server) = TcpStream::connect(("127.0.0.1", to)) else { continue };
                let (judge, answers, holding) = (judge.clone(), answers.clone(), holding.clone());
                let back = (server.try_clone().unwrap(), client.try_clone().unwrap());
                let back_holding = holding.clone();
                std::thread::spawn(move || {
                    forward(back.0, back.1, |data| answers.lock().unwrap()(data), &back_holding)
                });
                std::thread::spawn(move || forward(client, server, |data| judge.lock().unwrap()(data), &holding));
            }
        });
        Proxy { port, connections, held }
    }

    /// A proxy whose server says no more than `budget` bytes: with what would be more, `act` happens. The budget can be changed meanwhile.
    pub fn with_budget(to: u16, budget: &Arc<AtomicUsize>, act: Act) -> Proxy {
        let budget = budget.clone();
        let judge = move |data: &[u8]| {
            let left = budget.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(data.len()));
            if left.is_ok() { Act::Pass } else { act }
        };
        Proxy::between(to, |_| Act::Pass, judge)
    }

    /// How often somebody connected.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// How many connections are held.
    pub fn held(&self) -> usize {
        self.held.load(Ordering::SeqCst)
    }
}

/// Whether `part` is in `data`.
pub fn has(data: &[u8], part: &str) -> bool {
    data.windows(part.len()).any(|window| window == part.as_bytes())
}

fn forward(mut from: TcpStream, mut to: TcpStream, mut judge: impl FnMut(&[u8]) -> Act, held: &AtomicUsize) {
    let (mut buffer, mut holds) = (vec![0; 1 << 16], false);
    while let Ok(size @ 1..) = from.read(&mut buffer) {
        match if holds { Act::Hold } else { judge(&buffer[..size]) } {
            Act::Pass if to.write_all(&buffer[..size]).is_ok() => {}
            Act::Hold => {
                holds = true;
                held.fetch_add(1, Ordering::SeqCst);
            }
            Act::Pass | Act::Cut => break,
        }
    }
    // Both ways end, however one of them did.
    for stream in [&from, &to] {
        drop(stream.shutdown(Shutdown::Both));
    }
}
