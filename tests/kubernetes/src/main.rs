//! Reads manifests as Kubernetes' own types: what they do not have, or have in another form, is an error.

use std::error::Error;

use k8s_openapi::api::batch::v1::CronJob;
use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    let mut judged = 0;
    for file in std::env::args().skip(1) {
        let text = std::fs::read_to_string(&file)?;
        for document in serde_saphyr::from_multiple::<Value>(&text)? {
            judge(&document).map_err(|error| format!("{file}: {error}: {document}"))?;
            judged += 1;
        }
    }
    match judged {
        0 => Err("no manifest was judged".into()),
        _ => {
            println!("{judged} manifests are as the schema has them");
            Ok(())
        }
    }
}

/// The types drop what they do not know: a manifest that comes back the same has nothing else in it.
fn judge(document: &Value) -> Result<(), Box<dyn Error>> {
    let back = match document["kind"].as_str() {
        Some("CronJob") => serde_json::to_value(serde_json::from_value::<CronJob>(document.clone())?)?,
        Some("PersistentVolumeClaim") => {
            serde_json::to_value(serde_json::from_value::<PersistentVolumeClaim>(document.clone())?)?
        }
        kind => return Err(format!("no such kind is expected: {kind:?}").into()),
    };
    match back == *document {
        true => Ok(()),
        false => Err(format!("it has what the schema has not; this would be left: {back}").into()),
    }
}
