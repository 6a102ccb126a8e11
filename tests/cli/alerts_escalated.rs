//! Who is to be called when failures go on: the contacts of the level, and the support addresses of the vendors.

use serde_json::Value;

use crate::support::program::Hikae;
use crate::support::receiver::Receiver;

const SUPPORT: &str = "AWS: https://aws.amazon.com/support/";
const LEVEL_2: &str = "山田 太郎, 03-1234-5678";
const LEVEL_3: &str = "Developers <dev@example.com>";

#[test]
fn an_escalation_names_the_contacts_of_its_level_and_the_support_of_the_vendors() {
    let receiver = Receiver::start();
    let recipe = "return recipe { kind = \"maintenance\", type = \"daily\", run = function() error { message = \"no luck\" } end }";
    let toml = format!(
        "sandbox = \"off\"\n[escalation]\nlevel2 = 2\nlevel3 = 3\n[contacts]\nlevel1 = [\"On call 1\"]\nlevel2 = [\"{LEVEL_2}\"]\n\
         level3 = [\"{LEVEL_3}\"]\nsupport = [\"{SUPPORT}\"]\n[[channels]]\nname = \"hook\"\ntype = \"webhook\"\nurl = \"{}\"\n",
        receiver.url("/echo/hook")
    );
    for (lang, label) in [("en", "Contacts: "), ("ja", "連絡先: ")] {
        let hikae = Hikae::new()
            .file("config/recipes/odd.lua", recipe)
            .file("config/hikae.toml", &toml)
            .env("HIKAE_LANG", lang);
        let before = receiver.got().len();
        for _ in 0..3 {
            assert_eq!(hikae.run(&["run", "odd"]).code, 1);
        }
        let got = receiver.got().split_off(before);
        let events: Vec<Value> = got.iter().map(|got| serde_json::from_str(&got.body).unwrap()).collect();
        let kinds: Vec<&str> = events.iter().map(|event| event["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["backup_failure", "escalation", "escalation"], "{events:?}");
        let text = |event: &Value| event["text"].as_str().unwrap().to_owned();
        assert!(!text(&events[0]).contains(SUPPORT), "the first failure calls nobody's support: {}", events[0]);
        for (event, contact) in [(&events[1], LEVEL_2), (&events[2], LEVEL_3)] {
            assert!(text(event).contains(&format!("{label}{contact}; {SUPPORT}")), "{}", text(event));
        }
    }
}
