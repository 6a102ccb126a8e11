//! Who asks: each place of the chain lends its keys in its turn, each from a scripted server or file on loopback.

use std::path::Path;
use std::sync::Arc;

use hikae::error::Error;
use hikae::world::objects::{Object, Store, StoreKind};
use hikae::world::real::Real;

use super::places::caller;
use crate::support::stores::{Scripted, reply};

const FIXED: &str = "last-modified: Tue, 15 Nov 2022 12:45:26 GMT\r\netag: \"x\"\r\n";

/// A store of Amazon's kind that says of every object that it is there, and of the machine that lends keys.
fn lender(answer: impl Fn(&str) -> Option<String> + Send + 'static) -> Scripted {
    Scripted::start(move |request| answer(request).unwrap_or_else(|| reply("200 OK", FIXED, "")))
}

fn keys(name: &str) -> String {
    format!(
        r#"{{"Version": 1, "AccessKeyId": "{name}", "SecretAccessKey": "{name}-secret-of-a-lender", "Token": "{name}-token-of-a-lender", "Expiration": "2099-01-01T00:00:00Z"}}"#
    )
}

/// Looks at an object with these variables, and gives the name of the key that it was asked with.
async fn asked_with(server: &Scripted, home: &Path, variables: &[(&str, &str)]) -> Result<(String, bool), Error> {
    let own = [
        ("HOME", home.display().to_string()),
        ("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", server.port)),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", format!("http://127.0.0.1:{}/ec2", server.port)),
        ("PATH", format!("{}:/usr/bin:/bin", home.display())),
    ];
    let empty =
        ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_REGION"].map(|name| (name, String::new()));
    let given = variables.iter().map(|(name, value)| (*name, (*value).to_owned()));
    let all = empty.into_iter().chain(own).chain(given).map(|(name, value)| (name.to_owned(), value));
    let call = caller(Real::ambient().with_variables(all));
    let store = Arc::new(Store::new(StoreKind::S3, "shop"));
    call.stat_object(Object::new(store, "x").unwrap()).await?;
    let asked = server.asked();
    let last = asked.iter().rfind(|asked| asked.starts_with("HEAD /shop/x")).expect("the store is asked");
    let name = last.split("Credential=").nth(1).and_then(|rest| rest.split('/').next()).unwrap();
    Ok((name.to_owned(), last.contains("x-amz-security-token: ")))
}

/// A machine whose every place lends keys: the earlier is left out, the later answers.
fn rich(role_name: &'static str) -> Scripted {
    lender(move |request| {
        let first = request.lines().next().unwrap_or_default();
        match first {
            line if line.starts_with("POST /sts") => {
                assert!(
                    request.contains("Action=AssumeRoleWithWebIdentity")
                        && request.contains("WebIdentityToken=token-of-a-pod"),
                    "{request}"
                );
                Some(reply(
                    "200 OK",
                    "",
                    "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>of-identity</AccessKeyId>\
                     <SecretAccessKey>secret-of-an-identity</SecretAccessKey><SessionToken>token-of-an-identity</SessionToken>\
                     <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>",
                ))
            }
            line if line.starts_with("GET /container") => {
                let allowed = request.to_lowercase().contains("authorization: token-of-a-task");
                Some(if allowed { reply("200 OK", "", &keys("of-container")) } else { reply("403 Forbidden", "", "") })
            }
            line if line.starts_with("PUT /ec2/latest/api/token") => Some(reply("200 OK", "", "token-of-version-2")),
            line if line.starts_with("GET /ec2/latest/meta-data/iam/security-credentials/ ") => {
                Some(with_token(request, role_name))
            }
            line if line.starts_with("GET /ec2/latest/meta-data/iam/security-credentials/backup") => {
                Some(with_token(request, &keys("of-instance")))
            }
            _ => None,
        }
    })
}

fn with_token(request: &str, body: &str) -> String {
    match request.contains("x-aws-ec2-metadata-token: token-of-version-2") {
        true => reply("200 OK", "", body),
        false => reply("401 Unauthorized", "", ""),
    }
}

