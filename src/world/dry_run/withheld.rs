//! Marks the place where a dry run lacks something that a run would know.

/// Marks the place where a dry run lacks something that a run would know.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub enum Withheld {
    #[error("a dry run starts no program")]
    Program,
    #[error("it is only planned: a dry run writes nothing")]
    File,
    #[error("a dry run reads no file into an archive")]
    Archive,
    #[error("it is known only after the run")]
    Answer,
    #[error("it is only planned: a dry run stores nothing")]
    Object,
    #[error("a dry run connects to no database")]
    Database,
}

/// Whether an error only means that something was withheld.
pub fn is_withheld(error: &(dyn std::error::Error + 'static)) -> bool {
    let first = Some(error);
    std::iter::successors(first, |error| error.source()).any(<dyn std::error::Error>::is::<Withheld>)
}
