//! Lists every way in which a successful run could have failed: each of its effects, with each fault that makes sense for it.

use super::{Fault, FaultKind, Nth};
use crate::error::Kind;
use crate::world::Effect;
use crate::world::journal::Record;

/// The faults for a run with this journal, in the order of its effects; the recipe runs once for each of them.
pub fn ways(journal: &[Record]) -> Vec<Fault> {
    let numbered = journal.iter().zip(1..);
    numbered
        .flat_map(|(record, n)| {
            faults_of(record).into_iter().map(move |what| Fault { at: Nth { verb: None, n }, what })
        })
        .collect()
}

fn faults_of(record: &Record) -> Vec<FaultKind> {
    use FaultKind as F;
    let (all, half) = (record.size_bytes, record.size_bytes / 2);
    let fail = |kind| F::Fail { kind };
    let hang = F::Hang { after_bytes: 0 };
    let mut faults = match &record.effect {
        Effect::Open { .. } | Effect::Pack(_) => {
            vec![fail(Kind::Denied), F::Cut { after_bytes: half }, F::Hang { after_bytes: half }]
        }
        Effect::Create { .. } => vec![
            fail(Kind::Denied),
            F::FullDisk { after_bytes: 0 },
            F::FullDisk { after_bytes: half },
            // After the last byte: the flush to disk fails.
            F::Cut { after_bytes: all },
            F::Hang { after_bytes: half },
        ],
        Effect::Write { .. } => vec![fail(Kind::Denied), F::FullDisk { after_bytes: 0 }, hang],
        Effect::MakeDir { .. } | Effect::Rename { .. } => {
            vec![fail(Kind::Denied), F::FullDisk { after_bytes: 0 }, hang]
        }
        Effect::Remove { .. }
        | Effect::RemoveMany { .. }
        | Effect::SetMode { .. }
        | Effect::SetOwner { .. }
        | Effect::Sweep { .. }
        | Effect::List(_)
        | Effect::Stat { .. }
        | Effect::Read { .. }
        | Effect::DiskFree { .. } => vec![fail(Kind::Denied), hang],
        Effect::Spawn(_) => {
            vec![fail(Kind::NotFound), F::Cut { after_bytes: half }, F::Exit { code: 1 }, F::Hang { after_bytes: half }]
        }
        Effect::Request(_) => vec![
            fail(Kind::Network),
            fail(Kind::Timeout),
            F::Answer { status: 500 },
            F::Cut { after_bytes: half },
            hang,
        ],
        Effect::Get(_) => {
            vec![fail(Kind::Denied), fail(Kind::Network), F::Cut { after_bytes: half }, F::Hang { after_bytes: half }]
        }
        Effect::Put(_) => vec![
            fail(Kind::Denied),
            F::Cut { after_bytes: half },
            // After the last byte: the store fails to join the parts.
            F::Cut { after_bytes: all },
            F::Hang { after_bytes: half },
        ],
        Effect::ListObjects { .. }
        | Effect::StatObject(_)
        | Effect::RemoveObject(_)
        | Effect::MakeBucket(_)
        | Effect::AskStore(_) => {
            vec![fail(Kind::Denied), fail(Kind::Network), hang]
        }
        Effect::Upload(_) => vec![
            fail(Kind::Network),
            F::Cut { after_bytes: half },
            // After the last byte: the server does not answer.
            F::Cut { after_bytes: all },
            F::Hang { after_bytes: half },
        ],
        Effect::Connect(_) => {
            vec![fail(Kind::Network), fail(Kind::Denied), F::Cut { after_bytes: half }, F::Hang { after_bytes: half }]
        }
        Effect::Send(_) => vec![fail(Kind::Network), fail(Kind::Denied), hang],
        Effect::Which { .. } => vec![fail(Kind::Other)],
        Effect::RunRecipe(_) => vec![fail(Kind::Command), fail(Kind::Locked), hang],
        Effect::MakeMemoryDir { .. } => vec![fail(Kind::Denied)],
        Effect::Lock { .. } => vec![fail(Kind::Locked), fail(Kind::Denied)],
        // A wait has no fault that matters to a recipe.
        Effect::Sleep { .. } => vec![],
    };
    faults.push(F::Killed);
    faults.dedup();
    faults
}
