//! Whose certificates are believed: the system's authorities, and those that a file names.

use std::path::{Path, PathBuf};
use std::process::Command;

use hikae::error::Kind;
use hikae::world::http::HttpRequest;
use hikae::world::http::exchange::Policy;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::{get, refused, send, stack};
use crate::support::receiver::Receiver;

const CONFIG: &str = "[ca]\ndefault_ca=own\n[own]\ndatabase=index.txt\nnew_certs_dir=.\nserial=serial\nprivate_key=ca.key\n\
    certificate=ca.pem\ndefault_md=sha256\npolicy=any\n[any]\ncommonName=supplied\n";

/// An authority of the tests' own, and what it has signed.
pub struct Authority(tempfile::TempDir);

impl Authority {
    pub fn new() -> Authority {
        let authority = Authority(tempfile::tempdir().unwrap());
        authority.openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 30 -subj /CN=ca");
        authority
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn openssl(&self, args: &str) {
        let run = Command::new("openssl").args(args.split(' ')).current_dir(self.0.path()).output();
        let run = run.expect("`openssl` is needed: apt-get install openssl");
        assert!(run.status.success(), "openssl {args}: {}", String::from_utf8_lossy(&run.stderr));
    }

    /// A receiver with a certificate for `name` that is valid from 2020 to the end of a year.
    pub fn receiver(&self, name: &str, last_year: &str) -> Receiver {
        std::fs::write(self.at("ext"), format!("subjectAltName={name}\nextendedKeyUsage=serverAuth\n")).unwrap();
        std::fs::write(self.at("ca.cnf"), CONFIG).unwrap();
        std::fs::write(self.at("index.txt"), "").unwrap();
        self.openssl("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out csr.pem -subj /CN=x");
        let dates = format!("-startdate 20200101000000Z -enddate {last_year}1231000000Z");
        self.openssl(&format!(
            "ca -config ca.cnf -batch -notext -rand_serial -in csr.pem -out cert.pem -extfile ext {dates}"
        ));
        self.serve()
    }

    /// A receiver with the certificate and the key that were made last.
    fn serve(&self) -> Receiver {
        let chain = CertificateDer::pem_file_iter(self.at("cert.pem")).unwrap().map(Result::unwrap).collect();
        let key = PrivateKeyDer::from_pem_file(self.at("key.pem")).unwrap();
        let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
        let config =
            rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        Receiver::with_tls(config.with_no_client_auth().with_single_cert(chain, key).unwrap())
    }
}

fn secure(receiver: &Receiver, path: &str) -> String {
    receiver.url(path).replacen("http://", "https://", 1)
}

fn trusting(url: &str, pem: &Path) -> HttpRequest {
    HttpRequest { roots: Some(std::fs::read(pem).unwrap().into()), ..get(url) }
}

#[tokio::test]
async fn an_authority_of_ones_own_is_believed_only_when_it_is_named() {
    let authority = Authority::new();
    let receiver = authority.receiver("IP:127.0.0.1", "2099");
    let url = secure(&receiver, "/says/hello");
    let (_, call) = stack(&[]);
    assert_eq!(send(&call, trusting(&url, &authority.at("ca.pem")), Policy::default()).await.unwrap().1, "hello");
    let error = refused(&call, get(&url)).await;
    assert_eq!(error.kind(), Kind::Denied);
    assert_eq!(error.causes()[0], "nobody that this machine trusts has issued the certificate of `127.0.0.1`");
    assert!(error.hint_text().unwrap().contains("ca_file"));
    let often = Policy { retries: 2, ..Policy::default() };
    assert_eq!(send(&call, get(&url), often).await.unwrap_err().what(), error.what(), "it is not tried again");

    let (_, call) = stack(&[("SSL_CERT_FILE", authority.at("ca.pem").to_str().unwrap())]);
    assert_eq!(send(&call, get(&url), Policy::default()).await.unwrap().1, "hello");
    let (_, call) = stack(&[("SSL_CERT_FILE", "/nowhere/ca.pem")]);
    let error = refused(&call, get(&url)).await;
    assert_eq!(error.what(), "cannot read `/nowhere/ca.pem`");
    let (_, call) = stack(&[]);
    let error = refused(&call, HttpRequest { roots: Some("no certificate".into()), ..get(&url) }).await;
    assert_eq!(error.what(), "the `ca_file` holds no certificate");
}

#[tokio::test]
async fn a_certificate_that_signs_itself_is_believed_when_it_is_named() {
    let authority = Authority::new();
    // As every guide makes one; openssl marks it as an authority.
    let make = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem -days 30 -subj /CN=x";
    authority.openssl(&format!("{make} -addext subjectAltName=IP:127.0.0.1"));
    let receiver = authority.serve();
    let (_, call) = stack(&[]);
    let url = secure(&receiver, "/says/hello");
    assert_eq!(send(&call, trusting(&url, &authority.at("cert.pem")), Policy::default()).await.unwrap().1, "hello");
    assert_eq!(refused(&call, get(&url)).await.kind(), Kind::Denied);
    assert_eq!(refused(&call, trusting(&url, &authority.at("ca.pem"))).await.kind(), Kind::Denied);
    let (_, call) = stack(&[("SSL_CERT_FILE", authority.at("cert.pem").to_str().unwrap())]);
    assert_eq!(send(&call, get(&url), Policy::default()).await.unwrap().1, "hello");
    // It is for this host alone.
    authority.openssl(&format!("{make} -addext subjectAltName=DNS:elsewhere.example"));
    let receiver = authority.serve();
    let error = refused(&call, trusting(&secure(&receiver, "/says/x"), &authority.at("cert.pem"))).await;
    assert_eq!(error.kind(), Kind::Denied);
}

#[tokio::test]
async fn a_certificate_for_another_host_or_of_another_time_is_refused() {
    let (authority, (_, call)) = (Authority::new(), stack(&[]));
    for (name, last_year, told) in [
        ("DNS:other.example", "2099", "the certificate is not for `127.0.0.1`, but for another host"),
        ("IP:127.0.0.1", "2020", "the certificate of `127.0.0.1` has expired"),
    ] {
        let receiver = authority.receiver(name, last_year);
        let error = refused(&call, trusting(&secure(&receiver, "/says/x"), &authority.at("ca.pem"))).await;
        assert_eq!((error.kind(), error.causes()[0].as_str()), (Kind::Denied, told), "{error:?}");
        assert!(receiver.got().is_empty());
    }
}

#[tokio::test]
async fn a_port_without_tls_is_told() {
    let (receiver, (_, call)) = (Receiver::start(), stack(&[]));
    let error = refused(&call, get(&secure(&receiver, "/says/x"))).await;
    assert_eq!(error.causes()[0], format!("`127.0.0.1` does not speak TLS on port {}", receiver.port()));
}

#[tokio::test]
async fn a_redirect_from_https_to_http_is_refused() {
    let (authority, plain, (_, call)) = (Authority::new(), Receiver::start(), stack(&[]));
    let receiver = authority.receiver("IP:127.0.0.1", "2099");
    let url = secure(&receiver, &format!("/to/302?to={}", plain.url("/says/x")));
    let error = refused(&call, trusting(&url, &authority.at("ca.pem"))).await;
    assert_eq!(error.kind(), Kind::Denied);
    assert!(error.what().contains("redirects from https to `http://127.0.0.1:"), "{error}");
    assert!(plain.got().is_empty());
}
