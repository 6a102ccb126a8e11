//! `hikae check` tells of every channel and ping that would never tell anybody.

use crate::support::program::{Hikae, Said};

const HOOK: &str = "[[channels]]\nname = \"night\"\ntype = \"slack\"\nurl = \"https://hooks.example/nightly\"\n";

fn checked(toml: &str) -> Said {
    let recipe = "return recipe { type = \"daily\", run = function() error { message = \"disk full\" } end }";
    let hikae = Hikae::new().file("config/recipes/fails.lua", recipe);
    hikae.file("config/hikae.toml", &format!("sandbox = \"off\"\n{toml}\n")).run(&["check", "fails", "--verbose"])
}

#[test]
fn a_misspelt_word_of_a_filter_is_refused_with_the_nearest() {
    for (line, near) in [
        ("events = [\"backup_failur\"]", "did you mean `backup_failure`?"),
        ("types = [\"dayly\"]", "did you mean `daily`?"),
    ] {
        let said = checked(&format!("{HOOK}{line}"));
        assert_ne!(said.code, 0, "{said:?}");
        assert!(said.err.contains(near) && said.err.contains("channels[0]."), "{}", said.err);
    }
}

#[test]
fn a_channel_of_no_type_or_of_no_recipe_is_wrong() {
    let said = checked(&HOOK.replace("slack", "slakc"));
    assert_eq!(said.code, 1, "{said:?}");
    assert!(
        said.out.contains("✗ alerts: the channel `night` reaches nobody: cannot find the channel `slakc`"),
        "{}",
        said.out
    );
    assert!(said.out.contains("did you mean `slack`?"), "{}", said.out);
    assert!(said.out.contains("✗ alerts: failures are reported to nobody"), "{}", said.out);
    let said = checked(&format!("{HOOK}recipes = [\"failr\"]"));
    assert_eq!(said.code, 1, "{said:?}");
    let told = said.out.contains("failr in recipes of the channel night") && said.out.contains("did you mean `fails`?");
    assert!(told, "{}", said.out);
}

#[test]
fn only_who_takes_failures_is_said_to_tell_them() {
    let said = checked(HOOK);
    assert!(said.out.contains("– alerts: failures are reported by night; "), "{}", said.out);
    let said = checked(&format!("{HOOK}events = [\"report\"]\n{}", HOOK.replace("night", "day")));
    assert!(said.out.contains("– alerts: failures are reported by day; "), "{}", said.out);
    let said = checked(&format!("{HOOK}events = [\"report\"]"));
    assert_eq!(said.code, 1, "{said:?}");
    assert!(
        said.out.contains("✗ alerts: failures are reported to nobody: no channel takes `backup_failure`"),
        "{}",
        said.out
    );
}

#[test]
fn pings_are_checked() {
    let said = checked("[pings]\nfails = \"https://hc.example/x\"");
    assert!(said.out.contains("– pings: runs are pinged of fails\n"), "{}", said.out);
    let said = checked("[pings]\nfailr = \"https://hc.example/x\"\nfails = { url_env = \"NO_SUCH_CHECK\" }");
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.contains("✗ pings: the ping of `fails` has no URL: `NO_SUCH_CHECK` is not set"), "{}", said.out);
    assert!(said.out.contains("failr in [pings]") && said.out.contains("did you mean `fails`?"), "{}", said.out);
    let said = checked("[pings]\nfails = { url = \"https://hc.example/x\", type = \"helthchecks\" }");
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.contains("did you mean `healthchecks`?"), "{}", said.out);
}

#[test]
fn an_address_that_cannot_work_is_wrong() {
    for (toml, why) in [
        (HOOK.replace("https://", ""), "✗ alerts: the channel `night` reaches nobody"),
        (HOOK.replace("url = \"https://hooks.example/nightly\"\n", ""), "it has no `url`"),
        (
            HOOK.replace("https://hooks.example/nightly", "ftp://hooks.example"),
            "✗ alerts: the channel `night` reaches nobody",
        ),
        ("[pings]\nfails = \"hc.example/x\"".to_owned(), "✗ pings: nothing pings for `fails`"),
    ] {
        let said = checked(&toml);
        assert_eq!(said.code, 1, "{said:?}");
        assert!(said.out.contains(why), "{why}: {}", said.out);
    }
}

#[test]
fn nobody_who_is_told_is_no_tick() {
    let said = checked("");
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("! alerts: failures are reported to nobody"), "{}", said.out);
    assert!(said.out.contains("\nnothing is wrong; to look at: 1\n"), "{}", said.out);
}
