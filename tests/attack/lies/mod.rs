//! Recipes that lie about their backups: none of them ends as a success, in a real run or in a rehearsal.

mod changed;
mod content;
mod endings;
mod excluded;
mod shells;
mod sources;
mod stand_ins;
mod usual;

use crate::support::program::{Hikae, Said};

/// A recipe whose `run` is `body`: it may run what lies need, and write the folder of backups.
fn liar(body: &str) -> Hikae {
    of_params("database = { default = \"shop\", type = \"string\" }", body)
}

fn of_params(params: &str, body: &str) -> Hikae {
    let text = format!(
        "--- Lies.
return recipe {{
  type = \"daily\",
  params = {{ dir = {{ env = \"BACKUP_DIR\", type = \"path\" }}, {params} }},
  needs = {{ run = {{ \"pg_dump\", \"mess\" }}, write = {{ \"{{dir}}\" }} }},
  run = function(p)
    local at = path.join(p.dir, \"shop_20260215_020000.sql.gz\")
    local dump = function(name) return pg.dump {{ host = \"localhost\", database = name or \"shop\" }} end
    {body}
  end,
}}
"
    );
    Hikae::new()
        .file("config/recipes/liar.lua", &text)
        .file("bin/whole.sql", crate::damage::WHOLE)
        .program("pg_dump", "cat \"$(dirname \"$0\")/whole.sql\"")
}

/// What comes of it; the program `mess` is this script, and `$1` the folder of backups.
fn runs(hikae: Hikae, mess: &str) -> Said {
    hikae.program("mess", mess).run(&["run", "liar"])
}
