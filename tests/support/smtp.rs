//! Starts a real mail server on loopback, with certificates of a CA of our own, that ends with the test.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use hikae::secret::Secret;
use hikae::world::mail::{Security, Server};
use serde_json::{Value, json};

const INSTALL: &str =
    "this test needs a mail server and certificates; install them with: apt-get install python3-aiosmtpd openssl";
pub const PASSWORD: &str = "correct horse battery staple";
const SCRIPT: &str = include_str!("smtp/server.py");

/// How a server is set up; the default takes every mail, after STARTTLS and with a login.
pub struct Shape {
    /// `starttls`, `implicit` or `none`.
    pub tls: &'static str,
    pub auth_required: bool,
    /// Kinds of login that it does not offer.
    pub without: &'static [&'static str],
    /// The name of its certificate, one of those of `Authority`.
    pub certificate: &'static str,
    /// What it answers to a recipient.
    pub refuse: Vec<(&'static str, &'static str)>,
    /// The access token that it takes.
    pub token: &'static str,
}

impl Default for Shape {
    fn default() -> Shape {
        Shape {
            tls: "starttls",
            auth_required: true,
            without: &[],
            certificate: "good",
            refuse: Vec::new(),
            token: "a-token",
        }
    }
}

/// A mail server that runs.
pub struct MailServer {
    pub port: u16,
    tls: &'static str,
    child: Child,
    mails: Receiver<Value>,
}

impl MailServer {
    pub fn start(shape: Shape) -> MailServer {
        let ca = Authority::shared();
        let options = json!({
            "tls": shape.tls, "auth_required": shape.auth_required, "without": shape.without, "password": PASSWORD, "token": shape.token,
            "cert": ca.path(&format!("{}.pem", shape.certificate)), "key": ca.path(&format!("{}.key", shape.certificate)),
            "refuse": shape.refuse.into_iter().collect::<std::collections::BTreeMap<_, _>>(),
        });
        // Debian's own Python has Debian's packages; another one may stand before it on the PATH.
        let python = if Path::new("/usr/bin/python3").exists() { "/usr/bin/python3" } else { "python3" };
        let mut command = Command::new(python);
        command.args(["-c", SCRIPT, &options.to_string()]).env("PYTHONWARNINGS", "ignore");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{INSTALL}\n{error}"));
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let Some(Ok(port)) = lines.next() else {
            let output = child.wait_with_output().unwrap();
            panic!("{INSTALL}\n{}", String::from_utf8_lossy(&output.stderr));
        };
        let (told, mails) = channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let _no_one_asks = told.send(serde_json::from_str(&line).unwrap());
            }
        });
        MailServer { port: port.parse().unwrap(), tls: shape.tls, child, mails }
    }

    /// How this server is spoken to, by somebody who trusts our CA and knows the password.
    pub fn settings(&self) -> Server {
        Server {
            security: match self.tls {
                "implicit" => Security::Tls,
                "none" => Security::Plain,
                _ => Security::StartTls,
            },
            user: Some("backup".to_owned()),
            password: Some(Secret::new(PASSWORD)),
            ca_pem: Some(Authority::shared().pem()),
            ..Server::new("localhost", self.port)
        }
    }

    /// The next mail that came.
    pub fn mail(&self) -> Value {
        self.mails.recv_timeout(Duration::from_secs(30)).expect("a mail")
    }

    /// Whether no mail has come.
    pub fn is_empty(&self) -> bool {
        self.mails.try_recv().is_err()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        // It ends with its standard input as well; this is for a test that starts many.
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// A mail as it came, taken apart by a program that is not ours.
pub fn parsed(mail: &Value) -> Value {
    const PARSE: &str = r#"
import base64, email, email.policy, json, sys
message = email.message_from_bytes(base64.b64decode(sys.argv[1]), policy=email.policy.default)
parts = {p.get_content_type(): p.get_content() for p in message.walk() if not p.is_multipart()}
headers = {name: str(value) for name, value in message.items()}
print(json.dumps({"headers": headers, "parts": parts, "type": message.get_content_type()}))
"#;
    let output =
        Command::new("/usr/bin/python3").args(["-c", PARSE, mail["content"].as_str().unwrap()]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A CA of our own, with certificates `good`, `expired` and `other` (for another host); and `alone`, which is signed by itself.
pub struct Authority {
    folder: tempfile::TempDir,
}

impl Authority {
    pub fn shared() -> &'static Authority {
        static SHARED: OnceLock<Authority> = OnceLock::new();
        SHARED.get_or_init(Authority::found)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn pem(&self) -> String {
        std::fs::read_to_string(self.path("ca.pem")).unwrap()
    }

    fn found() -> Authority {
        let ca = Authority { folder: tempfile::Builder::new().prefix("hikae-ca-").tempdir().unwrap() };
        let config = "[ca]\ndefault_ca = own\n[own]\ndatabase = index\nserial = serial\nnew_certs_dir = .\npolicy = any\n\
                      unique_subject = no\ndefault_md = sha256\n[any]\ncommonName = supplied\n[req]\ndistinguished_name = dn\n[dn]\n\
                      [ours]\nbasicConstraints = critical,CA:true\n\
                      [here]\nsubjectAltName = DNS:localhost,IP:127.0.0.1\nextendedKeyUsage = serverAuth\n\
                      [there]\nsubjectAltName = DNS:mail.example.com\nextendedKeyUsage = serverAuth\n";
        for (name, text) in [("config", config), ("index", ""), ("serial", "01\n")] {
            std::fs::write(ca.path(name), text).unwrap();
        }
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -config config";
        ca.openssl(&format!(
            "req -x509 {key} -keyout ca.key -out ca.pem -subj /CN=hikae-test-ca -days 30 -extensions ours"
        ));
        let certificates = [
            ("good", "here", "20200101000000Z", "20490101000000Z"),
            ("expired", "here", "20200101000000Z", "20200201000000Z"),
            ("other", "there", "20200101000000Z", "20490101000000Z"),
        ];
        for (name, extensions, from, to) in certificates {
            ca.openssl(&format!("req -new {key} -keyout {name}.key -out {name}.csr -subj /CN={name}"));
            ca.openssl(&format!(
                "ca -batch -config config -cert ca.pem -keyfile ca.key -in {name}.csr -out {name}.pem -notext \
                 -extensions {extensions} -startdate {from} -enddate {to}"
            ));
        }
        // As every guide makes one: openssl marks it as an authority.
        ca.openssl(&format!(
            "req -x509 {key} -keyout alone.key -out alone.pem -subj /CN=localhost -days 30 -addext subjectAltName=DNS:localhost"
        ));
        ca
    }

    fn openssl(&self, args: &str) {
        let mut command = Command::new("openssl");
        command.args(args.split_whitespace()).current_dir(self.folder.path());
        let output = command.output().unwrap_or_else(|error| panic!("{INSTALL}\n{error}"));
        assert!(output.status.success(), "openssl {args}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
