//! The files of libpq: passwords in `.pgpass`, which nobody else may read, and services.

use std::path::PathBuf;

use super::place::{password, set_mode, shared, told};

fn write(name: &str, text: &str, mode: u32) -> PathBuf {
    let path = shared().at(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, text).unwrap();
    set_mode(&path, mode);
    path
}

/// The password as a line of `.pgpass` has it.
fn escaped() -> String {
    password().replace('\\', r"\\").replace(':', r"\:")
}

#[tokio::test]
async fn the_first_line_that_fits_has_the_password() {
    let (place, port, right) = (shared(), shared().port(), escaped());
    for (number, (line, fits)) in [
        (format!("127.0.0.1:{port}:postgres:by_scram:{right}"), true),
        (format!("*:*:*:*:{right}"), true),
        (format!("# a word about it\n\n127.0.0.1:{port}:*:by_scram:{right}"), true),
        (format!("other:*:*:*:falsch\n127.0.0.1:*:*:by_scram:{right}"), true),
        // As libpq reads it, a colon needs no backslash in the last field.
        (format!("*:*:*:*:{}", password().replace('\\', r"\\")), true),
        (format!("127.0.0.1:{port}:postgres:by_md5:{right}"), false),
        (format!("localhost:{port}:postgres:by_scram:{right}"), false),
        (format!("127.0.0.1:{port}:shop:by_scram:{right}"), false),
        (format!("127.0.0.1:1:postgres:by_scram:{right}"), false),
        ("127.0.0.1:by_scram".to_owned(), false),
    ]
    .into_iter()
    .enumerate()
    {
        let file = write(&format!("pass{number}"), &format!("{line}\n"), 0o600).display().to_string();
        let answer = place.silent("by_scram", &[("PGPASSFILE", &file)]).await;
        match fits {
            true => assert_eq!(answer.unwrap(), "by_scram tls", "{line}"),
            false => assert!(told(answer).contains("asks for the password of `by_scram`"), "{line}"),
        }
    }
}

#[tokio::test]
async fn a_password_file_that_others_may_read_is_not_used() {
    let (place, line) = (shared(), format!("*:*:*:*:{}\n", escaped()));
    for mode in [0o640, 0o604, 0o660] {
        let file = write(&format!("open{mode}"), &line, mode).display().to_string();
        let error = told(place.silent("by_scram", &[("PGPASSFILE", &file)]).await);
        assert!(error.contains("others may read the password file") && error.contains("`chmod 600 "), "{error}");
    }
}

/// A password that somebody gives comes before that of the file.
#[tokio::test]
async fn the_file_in_the_home_folder_is_the_last_to_be_asked() {
    let place = shared();
    write("house/.pgpass", &format!("*:*:*:*:{}\n", escaped()), 0o600);
    let home = place.path("house");
    assert_eq!(place.silent("by_scram", &[("HOME", &home)]).await.unwrap(), "by_scram tls");
    let error = told(place.silent("by_scram", &[("HOME", &home), ("PGPASSWORD", "falsch")]).await);
    assert!(error.contains("28P01"), "{error}");
}

#[tokio::test]
async fn a_service_says_where_and_as_whom() {
    let (place, port) = (shared(), shared().port());
    let text = format!(
        "# services\n[shop]\nhost=192.0.2.1\n\n[backup]\nhost = 127.0.0.1\nport={port}\nuser=by_scram\npassword={}\nsslmode=disable\n[last]\n",
        password()
    );
    let file = write("services", &text, 0o644).display().to_string();
    let named = [("PGSERVICE", "backup"), ("PGSERVICEFILE", file.as_str())];
    assert_eq!(place.by(&named).await.unwrap(), "by_scram plain");
    // What the service says comes before the variables, and behind what the recipe says.
    let others = [named[0], named[1], ("PGUSER", "nobody"), ("PGHOST", "192.0.2.1"), ("PGSSLMODE", "require")];
    assert_eq!(place.by(&others).await.unwrap(), "by_scram plain");
    assert_eq!(place.silent("by_trust", &named).await.unwrap(), "by_trust plain");
    write("house2/.pg_service.conf", &text, 0o644);
    assert_eq!(place.by(&[("PGSERVICE", "backup"), ("HOME", &place.path("house2"))]).await.unwrap(), "by_scram plain");
    write("system/pg_service.conf", &text, 0o644);
    assert_eq!(
        place.by(&[("PGSERVICE", "backup"), ("PGSYSCONFDIR", &place.path("system"))]).await.unwrap(),
        "by_scram plain"
    );
}

#[tokio::test]
async fn a_service_that_is_not_there_or_cannot_be_read_is_told() {
    let place = shared();
    let file = write("few", "[shop]\nhost=127.0.0.1\ntarget_session_attrs=primary\n[odd]\nhost\n", 0o644)
        .display()
        .to_string();
    let file = file.as_str();
    let by = |service| async move { told(place.by(&[("PGSERVICE", service), ("PGSERVICEFILE", file)]).await) };
    let absent = by("backup").await;
    assert!(absent.contains("there is no service `backup`") && absent.contains("~/.pg_service.conf"), "{absent}");
    let odd = by("odd").await;
    assert!(odd.contains("cannot read line 5 of the service file"), "{odd}");
    let unsupported = by("shop").await;
    assert!(unsupported.contains("`target_session_attrs=primary`"), "{unsupported}");
}
