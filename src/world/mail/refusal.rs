//! Decides whether a refusal (5xx) is about this mail or this address, or about a problem that may pass.
//!
//! Servers also answer 5xx when they are overloaded, when a block list is wrong, or when a setting must be corrected. Stopping
//! would then lose an alert; one more try costs nothing.

/// Words in refusals that are about the sender, not about the recipient.
const ABOUT_THE_SENDER: [&str; 12] = [
    "relay",
    "block",
    "spam",
    "denied",
    "policy",
    "reject",
    "listed",
    "auth",
    "access",
    "reputation",
    "too many",
    "busy",
];

/// Whether this answer to a recipient means that the server will never have this address.
pub fn is_gone(reply: &str) -> bool {
    match (enhanced(reply), code(reply)) {
        (Some(status), 500..=599) => {
            matches!(status, "5.1.1" | "5.1.2" | "5.1.3" | "5.1.6" | "5.1.10" | "5.2.1" | "5.1.0")
                && !is_about_the_sender(reply)
        }
        (None, 550 | 551 | 553) => !is_about_the_sender(reply),
        _ => false,
    }
}

/// Whether this answer means that the server will never accept this mail: it is too large, or its content is unreadable.
pub fn is_about_the_mail(reply: &str) -> bool {
    match (enhanced(reply), code(reply)) {
        (Some(status), 500..=599) => matches!(status, "5.2.3" | "5.3.4") || status.starts_with("5.6."),
        (None, 552) => ["size", "large", "exceed", "big"].iter().any(|word| reply.to_lowercase().contains(word)),
        _ => false,
    }
}

fn is_about_the_sender(reply: &str) -> bool {
    let low = reply.to_lowercase();
    ABOUT_THE_SENDER.iter().any(|word| low.contains(word))
}

fn code(reply: &str) -> u16 {
    reply.get(..3).and_then(|code| code.parse().ok()).unwrap_or_default()
}

/// The enhanced status code after the code (RFC 3463).
fn enhanced(reply: &str) -> Option<&str> {
    let word = reply.split(' ').nth(1)?;
    let parts: Vec<&str> = word.split('.').collect();
    let digits = |part: &&str| !part.is_empty() && part.len() <= 3 && part.bytes().all(|byte| byte.is_ascii_digit());
    (parts.len() == 3 && parts.iter().all(digits)).then_some(word)
}
