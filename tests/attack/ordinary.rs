//! What `hikae check` says of the walls, and that they hold for an ordinary user as well.

use crate::support::program::Hikae;

#[test]
fn check_names_each_wall_with_how_much_of_it_holds() {
    let said = Hikae::new().run(&["check", "--verbose"]);
    for wall in [
        "wall: files: full",
        "wall: devices: full",
        "wall: terminal: full",
        "wall: system calls: full",
        "wall: network, where none is declared: full",
        "wall: network, where hosts are declared: partly",
        "wall: Unix sockets: partly",
        "wall: signals: full",
        "wall: rights of root: full",
        "wall: modes and owners of files: ",
        "wall: what is left running: full",
    ] {
        assert!(said.out.contains(wall), "{wall}: {}", said.out);
    }
}

#[test]
fn a_wall_that_is_switched_off_is_told() {
    let said = Hikae::new().file("config/hikae.toml", "sandbox = \"off\"\n").run(&["check", "--verbose"]);
    assert!(said.out.contains("walls: none"), "{}", said.out);
}

/// A program says "Permission denied", whether the system or a wall is in its way: the hint names the wall.
#[test]
fn a_program_at_a_wall_is_told_what_to_declare() {
    let recipe = "--- Tries.
return recipe { type = \"daily\", kind = \"maintenance\", params = { script = { default = \"true\" } },
  needs = { run = { \"bash\", \"perl\" } },
  run = function(p) process.run { program = \"bash\", args = { \"-c\", p.script } } end,
}
";
    let hikae = Hikae::new().file("config/recipes/tries.lua", recipe).file("other/x", "x");
    let other = hikae.path("other").display().to_string();
    for (script, hint) in [
        (format!("cat {other}/x"), "`needs.read` or `needs.write`"),
        (format!("echo > {other}/new"), "`needs.read` or `needs.write`"),
        (format!("cp /bin/true {other}/x"), "`needs.read` or `needs.write`"),
        ("exec 3<>/dev/tcp/127.0.0.1/1".to_owned(), "`needs.connect`, or its socket to `needs.sockets`"),
        (
            "perl -e 'socket(S, 1, 1, 0) or die \"cannot make a socket: $!\"'".to_owned(),
            "its socket to `needs.sockets`",
        ),
    ] {
        let said = hikae.run(&["run", "tries", "--set", &format!("script={script}")]);
        assert_eq!(said.code, 1, "{script}: {said:?}");
        assert!(said.err.contains("a program reaches only what its recipe declares"), "{script}: {}", said.err);
        assert!(said.err.contains(hint), "{script}: {}", said.err);
    }
}

/// Where the tests run as root, an ordinary user is one whose number nobody has.
#[test]
fn the_walls_hold_for_an_ordinary_user() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let recipe = "--- Tries.
return recipe { type = \"daily\", kind = \"maintenance\", params = { dir = { env = \"BACKUP_DIR\", type = \"path\" } },
  needs = { run = { \"bash\" }, write = { \"{dir}\" } },
  run = function(p)
    for _i, script in ipairs {
      \"cat ../config/hikae.toml\", \"echo > ../config/new\", \"exec 3<>/dev/tcp/127.0.0.1/1\", \"echo > /dev/tty\", \"mknod disk b 7 0\",
      \"perl -e 'exit(syscall(272, 0x10000000) == -1 ? 1 : 0)'\", \"perl -e 'exit(socket(S, 1, 1, 0) ? 0 : 1)'\",
    } do
      local done = process.run { program = \"bash\", args = { \"-c\", script }, cwd = p.dir, ok_codes = { 0, 1, 2 } }
      if done.code == 0 then error(\"it worked: \" .. script) end
    end
    process.run { program = \"bash\", args = { \"-c\", \"echo kept > kept; (setsid sh -c 'sleep 1; echo bad > late' > /dev/null 2>&1 &)\" }, cwd = p.dir }
  end,
}
";
    let hikae = Hikae::new().file("config/recipes/tries.lua", recipe).file("config/hikae.toml", "");
    let everything = walkdir::WalkDir::new(hikae.path(""));
    for entry in everything.into_iter().flatten() {
        std::os::unix::fs::chown(entry.path(), Some(61234), Some(61234)).unwrap();
    }
    let inner = hikae.command(&["run", "tries"]);
    let mut outer = std::process::Command::new("setpriv");
    outer
        .args(["--reuid=61234", "--regid=61234", "--clear-groups", "--"])
        .arg(inner.get_program())
        .args(inner.get_args());
    outer.env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let said = hikae.said(outer.output().unwrap());
    assert_eq!(said.code, 0, "{said:?}");
    assert!(hikae.path("backups/kept").exists());
    std::thread::sleep(std::time::Duration::from_millis(1200));
    assert!(!hikae.path("backups/late").exists());
}
