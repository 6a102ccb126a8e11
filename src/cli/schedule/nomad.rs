//! Writes a periodic Nomad job for each recipe; values and secrets come from Nomad's variables.

use super::entries::Entry;
use super::kubernetes::refuse_other_reading;
use super::place::Place;
use super::{MADE_BY, units};
use crate::cli::files::TextFile;
use crate::error::Result;

/// A file for each entry, as Nomad takes one job a file.
pub fn files(entries: &[Entry], place: &Place) -> Result<Vec<TextFile>> {
    entries
        .iter()
        .map(|entry| {
            refuse_other_reading(entry, "Nomad")?;
            Ok(TextFile::new(format!("hikae-{}.nomad.hcl", entry.slug()), job(entry, place)))
        })
        .collect()
}

fn job(entry: &Entry, place: &Place) -> String {
    let name = text(&format!("hikae-{}", entry.slug()));
    let zone = place.zone.as_ref().map(|zone| format!("    time_zone        = {}\n", text(zone))).unwrap_or_default();
    let folders = units::writes(entry);
    let kept = folders.iter().filter(|folder| !folder.starts_with("/tmp") && !folder.starts_with("/var/tmp"));
    let kept: Vec<String> = kept.map(|folder| folder.display().to_string()).collect();
    let mounts: String = kept
        .iter()
        .map(|folder| {
            let folder = text(folder);
            format!("        mount {{\n          type   = \"bind\"\n          source = {folder}\n          target = {folder}\n        }}\n")
        })
        .collect();
    let recipe = text(&entry.recipe);
    format!(
        r#"{MADE_BY}
# The values are Nomad variables: nomad var put nomad/jobs/{plain_name} DB_NAME=… DB_PASSWORD=…
job {name} {{
  type = "batch"

  periodic {{
    crons            = [{cron}]
    prohibit_overlap = true
{zone}  }}

  group "hikae" {{
    # A run is repeated at its next time: hikae has reported it by then.
    restart {{
      attempts = 0
      mode     = "fail"
    }}
    reschedule {{
      attempts  = 0
      unlimited = false
    }}

    volume "state" {{
      type   = "host"
      source = "hikae-state"
    }}

    task "hikae" {{
      driver = "docker"
      user   = "10001"

      config {{
        image    = {image}
        command  = "hikae"
        args     = ["run", {recipe}, "--quiet"]
        cap_drop = ["all"]
        mount {{
          type     = "bind"
          source   = "/etc/hikae"
          target   = "/etc/hikae"
          readonly = true
        }}
{mounts}      }}

      volume_mount {{
        volume      = "state"
        destination = "/var/lib/hikae"
      }}

      env {{
        HIKAE_STATE_DIR = "/var/lib/hikae"
      }}

      template {{
        destination = "${{NOMAD_SECRETS_DIR}}/hikae.env"
        env         = true
        data        = <<EOT
{{{{ with nomadVar (printf "nomad/jobs/%s" (env "NOMAD_JOB_PARENT_ID")) }}}}{{{{ range .Tuples }}}}
{{{{ .K }}}}={{{{ .V | toJSON }}}}
{{{{ end }}}}{{{{ end }}}}
EOT
      }}
    }}
  }}
}}
"#,
        plain_name = format_args!("hikae-{}", entry.slug()),
        cron = text(&entry.cron),
        image = text(&place.image),
    )
}

/// A string of HCL, in which nothing is put in.
fn text(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string().replace("${", "$${").replace("%{", "%%{")
}
