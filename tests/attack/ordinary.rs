//! What `hikae check` says of the walls, and that they hold for an ordinary user as well.

use crate::support::program::Hikae;

#[test]
fn check_names_each_wall_with_how_much_of_it_holds() {
    let said = Hikae::new().run(&["check"]);
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
    let said = Hikae::new().file("config/hikae.toml", "sandbox = \"off\"\n").run(&["check"]);
    assert!(said.out.contains("walls: none"), "{}", said.out);
}
