//! What is compressed comes back byte for byte, by hikae and by the standard tools, and what is broken is refused.

mod gzip;
mod nothing;
pub mod samples;
mod taps;
mod unpack;
mod zstd;
