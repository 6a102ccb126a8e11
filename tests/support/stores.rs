//! Starts stores of other kinds on loopback: Google's, Azure's, and programs that stand for `ssh` and reach `rclone`.

use std::io::Read;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use hikae::secret::Secret;
use hikae::world::http::Address;
use hikae::world::objects::{Keys, Store, StoreKind};
use hikae::world::real::Real;

const INSTALL: &str = "this test needs the object stores; install them with: scripts/install-object-store";
const PLACE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/object-store");

/// The account and the key that every Azure emulator has.
const AZURE: &str = "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// A server that ends with this process.
pub struct Server {
    pub port: u16,
    #[expect(dead_code, reason = "it ends when its standard input does, with this process")]
    child: Child,
}

impl Server {
    /// Starts a program that listens at `{port}`, and waits until it does.
    fn start(program: &Path, args: &[&str]) -> Server {
        assert!(program.exists(), "{INSTALL}\nthere is no `{}`", program.display());
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let args = args.iter().map(|arg| arg.replace("{port}", &port.to_string()));
        let mut command = Command::new("sh");
        command.args(["-c", "\"$@\" & pid=$!; read -r _; kill $pid", "sh"]).arg(program).args(args);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let end = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(Instant::now() < end, "`{}` does not listen; {INSTALL}", program.display());
            std::thread::sleep(Duration::from_millis(50));
        }
        Server { port, child }
    }
}

fn google_server(backend: &[&str]) -> Server {
    let program = find(&Path::new(PLACE).join("lib"), "fake-gcs-server-linux-amd64");
    let url = "http://127.0.0.1:{port}";
    let own = ["-scheme", "http", "-host", "127.0.0.1", "-port", "{port}", "-external-url", url];
    Server::start(&program, &[&own[..], backend].concat())
}

fn azure_server(place: &[&str]) -> Server {
    let program = Path::new(PLACE).join("azurite/node_modules/.bin/azurite-blob");
    let own = ["--blobHost", "127.0.0.1", "--blobPort", "{port}", "--silent", "--skipApiVersionCheck"];
    Server::start(&program, &[&own[..], place].concat())
}

static GOOGLE: LazyLock<Server> = LazyLock::new(|| google_server(&["-backend", "memory"]));

static AZURITE: LazyLock<Server> = LazyLock::new(|| azure_server(&["--inMemoryPersistence"]));

/// The S3 server of rclone, before a folder that ends with the tests.
static RCLONE_SERVER: LazyLock<(Server, tempfile::TempDir)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let served = folder.path().display().to_string();
    let args =
        ["serve", "s3", "--addr", "127.0.0.1:{port}", "--auth-key", "AKIAOURS,secret-of-a-served-folder", &served];
    (Server::start(&rclone_program(), &args), folder)
});

static MINISTACK: LazyLock<Server> = LazyLock::new(|| {
    let program = Path::new(PLACE).join("ministack/bin/ministack");
    assert!(program.exists(), "{INSTALL}\nthere is no `{}`", program.display());
    Server::start(Path::new("/usr/bin/env"), &["GATEWAY_PORT={port}", &program.display().to_string()])
});

/// A bucket of another server that speaks S3: rclone's, or ministack.
pub fn other_s3(of_rclone: bool, bucket: &str) -> Store {
    let port = if of_rclone { RCLONE_SERVER.0.port } else { MINISTACK.port };
    let secret_key = Secret::new("secret-of-a-served-folder");
    Store {
        endpoint: Some(Address::parse(&format!("http://127.0.0.1:{port}")).unwrap()),
        region: Some("us-east-1".to_owned()),
        keys: Some(Keys { access_key: "AKIAOURS".to_owned(), secret_key, session_token: None }),
        ..Store::new(StoreKind::S3, bucket)
    }
}

