//! What is encrypted comes back byte for byte, by hikae and by the standard tools; what is damaged, or meant for others, is refused.

mod age;
mod gpg;
pub mod keyring;
