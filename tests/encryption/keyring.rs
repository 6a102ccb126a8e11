//! Keyrings of `gpg` for tests: keys that are good, expired, revoked, not trusted, or protected.

use std::path::Path;
use std::process::{Command, Stdio};

/// A keyring in a folder of its own.
pub struct Keyring(tempfile::TempDir);

impl Keyring {
    pub fn new() -> Keyring {
        Keyring(tempfile::Builder::new().prefix("k").tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// What gpg writes; it must be satisfied.
    pub fn gpg(&self, args: &[&str], input: &[u8]) -> Vec<u8> {
        let (ok, output, said) = self.ask(args, input);
        assert!(ok, "gpg {args:?}: {said}");
        output
    }

    fn ask(&self, args: &[&str], input: &[u8]) -> (bool, Vec<u8>, String) {
        let mut command = Command::new("gpg");
        command
            .arg("--homedir")
            .arg(self.path())
            .args(["--batch", "--no-tty", "--pinentry-mode", "loopback"])
            .args(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("gpg is missing: apt-get install gnupg");
        let mut stdin = child.stdin.take().unwrap();
        let output = std::thread::scope(|scope| {
            scope.spawn(move || std::io::Write::write_all(&mut stdin, input));
            child.wait_with_output().unwrap()
        });
        (output.status.success(), output.stdout, String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// Whether gpg takes it.
    pub fn takes(&self, args: &[&str], input: &[u8]) -> bool {
        self.ask(args, input).0
    }

    /// Makes a key for signing and encryption; gives its fingerprint.
    pub fn make(&self, name: &str, passphrase: &str, more: &[&str]) -> String {
        let mut args = more.to_vec();
        args.extend(["--passphrase", passphrase, "--quick-generate-key", name, "future-default", "default", "1d"]);
        self.gpg(&args, b"");
        self.fingerprint(name)
    }

    pub fn fingerprint(&self, name: &str) -> String {
        let list = String::from_utf8(self.gpg(&["--with-colons", "--list-keys", name], b"")).unwrap();
        list.lines().find_map(|line| line.strip_prefix("fpr:::::::::")).unwrap().trim_end_matches(':').to_owned()
    }

    /// Revokes a key by the certificate that gpg made with it.
    pub fn revoke(&self, fingerprint: &str) {
        let file = self.path().join(format!("openpgp-revocs.d/{fingerprint}.rev"));
        let certificate = std::fs::read_to_string(file).unwrap().replace(":-----BEGIN", "-----BEGIN");
        self.gpg(&["--import"], certificate.as_bytes());
    }

    /// Switches a key off, as its owner does who does not use it any more.
    pub fn disable(&self, fingerprint: &str) {
        self.gpg(&["--command-fd", "0", "--edit-key", fingerprint], b"disable\nsave\n");
    }

    /// Every file, with its content.
    pub fn content(&self) -> Vec<(String, Vec<u8>)> {
        let files = walkdir::WalkDir::new(self.path()).sort_by_file_name().into_iter().map(Result::unwrap);
        let files = files.filter(|entry| entry.file_type().is_file());
        files.map(|entry| (entry.path().display().to_string(), std::fs::read(entry.path()).unwrap())).collect()
    }
}