/// A name that no other test has.
pub fn fresh(begin: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!("{begin}-{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// Google's and Azure's emulators with all they have on the disk, for what is too large for the memory.
pub fn google_on_disk(folder: &Path) -> Server {
    google_server(&["-backend", "filesystem", "-filesystem-root", &folder.display().to_string()])
}

pub fn azure_on_disk(folder: &Path) -> Server {
    azure_server(&["--location", &folder.display().to_string()])
}

pub fn google_port() -> u16 {
    GOOGLE.port
}

pub fn azure_port() -> u16 {
    AZURITE.port
}

/// The world in which Google is an emulator.
pub fn google() -> Real {
    google_at(GOOGLE.port)
}

/// The same, reached at another port.
pub fn google_at(port: u16) -> Real {
    let host = format!("127.0.0.1:{port}");
    let variables = [("STORAGE_EMULATOR_HOST", host), ("GOOGLE_CLOUD_PROJECT", "our-project".to_owned())];
    Real::ambient().with_variables(variables.map(|(name, value)| (name.to_owned(), value)))
}

/// The world in which Azure is an emulator, which checks signatures.
pub fn azure() -> Real {
    azure_at(AZURITE.port)
}

/// The same, reached at another port.
pub fn azure_at(port: u16) -> Real {
    Real::ambient().with_variables([("AZURE_STORAGE_CONNECTION_STRING".to_owned(), azure_connection(port))])
}

pub fn azure_connection(port: u16) -> String {
    format!("{AZURE};BlobEndpoint=http://127.0.0.1:{port}/devstoreaccount1")
}

/// The world in which `ssh` reaches no other machine, but the SFTP server of this one.
pub fn sftp(folder: &Path) -> Real {
    let server = "/usr/lib/openssh/sftp-server";
    assert!(Path::new(server).exists(), "this test needs: apt-get install openssh-sftp-server");
    let script = format!("#!/bin/sh\nfor last; do :; done\n[ \"$last\" = sftp ] && exec {server}\nexit 255\n");
    let bin = folder.join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    std::fs::write(bin.join("ssh"), script).unwrap();
    std::fs::set_permissions(bin.join("ssh"), PermissionsExt::from_mode(0o755)).unwrap();
    Real::ambient().with_variables([("PATH".to_owned(), format!("{}:/usr/bin:/bin", bin.display()))])
}

/// The world in which `rclone` has a remote `nas`, which is a folder.
pub fn rclone(folder: &Path) -> Real {
    let program = rclone_program();
    let (bin, config) = (program.parent().unwrap().display(), folder.join("rclone.conf"));
    std::fs::write(&config, format!("[nas]\ntype = alias\nremote = {}\n", folder.display())).unwrap();
    let variables = [
        ("PATH".to_owned(), format!("{bin}:/usr/bin:/bin")),
        ("RCLONE_CONFIG".to_owned(), config.display().to_string()),
    ];
    Real::ambient().with_variables(variables)
}

/// The program itself.
pub fn rclone_program() -> PathBuf {
    let program = Path::new(PLACE).join("bin/rclone");
    assert!(program.exists(), "{INSTALL}\nthere is no `{}`", program.display());
    program
}

/// The one file of this name below a folder.
fn find(folder: &Path, name: &str) -> PathBuf {
    let files = walkdir::WalkDir::new(folder).into_iter().flatten();
    let mut found = files.filter(|entry| entry.file_name() == name).map(walkdir::DirEntry::into_path);
    found.next().unwrap_or_else(|| panic!("{INSTALL}\nthere is no `{name}`"))
}

/// An answer of a scripted server to one request.
pub struct Scripted {
    pub port: u16,
    asked: std::sync::Arc<std::sync::Mutex<Vec<String>>>,
}

impl Scripted {
    /// Answers each request by `answer`, which is given its first line, its headers and its body.
    pub fn start(answer: impl Fn(&str) -> String + Send + 'static) -> Scripted {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let kept = asked.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let request = read_request(&mut stream);
                let reply = answer(&request);
                kept.lock().unwrap().push(request);
                std::io::Write::write_all(&mut stream, reply.as_bytes()).unwrap_or_default();
            }
        });
        Scripted { port, asked }
    }

    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn read_request(stream: &mut TcpStream) -> String {
    let (mut request, mut block) = (Vec::new(), [0; 65_536]);
    // Where the whole request ends, once its head is there.
    let mut end = None;
    while end.is_none_or(|end| request.len() < end) {
        match stream.read(&mut block) {
            Ok(count @ 1..) => request.extend_from_slice(&block[..count]),
            _ => break,
        }
        end = end.or_else(|| {
            let head = request.windows(4).position(|four| four == b"\r\n\r\n")?;
            let lines = String::from_utf8_lossy(&request[..head]).to_lowercase();
            let length = lines.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
            Some(head + 4 + length.unwrap_or(0))
        });
    }
    String::from_utf8_lossy(&request).into_owned()
}

/// An answer of a server, as it goes over the wire.
pub fn reply(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len())
}
