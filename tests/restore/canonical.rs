//! Promises about the one form in which constraints and views are compared.

use hikae::postgres::restore::canonical::{canonical, label};

#[test]
fn the_first_form_of_a_list_becomes_the_one_that_stays() {
    let first = "CHECK (((state)::text = ANY ((ARRAY['a'::character varying, 'b,(]'::character varying])::text[])))";
    let stays =
        "CHECK (((state)::text = ANY (ARRAY[('a'::character varying)::text, ('b,(]'::character varying)::text])))";
    assert_eq!(canonical(first), stays);
    assert_eq!(canonical(stays), stays);
}

#[test]
fn nothing_else_changes() {
    for text in [
        "SELECT (ARRAY[1, 2])[1]",
        "x = ANY (ARRAY['a'::text, 'b'::text])",
        "(ARRAY[f(1), 2])::bigint[]",
        "(ARRAY[",
        "(ARRAY['it''s",
        "x",
    ] {
        assert_eq!(canonical(text), text);
    }
    assert_ne!(
        canonical("(ARRAY['a'::character varying])::text[]"),
        canonical("(ARRAY['b'::character varying])::text[]")
    );
}

/// The columns of its parents come first when it is made anew.
#[test]
fn the_order_of_columns_is_no_difference_where_a_table_inherits() {
    let made = |columns: &str, behind: &str| canonical(&format!("CREATE TABLE s.t (\n{columns}\n){behind};"));
    let (one, other) = ("    a integer,\n    b text DEFAULT 'x'::text", "    b text DEFAULT 'x'::text,\n    a integer");
    assert_eq!(made(one, "\nINHERITS (s.p)"), made(other, "\nINHERITS (s.p)"));
    assert_ne!(made(one, ""), made(other, ""));
    assert_ne!(made(one, "\nINHERITS (s.p)"), made(one, "\nINHERITS (s.q)"));
    assert_ne!(made(one, "\nINHERITS (s.p)"), made("    a integer,\n    b text", "\nINHERITS (s.p)"));
}

#[test]
fn a_label_names_the_object() {
    for (text, expected) in [
        ("CREATE TABLE app.t (\n    a integer\n);", "CREATE TABLE app.t"),
        ("ALTER TABLE app.t OWNER TO x;", "ALTER TABLE app.t OWNER"),
        ("COMMENT ON TABLE app.t IS 'x';", "COMMENT ON TABLE app.t"),
        (
            "ALTER TABLE ONLY app.t\n    ADD CONSTRAINT c CHECK ((a > 0));",
            "ALTER TABLE ONLY app.t ADD CONSTRAINT c CHECK",
        ),
        ("CREATE VIEW app.v AS\n SELECT 1;", "CREATE VIEW app.v"),
        ("CREATE TRIGGER t BEFORE UPDATE ON app.x FOR EACH ROW;", "CREATE TRIGGER t"),
        ("CREATE FUNCTION app.f(n integer) RETURNS integer\n LANGUAGE sql;", "CREATE FUNCTION app.f(n integer)"),
    ] {
        assert_eq!(label(text), expected);
    }
}

#[test]
fn an_older_server_gets_no_word_that_it_does_not_know() {
    use hikae::postgres::restore::older_server::without_newer;
    let sql = b"CREATE SUBSCRIPTION s CONNECTION 'x, streaming = off' PUBLICATION p WITH (connect = false, slot_name = NONE, streaming = off, run_as_owner = true);";
    let head =
        "CREATE SUBSCRIPTION s CONNECTION 'x, streaming = off' PUBLICATION p WITH (connect = false, slot_name = NONE";
    for (version, rest) in [
        (130_023, ");"),
        (140_020, ", streaming = off);"),
        (150_018, ", streaming = off);"),
        (160_011, ", streaming = off, run_as_owner = true);"),
        (180_001, ", streaming = off, run_as_owner = true);"),
    ] {
        assert_eq!(without_newer(sql, version), format!("{head}{rest}").into_bytes(), "{version}");
    }
    let identity = |logged: &str| {
        let begin =
            "ALTER TABLE app.t ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (\n    SEQUENCE NAME app.t_id_seq\n";
        format!("{begin}{logged}    START WITH 1\n);").into_bytes()
    };
    assert_eq!(without_newer(&identity("    LOGGED\n"), 140_020), identity(""));
    assert_eq!(without_newer(&identity("    LOGGED\n"), 150_018), identity("    LOGGED\n"));
    let in_latin1 = |logged: &str| {
        let mut sql = identity(logged);
        let at = sql.windows(5).position(|word| word == b"app.t").unwrap();
        sql[at + 4] = b'\xfc';
        sql
    };
    assert_eq!(without_newer(&in_latin1("    LOGGED\n"), 140_020), in_latin1(""), "bytes stay bytes");
}
