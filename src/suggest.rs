//! Finds the known word nearest to an unknown one, and writes the hint that names it.

/// The known word that was most likely meant: it differs only in case or dashes, or by a few typing errors.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = plain(word);
    // A third of the word may be wrong: `dir` allows one error, `retention` three. More would suggest at random.
    let furthest = (plain.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&plain, &self::plain(candidate)), candidate))
        .filter(|(distance, candidate)| *distance <= furthest && *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// What to try instead of `word`: the nearest of the valid names, and all of them.
pub fn hint<'a>(word: &str, valid: impl IntoIterator<Item = &'a str>) -> String {
    let valid: Vec<&str> = valid.into_iter().collect();
    if valid.is_empty() {
        return "there are no valid names here".to_owned();
    }
    let names = format!("valid names: {}", listed(valid.iter().copied()));
    match nearest(word, valid.iter().copied()) {
        Some(near) => format!("did you mean `{near}`? {names}"),
        None => names,
    }
}

/// Words in backticks, as messages list them: `` `a`, `b` ``.
pub fn listed<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

fn plain(word: &str) -> String {
    word.to_lowercase().replace('-', "_")
}
