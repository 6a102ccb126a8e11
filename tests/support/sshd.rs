//! Starts a real SSH server on loopback, with keys of its own, and says how `ssh` reaches it as the host `nas`.

use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::processes::wait_until;
use super::program::set_mode;
use super::receiver::closed_port;

const SERVER: &str = "/usr/sbin/sshd";

pub struct Sshd {
    child: Child,
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.child.kill().unwrap_or_default();
        self.child.wait().map(drop).unwrap_or_default();
    }
}

fn keygen(path: &Path) {
    let output = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(path).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

impl Sshd {
    /// Serves this machine's files; `home` gets `.ssh/config`, the key and the known host.
    pub fn start(home: &Path) -> Sshd {
        assert!(Path::new(SERVER).exists(), "this test needs: apt-get install openssh-server");
        let (own, client) = (home.join("sshd"), home.join(".ssh"));
        [&own, &client].iter().for_each(|folder| std::fs::create_dir_all(folder).unwrap());
        set_mode(&client, 0o700);
        keygen(&own.join("host_key"));
        keygen(&client.join("id_ed25519"));
        std::fs::copy(client.join("id_ed25519.pub"), own.join("authorized_keys")).unwrap();
        let port = closed_port();
        let host_key = std::fs::read_to_string(own.join("host_key.pub")).unwrap();
        std::fs::write(client.join("known_hosts"), format!("[127.0.0.1]:{port} {host_key}")).unwrap();
        let user = String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap();
        let at = |path: &Path, name: &str| path.join(name).display().to_string();
        let config = format!(
            "Host nas\n  HostName 127.0.0.1\n  Port {port}\n  User {}\n  IdentityFile {}\n  UserKnownHostsFile {}\n  \
             StrictHostKeyChecking yes\n",
            user.trim(),
            at(&client, "id_ed25519"),
            at(&client, "known_hosts")
        );
        std::fs::write(client.join("config"), config).unwrap();
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\nUsePAM no\n\
             PasswordAuthentication no\nSubsystem sftp /usr/lib/openssh/sftp-server\n",
            at(&own, "host_key"),
            at(&own, "authorized_keys")
        );
        std::fs::write(own.join("config"), config).unwrap();
        // Where it runs as root it wants this empty folder.
        std::fs::create_dir_all("/run/sshd").unwrap_or_default();
        let mut command = Command::new(SERVER);
        command.args(["-D", "-e", "-f", &at(&own, "config")]).stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.stderr(Stdio::null()).spawn().unwrap();
        wait_until("the SSH server", || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok());
        Sshd { child }
    }
}
