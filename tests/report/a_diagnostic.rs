//! Promises how an error looks.

use super::*;

const RECIPE: &str = "\
return recipe {
  run = function(p)
    local dump = pg.dump {
      host = p.host,
      databse = p.database,   -- 英語カフェ
    }
    return dump:save(\"/backups/db.sql\")
  end,
}
";

fn at(lines: &[u32]) -> Vec<Site> {
    lines.iter().map(|line| Site { file: "recipes/db-backup.lua".into(), line: *line }).collect()
}

fn login() -> Error {
    Error::new(Kind::Command, "cannot dump the database `english_cafe_db`")
        .because_text(
            "pg_dump: error: connection to server at \"localhost\" failed:\nFATAL: password authentication failed\n",
        )
        .hint("check DB_PASSWORD")
}

fn shown(error: &Error) -> String {
    let source = |file: &str| (file == "recipes/db-backup.lua").then(|| RECIPE.to_owned());
    render(error, &source, Style::Graphical { width: 72, colour: false, unicode: true })
}

fn plain(error: &Error) -> String {
    render(error, &|_| None, Style::Plain)
}

#[test]
fn is_plain_in_a_log() {
    assert_snapshot!(plain(&login().at(at(&[23, 40]))), @r#"
    error: cannot dump the database `english_cafe_db`
      caused by: pg_dump: error: connection to server at "localhost" failed:
                 FATAL: password authentication failed
      at recipes/db-backup.lua:23
      called from recipes/db-backup.lua:40

    hint: check DB_PASSWORD
    "#);
}

#[test]
fn is_one_line_when_there_is_no_more_to_say() {
    assert_eq!(plain(&Error::new(Kind::NotFound, "there is no recipe `x`")), "error: there is no recipe `x`\n");
}

#[test]
fn tells_each_problem_on_its_own_line() {
    let error = Error::new(Kind::Recipe, "cannot start `db-backup`")
        .because_text("`days` is `abc`, not a whole number\n`port` is `70000`, more than 65535");
    assert_snapshot!(plain(&error), @r#"
    error: cannot start `db-backup`
      caused by: `days` is `abc`, not a whole number
                 `port` is `70000`, more than 65535
    "#);
    assert_snapshot!(shown(&error), @r#"
    × cannot start `db-backup`
    ╰─▶ `days` is `abc`, not a whole number
        `port` is `70000`, more than 65535
    "#);
}

#[test]
fn does_not_say_twice_what_a_cause_quotes() {
    let error = Error::new(Kind::Other, "cannot read `x`").because_text("disk: input/output error");
    assert_eq!(plain(&error.within("cannot list `y`")).matches("input/output").count(), 1);
    let quoting = Error::new(Kind::Other, "b failed: c").because_text("c").within("a");
    assert_eq!(plain(&quoting), "error: a\n  caused by: b failed: c\n");
}

#[test]
fn shows_the_line_of_the_call_on_a_terminal() {
    assert_snapshot!(shown(&login().at(at(&[7, 2]))), @r#"
     × cannot dump the database `english_cafe_db`
     ╰─▶ pg_dump: error: connection to server at "localhost" failed:
         FATAL: password authentication failed
      ╭─[recipes/db-backup.lua:7:5]
    6 │     }
    7 │     return dump:save("/backups/db.sql")
      ·     ─────────────────┬─────────────────
      ·                      ╰── in this call
    8 │   end,
      ╰────
     help: check DB_PASSWORD

     called from recipes/db-backup.lua:2
    "#);
}

#[test]
fn points_at_the_very_key_that_is_wrong() {
    let error = Error::new(Kind::Recipe, "`pg.dump` has no option `databse`").hint("did you mean `database`?");
    assert_snapshot!(shown(&error.clone().at(at(&[3]))), @r#"
     × `pg.dump` has no option `databse`
      ╭─[recipes/db-backup.lua:5:7]
    4 │       host = p.host,
    5 │       databse = p.database,   -- 英語カフェ
      ·       ───┬───
      ·          ╰── here
    6 │     }
      ╰────
     help: did you mean `database`?
    "#);
    let wrong_method = Error::new(Kind::Recipe, "a stream has no method `save`").at(at(&[7]));
    assert_snapshot!(shown(&wrong_method), @r#"
     × a stream has no method `save`
      ╭─[recipes/db-backup.lua:7:17]
    6 │     }
    7 │     return dump:save("/backups/db.sql")
      ·                 ──┬─
      ·                   ╰── here
    8 │   end,
      ╰────
    "#);
}

#[test]
fn names_the_place_when_the_source_is_not_at_hand() {
    let elsewhere = [Site { file: "gone.lua".into(), line: 3 }, Site { file: "recipes/db-backup.lua".into(), line: 1 }];
    assert_snapshot!(shown(&login().at(elsewhere)), @r#"
    × cannot dump the database `english_cafe_db`
    ╰─▶ pg_dump: error: connection to server at "localhost" failed:
        FATAL: password authentication failed
    help: check DB_PASSWORD

    at gone.lua:3
    called from recipes/db-backup.lua:1
    "#);
    assert!(shown(&login().at(at(&[99]))).contains("at recipes/db-backup.lua:99"), "a line that is not there");
}

#[test]
fn has_only_ascii_lines_where_the_locale_has_no_more() {
    let style = Style::Graphical { width: 72, colour: false, unicode: false };
    let text = render(&login().at(at(&[7])), &|_| Some(RECIPE.replace("英語カフェ", "")), style);
    assert!(text.is_ascii(), "{text}");
}

#[test]
fn never_cuts_a_path_in_two() {
    let path = "/backups/".to_owned() + &"very-long-name/".repeat(8);
    assert!(shown(&Error::new(Kind::Denied, format!("cannot write `{path}`"))).contains(&path));
}
