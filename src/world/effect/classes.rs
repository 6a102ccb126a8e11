//! Classifies every effect for the decorators. No match here has a wildcard: a new effect does not compile without its answers.

use std::path::PathBuf;

use super::{Effect, ListQuery};

impl Effect {
    /// The paths of the effect, to be normalized for comparison.
    pub(super) fn paths_mut(&mut self) -> Vec<&mut PathBuf> {
        match self {
            Effect::Open { path }
            | Effect::Read { path, .. }
            | Effect::Stat { path }
            | Effect::DiskFree { path }
            | Effect::Create { path, .. }
            | Effect::Write { path, .. }
            | Effect::MakeDir { path, .. }
            | Effect::Remove { path }
            | Effect::SetMode { path, .. }
            | Effect::SetOwner { path, .. }
            | Effect::Lock { path } => vec![path],
            Effect::RemoveMany { paths } => paths.iter_mut().collect(),
            Effect::List(ListQuery { dir, .. }) | Effect::Sweep { dir } => vec![dir],
            Effect::Rename { from, to } => vec![from, to],
            Effect::Pack(packing) => packing.paths_mut(),
            Effect::Spawn(command) => command.cwd.iter_mut().collect(),
            Effect::Which { .. }
            | Effect::Get(_)
            | Effect::Put(_)
            | Effect::ListObjects { .. }
            | Effect::StatObject(_)
            | Effect::RemoveObject(_)
            | Effect::MakeBucket(_)
            | Effect::AskStore(_)
            | Effect::Request(_)
            | Effect::Upload(_)
            | Effect::Connect(_)
            | Effect::Send(_)
            | Effect::RunRecipe(_)
            | Effect::MakeMemoryDir { .. }
            | Effect::Sleep { .. } => Vec::new(),
        }
    }

    /// Whether the effect changes the outside: a plan shows and withholds it, and the audit records it.
    pub fn changes(&self) -> bool {
        match self {
            Effect::Create { .. }
            | Effect::Write { .. }
            | Effect::MakeDir { .. }
            | Effect::Rename { .. }
            | Effect::Remove { .. }
            | Effect::RemoveMany { .. }
            | Effect::SetMode { .. }
            | Effect::SetOwner { .. }
            | Effect::Sweep { .. }
            | Effect::Spawn(_)
            | Effect::Put(_)
            | Effect::RemoveObject(_)
            | Effect::MakeBucket(_)
            | Effect::Upload(_)
            | Effect::Connect(_)
            | Effect::RunRecipe(_)
            | Effect::Send(_) => true,
            Effect::Request(request) => !request.method.only_reads(),
            Effect::AskStore(ask) => ask.changes(),
            Effect::Open { .. }
            | Effect::Read { .. }
            | Effect::List(_)
            | Effect::Stat { .. }
            | Effect::Pack(_)
            | Effect::DiskFree { .. }
            | Effect::Which { .. }
            | Effect::Get(_)
            | Effect::ListObjects { .. }
            | Effect::StatObject(_)
            | Effect::MakeMemoryDir { .. }
            | Effect::Sleep { .. }
            | Effect::Lock { .. } => false,
        }
    }

    /// Whether the reply is a stream, which can break after the effect itself has succeeded.
    pub fn streams(&self) -> bool {
        match self {
            Effect::Open { .. }
            | Effect::Pack(_)
            | Effect::Create { .. }
            | Effect::Spawn(_)
            | Effect::Request(_)
            | Effect::Upload(_)
            | Effect::Connect(_)
            | Effect::Get(_)
            | Effect::Put(_) => true,
            Effect::Read { .. }
            | Effect::List(_)
            | Effect::Stat { .. }
            | Effect::DiskFree { .. }
            | Effect::Write { .. }
            | Effect::MakeDir { .. }
            | Effect::Rename { .. }
            | Effect::Remove { .. }
            | Effect::RemoveMany { .. }
            | Effect::SetMode { .. }
            | Effect::SetOwner { .. }
            | Effect::Sweep { .. }
            | Effect::Which { .. }
            | Effect::ListObjects { .. }
            | Effect::StatObject(_)
            | Effect::RemoveObject(_)
            | Effect::MakeBucket(_)
            | Effect::AskStore(_)
            | Effect::Send(_)
            | Effect::RunRecipe(_)
            | Effect::MakeMemoryDir { .. }
            | Effect::Sleep { .. }
            | Effect::Lock { .. } => false,
        }
    }

    /// Removes the content from the effect, which no journal stores; returns its size in bytes.
    pub fn take_payload(&mut self) -> u64 {
        match self {
            Effect::Write { data, .. } => std::mem::take(data).len() as u64,
            Effect::Request(request) => std::mem::take(&mut request.body).data.len() as u64,
            Effect::Send(mail) => {
                let size_bytes = mail.size_bytes();
                (mail.text, mail.html) = (String::new(), None);
                size_bytes
            }
            Effect::MakeMemoryDir { files } => {
                files.iter_mut().map(|(_, content)| std::mem::take(&mut content.0).len() as u64).sum()
            }
            Effect::Open { .. }
            | Effect::Read { .. }
            | Effect::List(_)
            | Effect::Stat { .. }
            | Effect::Pack(_)
            | Effect::DiskFree { .. }
            | Effect::Create { .. }
            | Effect::MakeDir { .. }
            | Effect::Rename { .. }
            | Effect::Remove { .. }
            | Effect::RemoveMany { .. }
            | Effect::SetMode { .. }
            | Effect::SetOwner { .. }
            | Effect::Sweep { .. }
            | Effect::Spawn(_)
            | Effect::Which { .. }
            | Effect::Get(_)
            | Effect::Put(_)
            | Effect::ListObjects { .. }
            | Effect::StatObject(_)
            | Effect::RemoveObject(_)
            | Effect::MakeBucket(_)
            | Effect::AskStore(_)
            | Effect::Upload(_)
            | Effect::Connect(_)
            | Effect::RunRecipe(_)
            | Effect::Sleep { .. }
            | Effect::Lock { .. } => 0,
        }
    }
}
