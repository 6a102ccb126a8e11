//! What is shown of an address, and which hosts a declaration stands for.

use hikae::error::Kind;
use hikae::secret::Secret;
use hikae::world::SecretOrText;
use hikae::world::http::{Address, hosts};

fn declared(connect: &str, url: &str) -> bool {
    let address = Address::parse(url).unwrap();
    hosts::declared(&[connect.to_owned()], address.host(), address.port()).unwrap()
}

#[tokio::test]
async fn an_address_is_shown_without_its_secrets() {
    // Apart from the secrets of other tests, which are words of these addresses too.
    hikae::secret::apart([], async { shown_without_secrets() }).await;
}

fn shown_without_secrets() {
    for (url, shown) in [
        ("https://host/path?a=1&b=x%20y#part", "https://host/path?a=1&b=x+y"),
        ("https://user:open-sesame@host:8443/x", "https://********@host:8443/x"),
        ("https://host/?access_token=abc123&page=2", "https://host/?access_token=********&page=2"),
        ("https://host/?X-Amz-Signature=abc123", "https://host/?X-Amz-Signature=********"),
    ] {
        let address = Address::parse(url).unwrap();
        assert_eq!(address.to_string(), shown);
        assert_eq!(format!("{address:?}"), shown);
    }
    let hook = SecretOrText::Secret(Secret::new("https://hooks.example:444/services/T0/B0/zzz"));
    let address = Address::new(&hook, &[]).unwrap();
    assert_eq!(address.to_string(), "https://hooks.example:444/********");
    assert_eq!(address.join("/other/zzz").unwrap().to_string(), "https://hooks.example:444/********");
    let id = SecretOrText::Secret(Secret::new("s3cr&t val"));
    let address = Address::new(&SecretOrText::Plain("https://host/x?q=1".into()), &[("id".into(), id)]).unwrap();
    assert_eq!(address.to_string(), "https://host/x?q=1&id=********");
    assert_eq!(address.url().query(), Some("q=1&id=s3cr%26t+val"));
    assert_eq!(hikae::secret::redact("got id=s3cr%26t+val"), "got id=********");
}

#[test]
fn what_is_no_address_is_refused_without_showing_a_password() {
    for url in [
        "host/path",
        "ftp://host/x",
        "https://",
        "http://host/a\r\nb",
        "http://ho st/",
        " http://host/",
        "file:///etc/passwd",
        "http://user:open-sesame@/x",
    ] {
        let error = Address::parse(url).unwrap_err();
        assert_eq!(error.kind(), Kind::Recipe, "{url}");
        assert!(!error.one_line().contains("sesame") && !error.one_line().contains('\n'), "{error:?}");
    }
    let error = Address::new(&SecretOrText::Secret(Secret::new("not a url at all")), &[]).unwrap_err();
    assert_eq!(error.what(), "the url, which is a secret, cannot be used as a url");
}

#[test]
fn a_host_is_declared_with_or_without_a_port() {
    for (connect, url) in [
        ("hooks.example", "https://hooks.example/x"),
        ("hooks.example", "http://hooks.example:8080/x"),
        ("Hooks.Example.", "https://hooks.example/x"),
        ("hooks.example", "https://HOOKS.example./x"),
        ("hooks.example:443", "https://hooks.example/x"),
        ("hooks.example:80", "http://hooks.example/x"),
        ("*.example", "https://a.b.example/x"),
        ("https://hooks.example/health", "https://hooks.example/other"),
        ("127.0.0.1:8080", "http://127.1:8080/"),
        ("::1", "http://[::1]:8080/"),
        ("[::1]:8080", "http://[::1]:8080/"),
        ("日本.example", "https://xn--wgv71a.example/"),
    ] {
        assert!(declared(connect, url), "{connect} stands for {url}");
    }
    for (connect, url) in [
        ("hooks.example", "https://evil.hooks.example/"),
        ("hooks.example", "https://hooks.example.evil/"),
        ("hooks.example", "https://hooks.example@evil/"),
        ("hooks.example:443", "http://hooks.example/"),
        ("hooks.example:443", "https://hooks.example:444/"),
        ("*.example", "https://example/"),
        ("*.example", "https://badexample/"),
        ("https://hooks.example/x", "http://hooks.example/x"),
        ("", "https://hooks.example/"),
        ("127.0.0.1", "http://127.0.0.2/"),
    ] {
        assert!(!declared(connect, url), "{connect} does not stand for {url}");
    }
}

#[test]
fn what_cannot_be_a_host_is_refused() {
    for connect in
        ["a b", "host/path", "*", "user@host", "host:port", "host:99999", "*.*.example", "https://", "host?x"]
    {
        let error = hosts::check(&[connect.to_owned()]).unwrap_err();
        assert_eq!(error.hint_text(), Some("write `host`, `host:port`, `*.domain` or a url"), "{connect}");
    }
}
