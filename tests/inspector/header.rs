//! Promises about the beginning of a dump: which database it names.

use hikae::postgres::dump::header::database_of;

#[test]
fn a_plain_dump_names_its_database_with_create_only() {
    let dump = "--\n-- PostgreSQL database dump\n--\nSET x = 1;\n--\n-- Name: my shop; Type: DATABASE; Schema: -; Owner: -\n--\n";
    assert_eq!(database_of(dump.as_bytes()).as_deref(), Some("my shop"));
    assert_eq!(database_of(b"--\n-- PostgreSQL database dump\n--\nCREATE TABLE t ();\n"), None);
    assert_eq!(database_of(b"-- Name: x; Type: DATABASE; Schema: -\n"), None);
}

#[test]
fn an_archive_names_it_always() {
    let int = |value: u8| [0, value, 0, 0, 0];
    let archive = |version: [u8; 3], compression: &[u8]| {
        let times = [int(1); 7].concat();
        [b"PGDMP".as_slice(), &version, &[4, 8, 1], compression, &times, &int(4), b"shop", &int(2), b"15"].concat()
    };
    assert_eq!(database_of(&archive([1, 15, 0], &[1])).as_deref(), Some("shop"));
    assert_eq!(database_of(&archive([1, 14, 0], &int(6))).as_deref(), Some("shop"));
    assert_eq!(database_of(b"PGDMP\x01\x0e\0\x04\x08"), None);
}
