//! Deflates one block with zlib's own interface, the only one with parameters for the search effort.

use libz_rs_sys as zlib;

use crate::error::{Error, Kind, Result};

/// Raw deflate with a window of 32 KiB, in zlib's notation.
const WINDOW_BITS: i32 = -15;

/// How hard a level searches, in the words of zlib's `deflateTune`.
struct Search {
    good_length: i32,
    max_lazy: i32,
    nice_length: i32,
    max_chain: i32,
}

impl Search {
    /// The levels in the middle do not look up from within a match of more than 48 bytes (16 times `max_lazy`), and take a long match
    /// where zlib-rs stops at 16 or 32 bytes. Dumps, whose rows repeat each other, are then smaller by 2 %, for a fifth less time.
    fn of(level: i32) -> Option<Search> {
        let (nice_length, max_chain) = match level {
            3 => (64, 4),
            4 => (128, 8),
            5 => (128, 12),
            _ => return None,
        };
        Some(Search { good_length: 4, max_lazy: 3, nice_length, max_chain })
    }
}

/// Appends `plain` to `out`, deflated so that it may point back into `dictionary`. It ends on a byte border, and stays open for more.
///
/// Each call makes a new state, for 2 % of the time: a state that is reset keeps old bytes behind the dictionary and hashes
/// some of them, so that the output would depend on earlier input.
pub(super) fn deflate(level: i32, dictionary: &[u8], plain: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let mut state = State::new(level)?;
    state.point_into(dictionary)?;
    state.finish(plain, out)
}

/// zlib's state of one stream. It does not move: zlib may keep its address.
struct State(Box<zlib::z_stream>);

impl State {
    fn new(level: i32) -> Result<State> {
        let mut stream = Box::new(zlib::z_stream::default());
        let size = size_of::<zlib::z_stream>() as i32;
        // SAFETY: a default stream is what deflateInit2_ asks for; the version is a constant string of the library.
        let code = unsafe {
            zlib::deflateInit2_(
                &mut *stream,
                level,
                zlib::Z_DEFLATED,
                WINDOW_BITS,
                8,
                zlib::Z_DEFAULT_STRATEGY,
                zlib::zlibVersion(),
                size,
            )
        };
        ok(code)?;
        let mut state = State(stream);
        if let Some(search) = Search::of(level) {
            // SAFETY: the stream was initialised above.
            ok(unsafe {
                zlib::deflateTune(
                    &mut *state.0,
                    search.good_length,
                    search.max_lazy,
                    search.nice_length,
                    search.max_chain,
                )
            })?;
        }
        Ok(state)
    }

    fn point_into(&mut self, dictionary: &[u8]) -> Result<()> {
        if dictionary.is_empty() {
            return Ok(());
        }
        // SAFETY: the stream was initialised in `new`; the pointer and the length are those of one slice.
        ok(unsafe { zlib::deflateSetDictionary(&mut *self.0, dictionary.as_ptr(), length(dictionary.len())?) })
    }

    /// One call is enough: even a block without any match grows by at most an eighth.
    fn finish(&mut self, plain: &[u8], out: &mut Vec<u8>) -> Result<()> {
        out.reserve(plain.len() + plain.len() / 4 + 64);
        let room = length(out.capacity() - out.len())?;
        self.0.next_in = plain.as_ptr();
        self.0.avail_in = length(plain.len())?;
        self.0.next_out = out.spare_capacity_mut().as_mut_ptr().cast();
        self.0.avail_out = room;
        // SAFETY: the stream was initialised in `new`; `plain`, and the room behind `out`, are as long as the stream says,
        // and no other code uses them meanwhile.
        ok(unsafe { zlib::deflate(&mut *self.0, zlib::Z_SYNC_FLUSH) })?;
        // SAFETY: zlib has written all that it no longer counts as room.
        unsafe { out.set_len(out.len() + (room - self.0.avail_out) as usize) };
        // Only input that is used up and room that is left over show that the flush is complete.
        if self.0.avail_in > 0 || self.0.avail_out == 0 { Err(failed("left over some of a block")) } else { Ok(()) }
    }
}

impl Drop for State {
    fn drop(&mut self) {
        // SAFETY: the stream was initialised in `new`, and is not used again. It is still open, which zlib remarks, and which is meant.
        let _remark = unsafe { zlib::deflateEnd(&mut *self.0) };
    }
}

fn length(bytes: usize) -> Result<u32> {
    u32::try_from(bytes).map_err(|_too_long| failed("cannot count so many bytes"))
}

fn ok(code: i32) -> Result<()> {
    if code == zlib::Z_OK { Ok(()) } else { Err(failed(&format!("answers {code}"))) }
}

fn failed(why: &str) -> Error {
    Error::new(Kind::Other, format!("cannot compress with `gzip`: zlib {why}"))
        .hint("please report this as a bug in hikae")
}
