//! A program that lies with its libraries in a folder of its own starts behind the walls, and sees nothing else there.

use std::path::Path;
use std::process::Command as System;

use super::place::place;

/// Builds a program in `bin` whose library lies in `libs` beside it.
fn installation(root: &Path) {
    for folder in ["bin", "libs"] {
        std::fs::create_dir_all(root.join(folder)).unwrap();
    }
    std::fs::write(root.join("l.c"), "const char *word(void) { return \"loaded\"; }\n").unwrap();
    std::fs::write(
        root.join("p.c"),
        "#include <stdio.h>\nconst char *word(void); int main(void) { puts(word()); return 0; }\n",
    )
    .unwrap();
    let cc = |args: &[&str]| {
        let done = System::new("cc").current_dir(root).args(args).output().expect("`apt-get install gcc libc6-dev`");
        assert!(done.status.success(), "{done:?}");
    };
    cc(&["-shared", "-fPIC", "-o", "libs/libword.so.1", "-Wl,-soname,libword.so.1", "l.c"]);
    cc(&["-o", "bin/speak", "p.c", "libs/libword.so.1", "-Wl,-rpath,$ORIGIN/../libs"]);
}

#[tokio::test]
async fn libraries_beside_a_program_are_found_as_its_loader_finds_them() {
    let place = place(|policy| policy);
    installation(&place.at("own"));
    std::fs::write(place.at("own/secret"), "secret").unwrap();
    let (output, exit) = place.run(place.at("own/bin/speak").to_str().unwrap(), &[]).await;
    assert_eq!((output.as_str(), exit.code), ("loaded\n", Some(0)), "{exit:?}");
    let script = place.at("own/bin/script");
    std::fs::write(&script, "#!/bin/sh\ncat \"$(dirname \"$0\")/../secret\"\n").unwrap();
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    assert_ne!(
        place.run(script.to_str().unwrap(), &[]).await.1.code,
        Some(0),
        "its folder's neighbour is not its library"
    );
}

#[tokio::test]
async fn an_interpreter_beside_a_script_is_found() {
    let place = place(|policy| policy);
    for folder in ["venv/bin", "scripts"] {
        std::fs::create_dir_all(place.at(folder)).unwrap();
    }
    std::fs::copy("/bin/bash", place.at("venv/bin/interpreter")).unwrap();
    let script = place.at("scripts/tool");
    std::fs::write(&script, format!("#!{}\necho interpreted\n", place.at("venv/bin/interpreter").display())).unwrap();
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let (output, exit) = place.run(script.to_str().unwrap(), &[]).await;
    assert_eq!((output.as_str(), exit.code), ("interpreted\n", Some(0)), "{exit:?}");
}
