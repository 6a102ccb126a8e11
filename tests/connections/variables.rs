//! The variables of libpq: they are used, what comes first wins, and what is not understood is refused.

use hikae::world::postgres::Login;

use super::place::{password, shared, told};

#[tokio::test]
async fn the_variables_are_enough() {
    let place = shared();
    let port = place.port();
    let all = [("PGHOST", "127.0.0.1"), ("PGPORT", port.as_str()), ("PGUSER", "by_scram"), ("PGPASSWORD", password())];
    assert_eq!(place.by(&all).await.unwrap(), "by_scram tls");
    let socket = place.cluster.dir().display().to_string();
    let peer = [("PGHOST", socket.as_str()), ("PGPORT", &port), ("PGUSER", "by_peer")];
    assert_eq!(place.by(&peer).await.unwrap(), "by_peer plain");
    let address = [("PGHOSTADDR", "127.0.0.1"), ("PGPORT", &port), ("PGUSER", "by_trust")];
    assert_eq!(place.by(&address).await.unwrap(), "by_trust tls");
}

/// What a recipe says comes first.
#[tokio::test]
async fn a_login_says_more_than_the_variables() {
    let place = shared();
    let others = [("PGHOST", "192.0.2.1"), ("PGPORT", "1"), ("PGUSER", "nobody"), ("PGPASSWORD", "falsch")];
    assert_eq!(place.user("by_scram", &others).await.unwrap(), "by_scram tls");
}

#[tokio::test]
async fn the_next_of_several_hosts_is_tried() {
    let place = shared();
    let port = place.port();
    let by = |hosts: &'static str, ports: String| async move {
        let ports = ports.as_str();
        place.by(&[("PGHOST", hosts), ("PGPORT", ports), ("PGUSER", "by_trust"), ("PGCONNECT_TIMEOUT", "5")]).await
    };
    let second = format!("1,{port}");
    assert_eq!(by("127.0.0.1,127.0.0.1", second.clone()).await.unwrap(), "by_trust tls");
    assert_eq!(by("/nonexistent,127.0.0.1", port.clone()).await.unwrap(), "by_trust tls");
    assert_eq!(by("no-such-host.invalid,127.0.0.1", port.clone()).await.unwrap(), "by_trust tls");
    let none = told(by("127.0.0.1,/nonexistent", "1".to_owned()).await);
    assert!(none.contains("/nonexistent/.s.PGSQL.1"), "{none}");
    let odd = told(by("127.0.0.1", "door".to_owned()).await);
    assert!(odd.contains("`door` is no value of the connection setting `port`"), "{odd}");
}

/// A host that refuses the login is the right host: no other one is asked.
#[tokio::test]
async fn a_refused_login_tries_no_other_host() {
    let place = shared();
    let (port, cluster) = (place.port(), crate::support::postgres::shared());
    let ports = format!("{port},{}", cluster.port());
    let both = [
        ("PGHOST", "127.0.0.1,127.0.0.1"),
        ("PGPORT", ports.as_str()),
        ("PGUSER", "postgres"),
        ("PGPASSWORD", &cluster.password),
    ];
    let error = told(place.by(&both).await);
    assert!(error.contains("SQLSTATE 28P01"), "{error}");
}

#[tokio::test]
async fn what_is_not_understood_is_refused() {
    let place = shared();
    for (variable, value, words) in [
        ("PGSSLMODE", "verify", "`verify` is no value of the connection setting `sslmode`"),
        ("PGCHANNELBINDING", "yes", "is no value of the connection setting `channel_binding`"),
        ("PGCONNECT_TIMEOUT", "soon", "is no value of the connection setting `connect_timeout`"),
        ("PGGSSENCMODE", "require", "does not support the connection setting `gssencmode=require`"),
        (
            "PGTARGETSESSIONATTRS",
            "read-write",
            "does not support the connection setting `target_session_attrs=read-write`",
        ),
        ("PGSSLNEGOTIATION", "direct", "does not support the connection setting `sslnegotiation=direct`"),
        ("PGSSLCRL", "/x.crl", "does not support the connection setting `sslcrl=/x.crl`"),
        ("PGSSLCRLDIR", "/crls", "does not support the connection setting `sslcrldir=/crls`"),
        (
            "PGSSLMINPROTOCOLVERSION",
            "TLSv1.3",
            "does not support the connection setting `ssl_min_protocol_version=TLSv1.3`",
        ),
        ("PGREQUIRESSL", "1", "does not support the connection setting `requiressl=1`"),
        ("PGREQUIREPEER", "postgres", "does not support the connection setting `requirepeer=postgres`"),
        ("PGLOADBALANCEHOSTS", "random", "does not support the connection setting `load_balance_hosts=random`"),
    ] {
        let error = told(place.silent("by_trust", &[(variable, value)]).await);
        assert!(error.contains(words), "{variable}: {error}");
        if words.contains("does not support") {
            assert!(error.contains(&format!("unset `{variable}`")), "{error}");
        }
    }
    for (variable, value) in
        [("PGGSSENCMODE", "prefer"), ("PGTARGETSESSIONATTRS", "any"), ("PGSSLMINPROTOCOLVERSION", "TLSv1.2")]
    {
        assert_eq!(place.silent("by_trust", &[(variable, value)]).await.unwrap(), "by_trust tls");
    }
}

#[tokio::test]
async fn options_reach_the_session() {
    let place = shared();
    let login = Login { user: Some("by_trust".to_owned()), ..place.login() };
    let odd = told(place.log_in(login, &[("PGOPTIONS", "-c no_such_setting=1")]).await);
    assert!(odd.contains("no_such_setting"), "{odd}");
    assert!(place.silent("by_trust", &[("PGOPTIONS", "-c statement_timeout=60s")]).await.is_ok());
}
