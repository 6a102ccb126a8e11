//! Who asks Google and Azure: files, persons and machines, each proved against a scripted or a real server on loopback.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use hikae::error::Error;
use hikae::world::objects::{Object, Put, StoreKind, url};
use hikae::world::real::Real;

use super::places::{caller, put, read};
use crate::support::stores::fresh;
use crate::support::stores::{self, Scripted, reply};

const OBJECT: &str = r#"{"kind": "storage#object", "size": "1", "updated": "2026-01-01T00:00:00Z", "generation": "1"}"#;

/// A Google that knows one object, and lends tokens.
fn google(lends: impl Fn(&str) -> String + Send + 'static) -> Scripted {
    Scripted::start(move |request| match request.lines().next().unwrap_or_default() {
        line if line.starts_with("GET /storage/v1/b/shop/o/x") => reply("200 OK", "", OBJECT),
        _ => lends(request),
    })
}

/// The proof with which the object was asked for.
async fn asked_with(server: &Scripted, home: &Path, variables: &[(&str, String)]) -> Result<String, Error> {
    let own = [
        ("HOME", home.display().to_string()),
        ("STORAGE_EMULATOR_HOST", String::new()),
        ("CLOUDSDK_CONFIG", String::new()),
    ];
    let all = own.into_iter().chain(variables.iter().cloned()).map(|(name, value)| (name.to_owned(), value));
    let call = caller(Real::ambient().with_variables(all));
    let mut store = url::store("gs://shop").unwrap();
    store.endpoint = Some(hikae::world::http::Address::parse(&format!("http://127.0.0.1:{}", server.port)).unwrap());
    call.stat_object(Object::new(Arc::new(store), "x").unwrap()).await?;
    let asked = server.asked();
    let last = asked.iter().rfind(|asked| asked.starts_with("GET /storage/")).unwrap();
    Ok(last.lines().find_map(|line| line.strip_prefix("authorization: Bearer ")).unwrap().to_owned())
}

const LENT: &str = r#"{"access_token": "token-that-google-lends", "expires_in": 3600}"#;

fn openssl(args: &[&str]) {
    assert!(Command::new("openssl").args(args).output().expect("apt-get install openssl").status.success(), "{args:?}");
}

#[tokio::test]
async fn a_service_account_signs_for_itself() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name).display().to_string();
    openssl(&["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", &at("key.pem")]);
    openssl(&["pkey", "-in", &at("key.pem"), "-pubout", "-out", &at("public.pem")]);
    let server = google(|_| reply("200 OK", "", LENT));
    let uri = format!("http://127.0.0.1:{}/token", server.port);
    let key = std::fs::read_to_string(at("key.pem")).unwrap();
    let file = serde_json::json!({ "type": "service_account", "client_email": "backup@shop.iam", "private_key_id": "k1", "private_key": key, "token_uri": uri });
    std::fs::write(at("account.json"), file.to_string()).unwrap();
    let variables = [("GOOGLE_APPLICATION_CREDENTIALS", at("account.json"))];
    assert_eq!(asked_with(&server, home.path(), &variables).await.unwrap(), "token-that-google-lends");

    // What it signed says who asks, whom, and for what; and only its key can have signed it.
    let asked = server.asked().into_iter().find(|asked| asked.starts_with("POST /token")).unwrap();
    let claim = asked.split("assertion=").nth(1).unwrap().trim();
    let (text, signature) = claim.rsplit_once('.').unwrap();
    std::fs::write(at("text"), text).unwrap();
    std::fs::write(at("signature"), BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
    openssl(&["dgst", "-sha256", "-verify", &at("public.pem"), "-signature", &at("signature"), &at("text")]);
    let claims = BASE64_URL_SAFE_NO_PAD.decode(text.split('.').nth(1).unwrap()).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!((claims["iss"].as_str(), claims["aud"].as_str()), (Some("backup@shop.iam"), Some(uri.as_str())));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3600);
}

