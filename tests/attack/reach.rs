//! Promises about what the arguments of a program open of the network.

use hikae::world::reach::{Reach, named_by};
use hikae::world::{Command, SecretOrText};

fn reach(args: &[&str]) -> Reach {
    let mut command = Command::new("pg_dump");
    command.args.extend(args.iter().map(|arg| (*arg).to_owned()));
    named_by(&command)
}

#[test]
fn a_database_named_like_a_connection_is_a_name() {
    for name in ["dbname='host=evil port=1'", "dbname='postgresql://evil:1/x'", r"dbname='it\'s host=evil port=1'"] {
        let name = format!("--dbname={name}");
        let socket = Reach { ports: Vec::new(), sockets: true };
        assert_eq!(reach(&["--host=127.0.0.1", "--port=7000", &name]), Reach { ports: vec![7000], sockets: false });
        assert_eq!(reach(&["--host=/run/postgresql", &name]), socket, "{name}");
    }
}

#[test]
fn a_connection_says_where_it_goes() {
    let server = Reach { ports: vec![7000], sockets: false };
    for connection in ["host=db port = '7000' dbname=x", "postgresql://me@db:7000/x", "host=a port=1 host=b port=7000"]
    {
        assert_eq!(reach(&["-d", connection]), server, "{connection}");
    }
}

#[test]
fn git_goes_where_its_variables_say() {
    let mut command = Command::new("git");
    command.args = ["--git-dir", "/m", "fetch", "origin"].map(str::to_owned).to_vec();
    let variables = [
        ("GIT_CONFIG_VALUE_0", "https://x:token@git.example.com:8443/cafe.git"),
        ("GIT_CONFIG_VALUE_1", "+refs/*:refs/*"),
        ("GIT_CONFIG_VALUE_2", "ssh://git@git.example.com:2222/cafe.git"),
        ("GIT_SSH_COMMAND", "ssh -o BatchMode=yes -p 2022"),
        ("OTHER", "https://example.com:9999"),
    ];
    command.env = variables.map(|(name, value)| (name.to_owned(), SecretOrText::Plain(value.to_owned()))).to_vec();
    let ports = named_by(&command).ports;
    assert!([22, 443, 8443, 2222, 2022].iter().all(|port| ports.contains(port)), "{ports:?}");
    assert!(!ports.contains(&9999), "{ports:?}");
    command.args = vec!["fsck".to_owned()];
    assert_eq!(named_by(&command), Reach::default());
}
