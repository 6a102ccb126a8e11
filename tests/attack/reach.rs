//! Promises about what the arguments of a program open of the network.

use hikae::world::Command;
use hikae::world::reach::{Reach, named_by};

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