#[tokio::test]
async fn a_person_and_a_machine_have_tokens() {
    let home = tempfile::tempdir().unwrap();
    let server = google(|request| match request {
        request if request.starts_with("POST /token") => {
            assert!(
                request.contains("grant_type=refresh_token") && request.contains("refresh_token=token-of-a-person"),
                "{request}"
            );
            reply("200 OK", "", LENT)
        }
        request if request.starts_with("GET /computeMetadata/v1/instance/service-accounts/default/token") => {
            match request.to_lowercase().contains("metadata-flavor: google") {
                true => reply("200 OK", "", r#"{"access_token": "token-of-a-machine", "expires_in": 3600}"#),
                false => reply("403 Forbidden", "", ""),
            }
        }
        _ => reply("404 Not Found", "", "{}"),
    });
    let host = ("GCE_METADATA_HOST", format!("127.0.0.1:{}", server.port));
    assert_eq!(asked_with(&server, home.path(), std::slice::from_ref(&host)).await.unwrap(), "token-of-a-machine");
    let folder = home.path().join(".config/gcloud");
    std::fs::create_dir_all(&folder).unwrap();
    let uri = format!("http://127.0.0.1:{}/token", server.port);
    let file = serde_json::json!({ "type": "authorized_user", "client_id": "us", "client_secret": "secret-of-a-client", "refresh_token": "token-of-a-person", "token_uri": uri });
    std::fs::write(folder.join("application_default_credentials.json"), file.to_string()).unwrap();
    assert_eq!(asked_with(&server, home.path(), &[host]).await.unwrap(), "token-that-google-lends");
    std::fs::write(folder.join("application_default_credentials.json"), r#"{"type": "external_account"}"#).unwrap();
    let error = asked_with(&server, home.path(), &[]).await.unwrap_err();
    assert!(error.one_line().contains("of the type `external_account` are not supported"), "{error:?}");
}

#[tokio::test]
async fn nobody_is_told_as_nobody() {
    let home = tempfile::tempdir().unwrap();
    let server = google(|_| reply("404 Not Found", "", "{}"));
    let none = [("NO_GCE_CHECK", "true".to_owned())];
    let error = asked_with(&server, home.path(), &none).await.unwrap_err();
    assert!(error.one_line().contains("no credentials for Google were found"), "{error:?}");
}

/// Keys of Amazon's kind cannot ask Google never to replace: at its address, and wherever it answers.
#[tokio::test]
async fn google_is_not_stored_to_with_keys_of_another_kind() {
    let behind = Scripted::start(|request| match request.starts_with("HEAD /shop/x") {
        true => reply("404 Not Found", "x-guploader-uploadid: AB\r\n", ""),
        false => reply("200 OK", "x-guploader-uploadid: AB\r\n", ""),
    });
    let keys = [("AWS_ACCESS_KEY_ID", "GOOG1"), ("AWS_SECRET_ACCESS_KEY", "secret-of-an-hmac-key")];
    let variables = keys.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let call = caller(Real::ambient().with_variables(variables));
    let mut store = url::store("s3://shop").unwrap();
    store.endpoint = Some(hikae::world::http::Address::parse(&format!("http://127.0.0.1:{}", behind.port)).unwrap());
    let object = Object::new(Arc::new(store), "x").unwrap();
    let error = call.put(Put::new(object.clone())).await.err().unwrap();
    assert!(error.one_line().contains("Google ignores `If-None-Match`"), "{error:?}");
    assert_eq!(error.hint_text(), Some("write `gs://shop`, which asks Google by its own API"));
    assert!(behind.asked().iter().all(|asked| !asked.starts_with("PUT")), "nothing was sent");
    // Who says that it may be replaced gets what was asked for.
    call.put(Put { replace: true, ..Put::new(object) }).await.unwrap();
}

/// A SAS token that the account key signs for itself, as the portal does.
fn sas() -> String {
    let key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
    let script = "import base64, hashlib, hmac, sys, urllib.parse\n\
        text = 'devstoreaccount1\\nrwdlacup\\nb\\nsco\\n\\n2099-01-01T00:00:00Z\\n\\n\\n2019-12-12\\n'\n\
        sig = base64.b64encode(hmac.new(base64.b64decode(sys.argv[1]), text.encode(), hashlib.sha256).digest()).decode()\n\
        print('sv=2019-12-12&ss=b&srt=sco&sp=rwdlacup&se=2099-01-01T00:00:00Z&sig=' + urllib.parse.quote(sig, safe=''), end='')";
    let output = Command::new("python3").args(["-c", script, key]).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn a_sas_token_is_enough_for_azure() {
    let endpoint = format!("http://127.0.0.1:{}/devstoreaccount1", stores::azure_port());
    let world = |sas: String| {
        let variables = [
            ("AZURE_STORAGE_ACCOUNT", "devstoreaccount1".to_owned()),
            ("AZURE_STORAGE_SERVICE_ENDPOINT", endpoint.clone()),
            ("AZURE_STORAGE_SAS_TOKEN", sas),
        ];
        caller(Real::ambient().with_variables(variables.map(|(name, value)| (name.to_owned(), value))))
    };
    let store = Arc::new(url::store(&format!("azblob://{}/daily", fresh("sas"))).unwrap());
    assert_eq!(store.kind, StoreKind::Azure);
    let call = world(sas());
    call.make_bucket(store.clone()).await.unwrap();
    let object = Object::new(store, "日本 +%/x").unwrap();
    let data = vec![3; 11 << 20];
    put(&call, object.clone(), &data).await.unwrap();
    assert!(read(&call, object.clone()).await.unwrap() == data);
    let wrong = sas().replace("sp=rwdlacup", "sp=rwdlacu");
    let error = world(wrong).stat_object(object).await.unwrap_err();
    assert_eq!(error.kind(), hikae::error::Kind::Denied, "{error:?}");
    assert!(!format!("{error:?}").contains("sig="), "{error:?}");
}

#[tokio::test]
async fn the_identity_of_a_machine_is_enough_for_azure() {
    let server = Scripted::start(|request| match request {
        request if request.starts_with("GET /msi?") && request.contains("x-identity-header: proof-of-an-app") => {
            reply("200 OK", "", r#"{"access_token": "token-of-an-app", "expires_in": "3600"}"#)
        }
        request
            if request.starts_with("GET /metadata/identity/oauth2/token?") && request.contains("metadata: true") =>
        {
            reply("200 OK", "", r#"{"access_token": "token-of-a-vm", "expires_in": "3600"}"#)
        }
        request if request.starts_with("HEAD /shop/x") && request.contains("authorization: Bearer token-of-") => {
            reply("200 OK", "last-modified: Tue, 15 Nov 2022 12:45:26 GMT\r\netag: \"x\"\r\n", "")
        }
        _ => reply("403 Forbidden", "", ""),
    });
    let here = format!("http://127.0.0.1:{}", server.port);
    let account = [("AZURE_STORAGE_ACCOUNT", "shop".to_owned()), ("AZURE_STORAGE_SERVICE_ENDPOINT", here.clone())];
    let app = [("IDENTITY_ENDPOINT", format!("{here}/msi")), ("IDENTITY_HEADER", "proof-of-an-app".to_owned())];
    let machine = [("AZURE_POD_IDENTITY_AUTHORITY_HOST", here)];
    for (of, token) in [(app.to_vec(), "token-of-an-app"), (machine.to_vec(), "token-of-a-vm")] {
        let all = account.iter().cloned().chain(of).map(|(name, value)| (name.to_owned(), value));
        let call = caller(Real::ambient().with_variables(all));
        let object = Object::new(Arc::new(url::store("azblob://shop").unwrap()), "x").unwrap();
        assert!(call.stat_object(object).await.unwrap().is_some());
        assert!(server.asked().last().unwrap().contains(token));
    }
}
