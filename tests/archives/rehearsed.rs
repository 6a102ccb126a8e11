//! A recipe that packs is rehearsed in a simulated world, and broken in every way.

use crate::support::program::Hikae;

const RECIPE: &str = "--- Packs the uploads.
return recipe {
  type = \"daily\",
  needs = { read = { \"/srv\" }, write = { \"/srv/uploads\", \"/backups\" } },
  run = function(p)
    local saved = archive.pack { roots = { \"/srv/uploads\" }, base = \"/srv\", exclude = { \"*.tmp\" } }:gzip()
      :save(\"/backups/files_\" .. clock.stamp() .. \".tar.gz\")
    archive.verify(saved.path)
    fs.remove(fs.list { dir = \"/srv/uploads\", name = \"*.tmp\", larger_than = 3 }, { why = \"it is no upload\" })
    fs.set_mode(\"/srv/uploads/sub/b\", \"0640\")
  end,
}
";

const SPEC: &str = "--- What the recipe promises.
describe(\"pack\", function()
  local world = {
    now = \"2026-02-15T02:00:00+09:00\",
    files = {
      [\"/srv/uploads/a\"] = \"one\",
      [\"/srv/uploads/sub/b\"] = { content = \"two\", mode = \"0644\" },
      [\"/srv/uploads/link\"] = { link = \"/etc/shadow\" },
      [\"/srv/uploads/c.tmp\"] = \"half\",
      [\"/srv/uploads/d.tmp\"] = \"d\",
      [\"/backups\"] = { dir = true },
    },
  }
  local new = \"/backups/files_20260215_020000.tar.gz\"

  it(\"packs the uploads, proves them, and removes what is no upload\", function()
    local run = simulate(world):run(\"pack\")
    run:ok()
    run:wrote(new):has_manifest()
    run:removed(\"/srv/uploads/c.tmp\")
    run:kept(\"/srv/uploads/d.tmp\")
  end)

  it(\"leaves nothing half-made, whichever step fails\", function()
    simulate(world):each_failure(\"pack\", function(run)
      run:left_nothing_partial()
      run:kept(\"/srv/uploads/a\")
    end)
  end)
end)
";

#[test]
fn a_recipe_that_packs_is_rehearsed_and_broken_in_every_way() {
    let hikae = Hikae::new().file("config/recipes/pack.lua", RECIPE).file("config/recipes/pack_spec.lua", SPEC);
    let said = hikae.run(&["test"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("2 passed") || said.out.contains("2 specs"), "{said:?}");
}
