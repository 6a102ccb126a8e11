//! A run with the kernel's walls on stores, looks, lists, reads and removes in a store of each kind.

use super::places::Dice;
use crate::support::objects::with_store;
use crate::support::program::{Hikae, set_mode};
use crate::support::sshd::Sshd;
use crate::support::stores;
use crate::support::stores::fresh;

const RECIPE: &str = r#"--- Does everything in a store.
return recipe {
  kind = "maintenance",
  type = "manual",
  params = { url = {}, file = { type = "path" }, out = { type = "path" } },
  needs = { read = { "{file}" }, write = { "{out}" }, objects = { "{url}/*" } },
  run = function(p)
    local store, key = objects.open { url = p.url }, "daily/控え 1"
    objects.make_bucket(store)
    fs.open(p.file):put(store, key)
    local ok, why = errors.try(function() fs.open(p.file):put(store, key) end)
    log.info("again: " .. (ok and "stored" or why.kind))
    errors.accept(why, "it had to be refused")
    for _i, object in ipairs(objects.list(store, "daily/")) do
      log.info("listed: " .. object.key .. " " .. object.size_bytes)
    end
    objects.get(store, key):save(p.out .. "/back")
  end,
}
"#;

const CLEAR: &str = r#"--- Removes everything from a store.
return recipe {
  kind = "maintenance",
  type = "manual",
  params = { url = {}, out = { type = "path" } },
  needs = { objects = { "{url}/*" }, write = { "{out}" } },
  run = function(p)
    local store = objects.open { url = p.url }
    for _i, object in ipairs(objects.list(store)) do
      objects.remove(store, object.key)
    end
    log.info("left: " .. #objects.list(store))
  end,
}
"#;

fn goes_through(hikae: Hikae, url: &str) {
    let hikae = hikae.file("config/recipes/all.lua", RECIPE).file("config/recipes/clear.lua", CLEAR);
    let data = Dice::new(3).bytes(300_000);
    std::fs::write(hikae.path("file"), &data).unwrap();
    std::fs::create_dir(hikae.path("out")).unwrap();
    let set = |name: &str, value: &str| ["--set".to_owned(), format!("{name}={value}")];
    let at = |name: &str| hikae.path(name).display().to_string();
    let args = [
        vec!["run".to_owned(), "all".to_owned()],
        set("url", url).to_vec(),
        set("file", &at("file")).to_vec(),
        set("out", &at("out")).to_vec(),
    ]
    .concat();
    let said = hikae.run(&args.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(said.code, 0, "{url}\n{}{}", said.out, said.err);
    for told in ["again: already_exists", "listed: daily/控え 1 300000"] {
        assert!(said.out.contains(told), "{url}: {told}\n{}{}", said.out, said.err);
    }
    assert!(std::fs::read(hikae.path("out/back")).unwrap() == data, "{url}");
    let out = format!("out={}", at("out"));
    let cleared = hikae.run(&["run", "clear", "--set", &format!("url={url}"), "--set", &out]);
    assert!(cleared.code == 0 && cleared.out.contains("left: 0"), "{url}\n{}{}", cleared.out, cleared.err);
}

#[test]
fn s3_is_reached_within_the_walls() {
    goes_through(with_store(Hikae::new()), &format!("s3://{}/production", fresh("walled")));
}

#[test]
fn google_is_reached_within_the_walls() {
    let hikae = Hikae::new().env("STORAGE_EMULATOR_HOST", &format!("127.0.0.1:{}", stores::google_port()));
    goes_through(hikae.env("GOOGLE_CLOUD_PROJECT", "our-project"), &format!("gs://{}/production", fresh("walled")));
}

#[test]
fn azure_is_reached_within_the_walls() {
    let connection = stores::azure_connection(stores::azure_port());
    let hikae = Hikae::new().env("AZURE_STORAGE_CONNECTION_STRING", &connection);
    goes_through(hikae, &format!("azblob://{}/production", fresh("walled")));
}

#[test]
fn a_folder_is_reached_within_the_walls() {
    let folder = tempfile::tempdir().unwrap();
    goes_through(Hikae::new(), &format!("file://{}", folder.path().display()));
}

/// OpenSSH itself on both sides: keys, known hosts, its own configuration.
#[test]
fn a_real_ssh_server_is_reached_within_the_walls() {
    let hikae = Hikae::new();
    let server = Sshd::start(&hikae.path(""));
    let folder = tempfile::tempdir().unwrap();
    // OpenSSH takes the home of the account, and not that of the environment.
    let hikae = hikae.program("ssh", "exec /usr/bin/ssh -F \"$HOME/.ssh/config\" \"$@\"");
    goes_through(hikae, &format!("sftp://nas{}", folder.path().display()));
    drop(server);
}

/// What is not known is not connected to, and the run says why.
#[test]
fn an_unknown_ssh_server_is_refused() {
    let hikae = Hikae::new();
    let server = Sshd::start(&hikae.path(""));
    std::fs::write(hikae.path(".ssh/known_hosts"), "").unwrap();
    let hikae = hikae.program("ssh", "exec /usr/bin/ssh -F \"$HOME/.ssh/config\" \"$@\"");
    let recipe = "--- Lists.\nreturn recipe { kind = \"maintenance\", type = \"manual\", needs = { objects = { \"sftp://nas/tmp/*\" } }, \
                  run = function() objects.list(objects.open { url = \"sftp://nas/tmp\" }) end }\n";
    let said = hikae.file("config/recipes/list.lua", recipe).run(&["run", "list"]);
    assert_eq!(said.code, 1, "{}{}", said.out, said.err);
    assert!(said.err.contains("Host key verification failed"), "{}", said.err);
    drop(server);
}

/// The real program; its remote is a folder that the recipe declares.
#[test]
fn rclone_is_reached_within_the_walls() {
    let hikae = Hikae::new();
    let settings = format!("[nas]\ntype = alias\nremote = {}\n", hikae.path("out").display());
    let hikae = hikae.file(".config/rclone/rclone.conf", &settings);
    set_mode(&hikae.path(".config/rclone/rclone.conf"), 0o600);
    let bin = stores::rclone_program().parent().unwrap().display().to_string();
    let hikae = hikae.env("PATH", &format!("{bin}:/usr/bin:/bin"));
    goes_through(hikae, "rclone://nas/production");
}
