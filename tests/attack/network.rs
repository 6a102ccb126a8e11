//! A program reaches of the network what is declared, or what its own arguments name.

use std::net::{TcpListener, UdpSocket};
use std::os::unix::net::UnixListener;

use hikae::world::Command;
use hikae::world::reach::{Reach, named_by};
use hikae::world::real::wall::Policy;

use super::place::{Place, place};

fn open_on(ports: &[u16]) -> Place {
    place(|policy| Policy { connect_ports: Some(ports.to_vec()), ..policy })
}

fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

async fn socket(place: &Place, family: u32, kind: u32, protocol: u32) -> bool {
    place.perl(&format!("print socket(S, {family}, {kind}, {protocol}) ? 'open' : 'shut'")).await == "open"
}

#[tokio::test]
async fn without_a_declared_host_there_is_no_network_at_all() {
    let place = open_on(&[]);
    let (_listener, port) = listener();
    let (_, exit) = place.shell(&format!("exec 3<>/dev/tcp/127.0.0.1/{port}")).await;
    assert_ne!(exit.code, Some(0));
    // Unix, IPv4, IPv6, netlink, packets, vsock; stream, datagram, raw.
    for family in [1, 2, 10, 16, 17, 40, 38, 31] {
        for kind in [1, 2, 3, 5] {
            assert!(!socket(&place, family, kind, 0).await, "{family} {kind}");
        }
    }
    assert!(place.perl("print socketpair(A, B, 1, 1, 0) ? 'open' : 'shut'").await == "open", "two ends of its own");
}

#[tokio::test]
async fn with_a_declared_host_only_its_port_answers() {
    let ((_open, open), (_shut, shut)) = (listener(), listener());
    let place = open_on(&[open]);
    let connect = |port: u16| format!("exec 3<>/dev/tcp/127.0.0.1/{port}");
    assert!(place.shell(&connect(open)).await.1.success());
    assert_ne!(place.shell(&connect(shut)).await.1.code, Some(0));
    for (family, kind, protocol) in
        [(2, 3, 1), (2, 2, 1), (2, 1, 262), (2, 1, 132), (2, 5, 132), (17, 3, 0), (16, 3, 15), (1, 1, 0), (40, 1, 0)]
    {
        assert!(!socket(&place, family, kind, protocol).await, "{family} {kind} {protocol}");
    }
    assert!(socket(&place, 2, 2, 17).await, "names are looked up by UDP");
}

#[tokio::test]
async fn neither_bind_nor_listen_nor_a_fast_open_passes() {
    let ((_open, open), (_shut, shut)) = (listener(), listener());
    let place = open_on(&[open]);
    let start = "use Socket; socket(S, 2, 1, 6) or die; ";
    for (what, script) in [
        ("bind", "print bind(S, sockaddr_in(0, inet_aton('127.0.0.1'))) ? 'open' : 'shut'".to_owned()),
        ("listen", "print listen(S, 1) ? 'open' : 'shut'".to_owned()),
        (
            "fast open",
            format!(
                "print defined send(S, 'x', 0x20000000, sockaddr_in({shut}, inet_aton('127.0.0.1'))) ? 'open' : 'shut'"
            ),
        ),
    ] {
        assert_eq!(place.perl(&format!("{start}{script}")).await, "shut", "{what}");
    }
}

#[tokio::test]
async fn unix_sockets_of_others_are_shut_unless_declared() {
    let place = open_on(&[]);
    let path = place.at("other/socket");
    let _listener = UnixListener::bind(&path).unwrap();
    let script =
        "use Socket; print socket(S, 1, 1, 0) && connect(S, sockaddr_un(\"$ARGV[0]/other/socket\")) ? 'open' : 'shut'";
    assert_eq!(place.perl(script).await, "shut");
    let declared = super::place::place(|policy| Policy { sockets: vec!["/run/x.sock".into()], ..policy });
    let _other = UnixListener::bind(declared.at("other/socket")).unwrap();
    assert_eq!(declared.perl(script).await, "open");
    let abstract_one =
        "use Socket; print socket(S, 1, 1, 0) && connect(S, sockaddr_un(\"\\0hikae-attack\")) ? 'open' : 'shut'";
    let address =
        <std::os::unix::net::SocketAddr as std::os::linux::net::SocketAddrExt>::from_abstract_name("hikae-attack")
            .unwrap();
    let _abstract = UnixListener::bind_addr(&address).unwrap();
    assert_eq!(declared.perl(abstract_one).await, "shut");
}

#[tokio::test]
async fn data_does_not_leave_by_udp_where_nothing_is_declared() {
    let place = open_on(&[]);
    let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = receiver.local_addr().unwrap().port();
    let (_, exit) = place.shell(&format!("echo secret > /dev/udp/127.0.0.1/{port}")).await;
    assert_ne!(exit.code, Some(0));
}

fn reach(line: &str) -> Reach {
    let mut words = line.split(' ').map(str::to_owned);
    let program = words.next().unwrap();
    named_by(&Command { args: words.collect(), ..Command::new(program) })
}

#[test]
fn a_program_reaches_what_its_own_arguments_name() {
    let ports = |line| {
        let mut ports = reach(line).ports;
        ports.sort_unstable();
        ports
    };
    for (line, expected) in [
        ("pg_dump --host=db.example --port=6432 --dbname=shop", vec![6432]),
        ("pg_dump -h db.example shop", vec![5432]),
        ("psql postgresql://u@db.example:6543/shop", vec![6543]),
        ("psql postgresql://u:p@a.example:1,b.example:2/shop", vec![1, 2]),
        ("psql --dbname=host=db.example", vec![5432]),
        ("pg_dump --dbname=shop", vec![]),
        ("pg_dump --host=/run/postgresql --dbname=shop", vec![]),
        ("mysqldump -h db.example shop", vec![3306]),
        ("curl -fsS https://a.example/x http://b.example:8080/y", vec![443, 8080]),
        ("curl --url=http://b.example:8081/", vec![8081]),
        ("git fsck --full", vec![]),
        ("git pull --ff-only origin main", vec![22, 80, 443, 9418]),
        ("ssh -p 2222 backup@b.example true", vec![2222]),
        ("rsync -a x backup@b.example:y", vec![22, 873]),
        ("aws s3 ls", vec![443]),
        ("aws s3 ls --endpoint-url http://127.0.0.1:9000", vec![443, 9000]),
        ("cat https://a.example/", vec![]),
    ] {
        assert_eq!(ports(line), expected, "{line}");
    }
    assert!(reach("pg_dump --dbname=shop").sockets, "no host is a Unix socket");
    assert!(reach("pg_dump --host=/run/postgresql shop").sockets);
    assert!(!reach("pg_dump --host=db.example shop").sockets);
    assert!(reach("gpg --batch --encrypt").sockets, "it talks to its agent");
}
