//! Every way to log in: what is right gets in, what is wrong is told with its kind and a hint, and what is not supported by its name.

use hikae::error::Kind;
use hikae::secret::Secret;
use hikae::world::postgres::{Login, sqlstate_of};

use super::place::{shared, told};

#[tokio::test]
async fn each_method_lets_in_who_has_the_right_password() {
    let place = shared();
    for user in ["by_trust", "by_password", "by_md5", "by_scram"] {
        assert_eq!(place.user(user, &[("PGSSLMODE", "disable")]).await.unwrap(), format!("{user} plain"));
        assert_eq!(place.user(user, &[]).await.unwrap(), format!("{user} tls"));
    }
    assert_eq!(place.silent("by_trust", &[]).await.unwrap(), "by_trust tls");
}

#[tokio::test]
async fn a_wrong_password_and_none_are_told_apart() {
    let place = shared();
    for user in ["by_password", "by_md5", "by_scram"] {
        let wrong = Login { user: Some(user.to_owned()), password: Some(Secret::new("falsch")), ..place.login() };
        let error = place.log_in(wrong, &[]).await.unwrap_err();
        assert_eq!((error.kind(), sqlstate_of(&error)), (Kind::Denied, Some("28P01")), "{error:?}");
        assert_eq!(error.hint_text(), Some("check the user and the password (DB_USER, DB_PASSWORD)"));
        let none = told(place.silent(user, &[]).await);
        assert!(none.contains(&format!("asks for the password of `{user}`")), "{none}");
        assert!(none.contains("DB_PASSWORD"), "{none}");
    }
}

#[tokio::test]
async fn peer_lets_in_the_user_of_the_process_at_the_socket() {
    let place = shared();
    let socket = place.cluster.dir().display().to_string();
    let at = |user: &str| Login { host: Some(socket.clone()), user: Some(user.to_owned()), ..place.login() };
    // TLS has no meaning at a socket, whatever the mode is.
    for mode in ["prefer", "verify-full"] {
        assert_eq!(place.log_in(at("by_peer"), &[("PGSSLMODE", mode)]).await.unwrap(), "by_peer plain");
    }
    let error = place.log_in(at("by_trust"), &[]).await.unwrap_err();
    assert_eq!(sqlstate_of(&error), Some("28000"));
    assert!(error.hint_text().unwrap().contains("name a host (DB_HOST=localhost)"), "{error:?}");
}

#[tokio::test]
async fn a_certificate_lets_in_whom_it_names() {
    let place = shared();
    let (cert, key) = (place.path("client.crt"), place.path("client.key"));
    let named = [("PGSSLCERT", cert.as_str()), ("PGSSLKEY", key.as_str())];
    assert_eq!(place.silent("by_cert", &named).await.unwrap(), "by_cert tls");
    let without = told(place.silent("by_cert", &[]).await);
    assert!(without.contains("SQLSTATE 28000") && without.contains("certificate"), "{without}");
    let no_key = told(place.silent("by_cert", &[("PGSSLCERT", &cert), ("PGSSLKEY", &place.path("ext"))]).await);
    assert!(no_key.contains("cannot use the TLS file"), "{no_key}");
}

#[tokio::test]
async fn what_is_not_supported_is_named() {
    let place = shared();
    let gss = told(place.user("by_gss", &[]).await);
    assert!(gss.contains("asks for a login by GSSAPI (Kerberos): hikae does not support it"), "{gss}");
    assert!(gss.contains("`scram-sha-256` or `peer`"), "{gss}");
    let nobody = place.user("nobody", &[]).await.unwrap_err();
    assert_eq!((nobody.kind(), sqlstate_of(&nobody)), (Kind::Denied, Some("28000")));
    assert!(nobody.hint_text().unwrap().contains("pg_hba.conf"), "{nobody:?}");
}

#[tokio::test]
async fn hints_follow_the_sqlstate() {
    let place = shared();
    let absent = Login { database: "absent".to_owned(), ..place.login() };
    let absent = Login { user: Some("by_trust".to_owned()), ..absent };
    let error = place.log_in(absent, &[]).await.unwrap_err();
    assert_eq!((error.kind(), sqlstate_of(&error)), (Kind::NotFound, Some("3D000")));
    assert!(error.hint_text().unwrap().contains("DB_NAME"), "{error:?}");
    place.cluster.psql("postgres", "CREATE ROLE full CONNECTION LIMIT 0 LOGIN PASSWORD 'platzangst'");
    let full = Login { user: Some("full".to_owned()), password: Some(Secret::new("platzangst")), ..place.login() };
    let error = place.log_in(full, &[]).await.unwrap_err();
    assert_eq!((error.kind(), sqlstate_of(&error)), (Kind::Network, Some("53300")));
    let closed = Login { port: Some(1), user: Some("by_trust".to_owned()), ..place.login() };
    let closed = place.log_in(closed, &[]).await.unwrap_err();
    assert_eq!(closed.kind(), Kind::Network);
    assert!(closed.hint_text().unwrap().contains("is the server running?"), "{closed:?}");
}

/// `require_auth` keeps a password from a server that asks for it in a weaker way.
#[tokio::test]
async fn a_login_that_require_auth_does_not_allow_is_refused() {
    let place = shared();
    for (list, allowed, refused) in [
        ("scram-sha-256", "by_scram", "by_md5"),
        ("scram-sha-256,md5", "by_md5", "by_password"),
        ("!password,!none", "by_md5", "by_password"),
        ("!none", "by_password", "by_trust"),
        ("none", "by_trust", "by_scram"),
    ] {
        let asked = [("PGREQUIREAUTH", list)];
        assert!(place.user(allowed, &asked).await.is_ok(), "{list}");
        let error = told(place.user(refused, &asked).await);
        assert!(error.contains("`require_auth` does not allow it"), "{list}: {error}");
    }
    for list in ["scram", "md5,!none", ""] {
        let answer = place.user("by_scram", &[("PGREQUIREAUTH", list)]).await;
        assert_eq!(answer.is_ok(), list.is_empty(), "{list}: {answer:?}");
    }
}
