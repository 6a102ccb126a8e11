//! The TLS modes of libpq, with the right and the wrong authority and name.

use hikae::world::postgres::Login;

use super::place::{shared, told};
use crate::support::postgres;

/// What a mode does with a root certificate, and a host that the server's certificate names or does not name.
#[tokio::test]
async fn each_mode_trusts_whom_it_should() {
    let place = shared();
    let (right, wrong) = (place.path("root.crt"), place.path("other.crt"));
    let (named, unnamed) = ("localhost", "127.0.0.1");
    for (mode, root, host, expected) in [
        ("disable", None, unnamed, Ok("plain")),
        ("allow", None, unnamed, Ok("plain")),
        ("prefer", None, unnamed, Ok("tls")),
        ("prefer", Some(&wrong), unnamed, Ok("tls")),
        ("require", None, unnamed, Ok("tls")),
        ("require", Some(&right), unnamed, Ok("tls")),
        ("require", Some(&wrong), unnamed, Err("cannot encrypt the connection")),
        ("verify-ca", Some(&right), unnamed, Ok("tls")),
        ("verify-ca", Some(&wrong), named, Err("UnknownIssuer")),
        ("verify-ca", None, named, Err("there is no root certificate")),
        ("verify-full", Some(&right), named, Ok("tls")),
        ("verify-full", Some(&right), unnamed, Err("not valid for name")),
        ("verify-full", Some(&wrong), named, Err("UnknownIssuer")),
        ("verify-full", None, named, Err("there is no root certificate")),
    ] {
        let mut variables =
            vec![("PGSSLMODE", mode), ("PGHOSTADDR", "127.0.0.1"), ("PGPASSWORD", super::place::password())];
        variables.extend(root.map(|root| ("PGSSLROOTCERT", root.as_str())));
        let login = Login { host: Some(host.to_owned()), user: Some("by_scram".to_owned()), ..place.login() };
        let answer = place.log_in(login, &variables).await;
        match expected {
            Ok(how) => assert_eq!(answer.unwrap(), format!("by_scram {how}"), "{mode} {root:?} {host}"),
            Err(words) => {
                let error = told(answer);
                assert!(error.contains(words), "{mode} {root:?} {host}: {error}");
                assert!(error.contains("PGSSLROOTCERT"), "{mode} {root:?} {host}: {error}");
            }
        }
    }
}

/// As in libpq: where pg_hba.conf refuses the one way, `prefer` and `allow` try the other.
#[tokio::test]
async fn the_weaker_modes_try_both_ways() {
    let place = shared();
    for (user, mode, expected) in [
        ("only_tls", "allow", Some("tls")),
        ("only_tls", "prefer", Some("tls")),
        ("only_tls", "disable", None),
        ("only_plain", "prefer", Some("plain")),
        ("only_plain", "allow", Some("plain")),
        ("only_plain", "require", None),
    ] {
        let answer = place.user(user, &[("PGSSLMODE", mode)]).await;
        let expected = expected.map(|how| format!("{user} {how}"));
        assert_eq!(answer.as_ref().ok(), expected.as_ref(), "{user} {mode}: {answer:?}");
    }
}

#[tokio::test]
async fn a_server_without_tls_is_no_place_for_who_requires_it() {
    let (place, without) = (shared(), postgres::shared());
    let login = || Login {
        port: Some(without.port()),
        user: Some("postgres".to_owned()),
        password: Some(hikae::secret::Secret::new(without.password.clone())),
        ..place.login()
    };
    for mode in ["require", "verify-ca", "verify-full"] {
        let root = place.path("root.crt");
        let error = told(place.log_in(login(), &[("PGSSLMODE", mode), ("PGSSLROOTCERT", &root)]).await);
        assert!(error.contains(&format!("offers no TLS: the connection asks for it (`sslmode={mode}`)")), "{error}");
    }
    assert_eq!(place.log_in(login(), &[]).await.unwrap(), "postgres plain");
}

/// A login that is bound to the TLS connection is worth nothing to who sits in between.
#[tokio::test]
async fn channel_binding_is_used_where_it_is_required() {
    let place = shared();
    let required = |mode| [("PGCHANNELBINDING", "require"), ("PGSSLMODE", mode)];
    assert_eq!(place.user("by_scram", &required("require")).await.unwrap(), "by_scram tls");
    for (user, mode) in [("by_scram", "disable"), ("by_md5", "require"), ("by_trust", "require")] {
        let error = told(place.user(user, &required(mode)).await);
        assert!(error.contains("does not bind the login to its TLS"), "{user} {mode}: {error}");
    }
}

/// The authorities of the system do not know the server of the tests.
#[tokio::test]
async fn the_authorities_of_the_system_are_a_root_certificate_too() {
    let place = shared();
    let error = told(place.user("by_scram", &[("PGSSLROOTCERT", "system")]).await);
    assert!(error.contains("cannot encrypt the connection"), "{error}");
    let error = told(place.user("by_scram", &[("PGSSLROOTCERT", "system"), ("PGSSLMODE", "require")]).await);
    assert!(error.contains("must be `verify-full`"), "{error}");
}
