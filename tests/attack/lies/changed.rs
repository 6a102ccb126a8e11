//! A backup that was changed after it was proved is no success, however it was changed; one that only was touched is.

use super::{liar, runs};

const THEN_A_PROGRAM: &str =
    "dump():gzip():save(at)\n process.run { program = \"mess\", args = { p.dir }, cwd = p.dir }";

/// Each a script that spoils the proved backup in the folder where it is run.
const SPOILS: &[(&str, &str)] = &[
    ("the last byte", "f=shop_*.gz; printf X | dd of=$(echo $f) bs=1 seek=30 conv=notrunc 2>/dev/null"),
    (
        "the time is put back",
        "f=$(echo shop_*.gz); touch -r $f ref; printf X | dd of=$f bs=1 seek=30 conv=notrunc 2>/dev/null; touch -r ref $f; rm ref",
    ),
    ("a rename over it", "f=$(echo shop_*.gz); head -c $(stat -c %s $f) /dev/zero > new; mv new $f"),
    ("cut to the half", "f=$(echo shop_*.gz); truncate -s 100 $f"),
    ("cut to nothing", "f=$(echo shop_*.gz); : > $f"),
    ("longer", "f=$(echo shop_*.gz); echo more >> $f"),
    ("another hard link", "f=$(echo shop_*.gz); head -c $(stat -c %s $f) /dev/zero > new; ln -f new $f; rm new"),
    ("a link in its place", "f=$(echo shop_*.gz); mv $f away; ln -s away $f"),
    ("a folder in its place", "f=$(echo shop_*.gz); rm $f; mkdir $f"),
    ("the manifest", "f=$(echo shop_*.json); sed -i 's/contacts/kontakts/' $f"),
    ("an empty manifest", "f=$(echo shop_*.json); : > $f"),
    ("a file that stays open", "f=$(echo shop_*.gz); exec 3<>$f; (sleep 0.3; printf XXXX >&3) & sleep 0.1"),
    ("in a session of its own", "f=$(echo shop_*.gz); exec 3<>$f; setsid sh -c 'printf XXXX >&3' & wait"),
];

#[test]
fn whatever_a_program_changes_is_noticed() {
    for (name, script) in SPOILS {
        // What is still running when the run ends is ended by it, and may come too late for its harm.
        let script = format!("cd \"$1\"\n{script}\nwait");
        let said = runs(liar(THEN_A_PROGRAM), &script);
        assert_eq!(said.code, 1, "{name}: {said:?}");
        assert!(said.err.contains("at the end of the run"), "{name}: {said:?}");
    }
}

#[test]
fn what_only_touches_it_is_no_harm() {
    for script in [
        "touch shop_*.gz",
        "chmod 640 shop_*.gz",
        "cp shop_*.sql.gz c; mv c $(echo shop_*.sql.gz)",
        "ln shop_*.sql.gz other",
    ] {
        let said = runs(liar(THEN_A_PROGRAM), &format!("cd \"$1\"\n{script}"));
        assert_eq!(said.code, 0, "{script}: {said:?}");
    }
}

#[test]
fn another_effect_of_the_recipe_is_noticed_as_well() {
    for body in [
        "local b = dump():gzip():save(at) fs.write(at, string.rep(\"-\", b.size_bytes), { replace = true })",
        "local b = dump():gzip():save(at) fs.write(b.manifest, fs.read(b.manifest) .. \" \", { replace = true })",
        "local b = dump():gzip():save(at) fs.rename(at, at .. \".old\") fs.write(at, string.rep(\"-\", b.size_bytes))",
    ] {
        let said = runs(liar(body), "true");
        assert_eq!(said.code, 1, "{body}: {said:?}");
        assert!(said.err.contains("is another file at the end of the run"), "{said:?}");
    }
}

#[test]
fn old_backups_do_not_go_for_a_backup_that_was_changed() {
    let body = "dump():gzip():save(at)\n process.run { program = \"mess\", args = { p.dir }, cwd = p.dir }\n\
                fs.remove(path.join(p.dir, \"shop_20260101_020000.sql.gz\"))";
    let hikae = liar(body).file("backups/shop_20260101_020000.sql.gz", "the old one");
    let hikae = hikae.program(
        "mess",
        "cd \"$1\"; f=$(echo shop_20260215*.gz); printf X | dd of=$f bs=1 seek=30 conv=notrunc 2>/dev/null",
    );
    let said = hikae.run(&["run", "liar"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("is another file before old backups are removed"), "{said:?}");
    assert!(hikae.path("backups/shop_20260101_020000.sql.gz").exists());
}

/// A copy beside the backup, and an object in a store, are backups like any other.
#[test]
fn copies_and_objects_are_looked_at_as_well() {
    let spoil =
        |name: &str| format!("cd \"$1\"; printf X | dd of=$(echo {name}) bs=1 seek=30 conv=notrunc 2>/dev/null");
    let mess = "process.run { program = \"mess\", args = { p.dir }, cwd = p.dir }";
    let tee = format!("dump():gzip():tee(path.join(p.dir, \"copy.sql.gz\")):save(at)\n {mess}");
    let said = runs(liar(&tee), &spoil("copy.sql.gz"));
    // The other of the two is as it was.
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.err.contains("copy.sql.gz` is another file at the end of the run"), "{said:?}");
    assert_eq!(runs(liar(&tee), "touch \"$1\"/copy.sql.gz").code, 0);
    let put = format!("dump():gzip():put(objects.open {{ url = \"file://\" .. p.dir }}, \"shop.sql.gz\")\n {mess}");
    let stored = |script: &str| {
        let hikae = liar(&put);
        let recipe = hikae.path("config/recipes/liar.lua");
        let text = std::fs::read_to_string(&recipe).unwrap();
        let text = text.replace("write = { \"{dir}\" }", "write = { \"{dir}\" }, objects = { \"file://{dir}/*\" }");
        std::fs::write(&recipe, text).unwrap();
        runs(hikae, script)
    };
    let back = "cd \"$1\"; touch -r shop.sql.gz ref; printf X | dd of=shop.sql.gz bs=1 seek=30 conv=notrunc 2>/dev/null; touch -r ref shop.sql.gz";
    for script in [spoil("shop.sql.gz"), spoil("shop.sql.gz.manifest.json"), back.to_owned()] {
        let said = stored(&script);
        assert_eq!(said.code, 1, "{script}: {said:?}");
        assert!(said.err.contains("at the end of the run"), "{script}: {said:?}");
    }
    let said = stored("touch \"$1\"/shop.sql.gz");
    assert_eq!(said.code, 0, "{said:?}");
}
