//! Which path a template of the needs means.

use hikae::recipe::need_paths::named;

#[test]
fn a_pattern_means_its_folder_and_a_marked_letter_is_itself() {
    for (template, path) in [
        ("/srv/app/Dockerfile*", "/srv/app"),
        ("/*.conf", "/"),
        (r"/backups/shop \[1\]", "/backups/shop [1]"),
        (r"/backups/\*\?\\", r"/backups/*?\"),
        (r"/backups/\[1\]/*.gz", "/backups/[1]"),
        (r"/backups/\[1\]/dump.sql/..", "/backups/[1]"),
        ("file:///srv/cafe.git", "/srv/cafe.git"),
    ] {
        assert_eq!(named(template).as_deref(), Some(path), "{template}");
    }
    for address in ["https://example.com/cafe.git", "git@example.com:cafe.git"] {
        assert_eq!(named(address), None, "{address}");
    }
}
