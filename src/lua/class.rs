//! Decides which bytes belong to a character class or a set of a Lua pattern, as C does in its own locale.

/// Whether `byte` belongs to `%class`; an upper-case letter is the opposite, any other byte is itself.
pub fn in_class(byte: u8, class: u8) -> bool {
    let belongs = match class.to_ascii_lowercase() {
        b'a' => byte.is_ascii_alphabetic(),
        b'c' => byte.is_ascii_control(),
        b'd' => byte.is_ascii_digit(),
        b'g' => byte.is_ascii_graphic(),
        b'l' => byte.is_ascii_lowercase(),
        b'p' => byte.is_ascii_punctuation(),
        // Rust's `is_ascii_whitespace` excludes the vertical tab.
        b's' => matches!(byte, b' ' | b'\t'..=b'\r'),
        b'u' => byte.is_ascii_uppercase(),
        b'w' => byte.is_ascii_alphanumeric(),
        b'x' => byte.is_ascii_hexdigit(),
        b'z' => byte == 0,
        _ => return class == byte,
    };
    belongs == class.is_ascii_lowercase()
}

/// Whether `byte` belongs to the set, passed without its brackets.
pub fn in_set(byte: u8, set: &[u8]) -> bool {
    let (mut rest, positive) = match set {
        [b'^', rest @ ..] => (rest, false),
        _ => (set, true),
    };
    while let [first, after @ ..] = rest {
        rest = match (*first, after) {
            (b'%', [class, after @ ..]) => {
                if in_class(byte, *class) {
                    return positive;
                }
                after
            }
            (low, [b'-', high, after @ ..]) => {
                if (low..=*high).contains(&byte) {
                    return positive;
                }
                after
            }
            (literal, _) => {
                if literal == byte {
                    return positive;
                }
                after
            }
        };
    }
    !positive
}
