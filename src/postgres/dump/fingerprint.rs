//! Computes a fingerprint of a table's rows that does not depend on their order: the sum of the rows' hashes.
//!
//! Each row, as `COPY` writes it, is hashed by XXH3 to 128 bits, and the hashes are added modulo 2^128. A sum counts a duplicate
//! row, where XOR would lose it, and rows can come from several blocks or connections in any order. Rows that
//! differ by accident have the same sum once in 2^128 tries. It does not protect against deliberately crafted rows: the
//! SHA-256 of the file does. XXH3 costs less than finding the line ends; SHA-256 would cost more than the compression.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

/// The algorithm of a table's fingerprint.
pub const KIND: &str = "xxh3-128-sum";

/// The fingerprint of the rows of one table, or of all large objects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    pub kind: String,
    /// 32 hexadecimal digits.
    pub value: String,
    /// The columns in the order of the rows; absent for large objects.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
}

impl Fingerprint {
    pub fn of(sum: u128, columns: Vec<String>) -> Fingerprint {
        Fingerprint { kind: KIND.to_owned(), value: shown(sum), columns }
    }
}

/// A sum as written in a manifest.
pub fn shown(sum: u128) -> String {
    format!("{sum:032x}")
}

/// Adds up the hashes of rows, whose bytes arrive in chunks.
#[derive(Clone, Default)]
pub struct RowSum {
    sum: u128,
    /// The start of a row from earlier chunks.
    begun: Option<Box<Xxh3>>,
}

impl std::fmt::Debug for RowSum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RowSum({})", shown(self.sum))
    }
}

impl RowSum {
    /// Takes the first or next bytes of a row, without its end.
    pub fn begin(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.begun.get_or_insert_with(|| Box::new(Xxh3::new())).update(bytes);
        }
    }

    /// Takes the last bytes of a row, without its line end.
    pub fn end(&mut self, bytes: &[u8]) {
        let hash = match self.begun.take() {
            None => xxh3_128(bytes),
            Some(mut begun) => {
                begun.update(bytes);
                begun.digest128()
            }
        };
        self.sum = self.sum.wrapping_add(hash);
    }

    pub fn sum(&self) -> u128 {
        self.sum
    }
}

/// Adds up large objects, whose contents arrive in chunks of hexadecimal digits.
#[derive(Default)]
pub struct LargeSum {
    pub count: u64,
    sum: u128,
    open: Option<(u32, Box<Xxh3>)>,
}

impl LargeSum {
    /// Starts the content of this object.
    pub fn open(&mut self, oid: u32) {
        self.close();
        self.count += 1;
        self.open = Some((oid, Box::new(Xxh3::new())));
    }

    pub fn write(&mut self, digits: &[u8]) {
        if let Some((_, hash)) = &mut self.open {
            hash.update(digits);
        }
    }

    /// Ends the object.
    pub fn close(&mut self) {
        if let Some((oid, hash)) = self.open.take() {
            let whole = [oid.to_be_bytes().as_slice(), &hash.digest128().to_be_bytes()].concat();
            self.sum = self.sum.wrapping_add(xxh3_128(&whole));
        }
    }

    pub fn sum(&self) -> u128 {
        self.sum
    }
}
