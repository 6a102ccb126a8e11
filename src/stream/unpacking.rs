//! Unpacks a packed stream while it passes, to check that it is whole.

use std::io::{self, Write};

use flate2::write::MultiGzDecoder;
use zstd::stream::raw::{Decoder, InBuffer, Operation, OutBuffer};

use super::endings::{Form, forms};
use super::sample::Sample;
use super::unfinished::unfinished;
use crate::error::{Error, Kind, Result};

const OUT_BYTES: usize = 128 << 10;

/// A decoder that keeps only a sample.
pub enum Unpacking {
    Gzip(Box<MultiGzDecoder<Sampling>>),
    Zstd(Box<Frames>),
}

impl Unpacking {
    /// Returns a decoder if the outermost ending of a name means that it is packed.
    pub fn of_name(name: &str) -> Option<Unpacking> {
        match forms(name).first()? {
            Form::Gzip => Some(Unpacking::Gzip(Box::new(MultiGzDecoder::new(Sampling::default())))),
            Form::Zstd => Frames::new().map(|frames| Unpacking::Zstd(Box::new(frames))),
            _ => None,
        }
    }

    pub fn feed(&mut self, name: &str, data: &[u8]) -> Result<()> {
        let fed = match self {
            Unpacking::Gzip(decoder) => decoder.write_all(data),
            Unpacking::Zstd(frames) => frames.feed(data),
        };
        fed.map_err(|cause| damaged(name, &cause.to_string()))
    }

    /// Finishes after all bytes have passed.
    pub fn end(self, name: &str) -> Result<()> {
        let plain = match self {
            Unpacking::Gzip(mut decoder) => {
                decoder.try_finish().map_err(|_| damaged(name, "it ends before its end"))?;
                std::mem::take(&mut decoder.get_mut().0)
            }
            Unpacking::Zstd(frames) if !frames.whole => return Err(damaged(name, "it ends before its end")),
            Unpacking::Zstd(frames) => frames.plain,
        };
        unfinished(&plain).map_or(Ok(()), |why| Err(damaged(name, &why)))
    }
}

fn damaged(name: &str, why: &str) -> Error {
    Error::new(Kind::Integrity, format!("`{name}` is not whole"))
        .because_text(why.to_owned())
        .hint("look at where its bytes come from: it was cut off, or damaged, before hikae read it")
}

/// Keeps a sample of what is written.
#[derive(Default)]
pub struct Sampling(Sample);

impl Write for Sampling {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.0.add(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Frames of zstd, one after the other.
pub struct Frames {
    decoder: Decoder<'static>,
    plain: Sample,
    /// Whether it is at the end of a frame.
    whole: bool,
    out: Vec<u8>,
}

impl Frames {
    fn new() -> Option<Frames> {
        let decoder = Decoder::new().ok()?;
        Some(Frames { decoder, plain: Sample::default(), whole: false, out: vec![0; OUT_BYTES] })
    }

    fn feed(&mut self, data: &[u8]) -> io::Result<()> {
        let mut input = InBuffer::around(data);
        loop {
            let mut output = OutBuffer::around(&mut self.out);
            let hint = self.decoder.run(&mut input, &mut output)?;
            let filled = output.pos();
            self.whole = hint == 0;
            self.plain.add(&self.out[..filled]);
            if input.pos() == data.len() && filled < OUT_BYTES {
                return Ok(());
            }
            if self.whole {
                self.decoder.reinit()?;
            }
        }
    }
}
