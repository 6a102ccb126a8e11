//! Reads from a compiled Lua 5.4 chunk which of its lines can run: the table that Lua itself reports lines by.

use std::collections::BTreeSet;

/// The header that Lua 5.4 writes before the first function: its mark, version, format, check bytes, the widths and samples of its
/// numbers, and how many upvalues the main function has.
const HEADER: &[u8] = b"\x1bLua\x54\x00\x19\x93\r\n\x1a\n\x04\x08\x08";
const SAMPLES: usize = 8 + 8;

/// In `lineinfo`, the mark of an instruction whose line is in `abslineinfo`.
const ABSOLUTE: i8 = -128;

/// The lines of a chunk, and of all functions in it, that have an instruction; `None` if it is not such a chunk.
pub fn lines(chunk: &[u8]) -> Option<BTreeSet<u32>> {
    let mut reader = Reader(chunk.strip_prefix(HEADER)?);
    reader.skip(SAMPLES + 1)?;
    let mut lines = BTreeSet::new();
    reader.function(&mut lines)?;
    reader.0.is_empty().then_some(lines)
}

/// The rest of a chunk.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn skip(&mut self, bytes: usize) -> Option<&[u8]> {
        let (skipped, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(skipped)
    }

    fn byte(&mut self) -> Option<u8> {
        self.skip(1).map(|bytes| bytes[0])
    }

    /// Seven bits a byte, the highest first; the last byte is marked.
    fn number(&mut self) -> Option<usize> {
        let mut number: usize = 0;
        loop {
            let byte = self.byte()?;
            number = number.checked_mul(128)? | usize::from(byte & 0x7f);
            if byte & 0x80 != 0 {
                return Some(number);
            }
        }
    }

    /// An unused list: its entries are skipped one by one.
    fn each(&mut self, mut entry: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        (0..self.number()?).try_for_each(|_| entry(self))
    }

    fn string(&mut self) -> Option<()> {
        match self.number()? {
            0 => Some(()),
            size => self.skip(size - 1).map(drop),
        }
    }

    fn constant(&mut self) -> Option<()> {
        match self.byte()? {
            0x00 | 0x01 | 0x11 => Some(()),        // nil, false, true
            0x03 | 0x13 => self.skip(8).map(drop), // numbers
            0x04 | 0x14 => self.string(),
            _ => None,
        }
    }

    fn function(&mut self, lines: &mut BTreeSet<u32>) -> Option<()> {
        self.string()?; // the source
        let defined = self.number()?;
        self.number()?; // the last line
        let [_params, is_vararg, _stack] = *self.skip(3)? else { return None };
        let code = self.number()?;
        self.skip(code.checked_mul(4)?)?;
        self.each(Reader::constant)?;
        self.each(|upvalue| upvalue.skip(3).map(drop))?;
        self.each(|inner| inner.function(lines))?;
        let own = self.line_info(defined)?;
        self.each(|local| {
            local.string()?;
            local.number()?;
            local.number().map(drop)
        })?;
        self.each(Reader::string)?; // the names of the upvalues
        // Lua reports no line for the first instruction of a function with `...`. The last one is the return at its `end`,
        // which exists even if every path returns earlier.
        let first = usize::from(is_vararg != 0);
        lines.extend(own.get(first..own.len().saturating_sub(1)).unwrap_or_default());
        Some(())
    }

    /// The line of each instruction: the step from the one before, or a place in the list of absolute ones.
    fn line_info(&mut self, defined: usize) -> Option<Vec<u32>> {
        let count = self.number()?;
        let steps: Vec<i8> = self.skip(count)?.iter().map(|step| i8::from_ne_bytes([*step])).collect();
        let mut absolute = Vec::new();
        self.each(|entry| {
            absolute.push((entry.number()?, entry.number()?));
            Some(())
        })?;
        let (mut line, mut absolute) = (i64::try_from(defined).ok()?, absolute.into_iter());
        steps
            .into_iter()
            .map(|step| {
                line = match step {
                    ABSOLUTE => i64::try_from(absolute.next()?.1).ok()?,
                    step => line + i64::from(step),
                };
                u32::try_from(line).ok()
            })
            .collect()
    }
}
