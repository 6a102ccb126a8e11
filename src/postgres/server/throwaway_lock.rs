//! Holds a throwaway database for its run: a session whose lock ends with the run, however that ends.

use crate::error::{Error, Kind, Result};
use crate::postgres::server::explain::explain;
use crate::postgres::server::maintenance::Maintenance;
use crate::postgres::server::throwaway;
use crate::stream::Piece;
use crate::world::Child;
use bytes::Bytes;

/// A psql that only waits. Dropping it lets the lock go.
pub struct ThrowawayLock {
    _child: Child,
}

impl ThrowawayLock {
    /// Takes the lock of the throwaway `name`.
    pub async fn start(at: &Maintenance<'_>, name: &str) -> Result<ThrowawayLock> {
        let act = format!("cannot claim the database `{name}`");
        let mut command = at.server.psql(&at.database);
        // It is there to hold its lock, and ends with the database or with the run.
        command.expendable = true;
        command.args.push("--set=ON_ERROR_STOP=0".to_owned());
        let mut child = at.caller.spawn(command).await?;
        if let Some(stdin) = &mut child.stdin {
            // A psql that cannot connect does not read; its exit tells more than the broken pipe.
            let _unread = stdin.write(Bytes::from(throwaway::keep(name))).await;
        }
        let mut said = Vec::new();
        while !said.contains(&b'\n') {
            match child.stdout.next().await? {
                Piece::Data(data) => said.extend_from_slice(&data),
                Piece::End => return Err(explain(&act, "psql", &child.process.wait().await?)),
            }
        }
        match said.as_slice() {
            b"t\n" => Ok(ThrowawayLock { _child: child }),
            _ => Err(Error::new(Kind::Locked, act).because_text("another run has a database of this name")),
        }
    }
}
