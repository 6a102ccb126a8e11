//! Shows which lines of two texts differ.

/// Lines that are the same and are this near to a difference are shown too.
const CONTEXT: usize = 2;
/// Longer texts would cost too much to compare, and the result would be too long to read.
const MAX_LINES: usize = 2_000;

/// The lines of both: `- ` before those of `expected` only, `+ ` before those of `found` only. Empty if neither has
/// more than one line, because the two values are then enough.
pub fn lines(expected: &[String], found: &[String]) -> Vec<String> {
    if expected.len() <= 1 && found.len() <= 1 || expected.len().max(found.len()) > MAX_LINES {
        return Vec::new();
    }
    let all = merged(expected, found);
    let near = |at: usize| {
        let from = at.saturating_sub(CONTEXT);
        all[from..all.len().min(at + CONTEXT + 1)].iter().any(|(mark, _)| *mark != ' ')
    };
    let mut shown = Vec::new();
    for (at, (mark, line)) in all.iter().enumerate() {
        if near(at) {
            shown.push(format!("{mark} {line}"));
        } else if shown.last().is_some_and(|last| last != "  …") {
            shown.push("  …".to_owned());
        }
    }
    shown
}

/// Merges both texts by their longest common subsequence of lines.
fn merged<'a>(expected: &'a [String], found: &'a [String]) -> Vec<(char, &'a str)> {
    let width = found.len() + 1;
    let mut longest = vec![0u32; (expected.len() + 1) * width];
    for i in (0..expected.len()).rev() {
        for j in (0..found.len()).rev() {
            longest[i * width + j] = match expected[i] == found[j] {
                true => longest[(i + 1) * width + j + 1] + 1,
                false => longest[(i + 1) * width + j].max(longest[i * width + j + 1]),
            };
        }
    }
    let (mut all, mut i, mut j) = (Vec::new(), 0, 0);
    while i < expected.len() || j < found.len() {
        let same = i < expected.len() && j < found.len() && expected[i] == found[j];
        let drop =
            i < expected.len() && (j == found.len() || longest[(i + 1) * width + j] >= longest[i * width + j + 1]);
        if same {
            all.push((' ', expected[i].as_str()));
            (i, j) = (i + 1, j + 1);
        } else if drop {
            all.push(('-', expected[i].as_str()));
            i += 1;
        } else {
            all.push(('+', found[j].as_str()));
            j += 1;
        }
    }
    all
}