#[tokio::test]
async fn each_place_lends_its_keys_in_its_turn() {
    let home = tempfile::tempdir().unwrap();
    let server = rich("backup-role");
    let token = home.path().join("token");
    std::fs::write(&token, "token-of-a-pod\n").unwrap();
    std::fs::create_dir(home.path().join(".aws")).unwrap();
    std::fs::write(
        home.path().join(".aws/credentials"),
        "[default]\naws_access_key_id = of-profile\naws_secret_access_key = secret-of-a-profile\n\n[named]\n\
         aws_access_key_id=of-named\naws_secret_access_key=secret-of-a-named-profile\naws_session_token=token-of-a-named-profile\n",
    )
    .unwrap();
    let (token, sts) = (token.display().to_string(), format!("http://127.0.0.1:{}/sts", server.port));
    let container = format!("http://127.0.0.1:{}/container", server.port);
    let environment = [("AWS_ACCESS_KEY_ID", "of-environment"), ("AWS_SECRET_ACCESS_KEY", "secret-of-an-environment")];
    let identity = [
        ("AWS_WEB_IDENTITY_TOKEN_FILE", token.as_str()),
        ("AWS_ROLE_ARN", "arn:aws:iam::1:role/x"),
        ("AWS_ENDPOINT_URL_STS", &sts),
    ];
    let task = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", container.as_str()),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "token-of-a-task"),
    ];
    let off = [("AWS_EC2_METADATA_DISABLED", "true")];
    let named = [("AWS_PROFILE", "named")];
    let join = |lists: &[&[(&'static str, &str)]]| -> Vec<(String, String)> {
        let pairs = lists.iter().flat_map(|list| list.iter());
        pairs.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    for (variables, name, has_token) in [
        (join(&[&environment, &identity, &task]), "of-environment", false),
        (join(&[&identity, &task]), "of-identity", true),
        (join(&[&task]), "of-container", true),
        (join(&[]), "of-instance", true),
        (join(&[&off]), "of-profile", false),
        // A profile that somebody names is meant, before any machine is asked.
        (join(&[&identity, &task, &named]), "of-named", true),
    ] {
        let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (&**name, &**value)).collect();
        let asked = asked_with(&server, home.path(), &variables).await.unwrap();
        assert_eq!(asked, (name.to_owned(), has_token));
    }
    // One that is configured and does not work is told, and no other takes its place.
    let wrong = [("AWS_CONTAINER_CREDENTIALS_FULL_URI", container.as_str())];
    let error = asked_with(&server, home.path(), &wrong).await.unwrap_err();
    assert!(error.one_line().contains("the metadata of the container give no keys"), "{error:?}");
}

#[tokio::test]
async fn a_program_and_the_tool_of_amazon_lend_keys() {
    let home = tempfile::tempdir().unwrap();
    let server = lender(|_| None);
    let script = |name: &str, text: &str| {
        let path = home.path().join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        crate::support::program::set_mode(&path, 0o755);
        path.display().to_string()
    };
    let program = script("lend keys", &format!("[ \"$1\" = 'for us' ] && echo '{}'", keys("of-program")));
    script("aws", &format!("[ \"$1 $2\" = 'configure export-credentials' ] && echo '{}'", keys("of-tool")));
    std::fs::create_dir(home.path().join(".aws")).unwrap();
    let config = format!(
        "[default]\ncredential_process = \"{program}\" \"for us\"\n[profile sso]\nsso_session = company\n[profile broken]\n\
         credential_process = /bin/false\n"
    );
    std::fs::write(home.path().join(".aws/config"), config).unwrap();
    let off = ("AWS_EC2_METADATA_DISABLED", "true");
    assert_eq!(asked_with(&server, home.path(), &[off]).await.unwrap(), ("of-program".to_owned(), true));
    let sso = [off, ("AWS_PROFILE", "sso")];
    assert_eq!(asked_with(&server, home.path(), &sso).await.unwrap(), ("of-tool".to_owned(), true));
    let error = asked_with(&server, home.path(), &[off, ("AWS_PROFILE", "broken")]).await.unwrap_err();
    assert!(error.one_line().contains("cannot get keys from `/bin/false`"), "{error:?}");
}
