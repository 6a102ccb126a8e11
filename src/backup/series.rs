//! Names the series of a backup: its name without dates and times, the same for all consecutive backups.

use chrono::NaiveDate;

/// Separators inside a date, and before and inside a time.
const IN_DAY: &[u8] = b"-_./";
const IN_TIME: &[u8] = b"-_T:";

/// `name` with `*` for each moment: a month, a day, a day with a time, or seconds since 1970. Other numbers stay: each
/// shard and each database has its own series.
pub fn series_of(name: &str) -> String {
    let mut series = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let number = digits(&rest[at..]);
        let end = moment(&rest[at..]);
        series.push_str(&rest[..at]);
        series.push_str(if end.is_some() { "*" } else { number });
        rest = &rest[at + end.unwrap_or(number.len())..];
    }
    series + rest
}

/// The end of the moment at the beginning of `text`.
fn moment(text: &str) -> Option<usize> {
    let first = digits(text);
    let day_end = match first.len() {
        12 | 14 if is_day(&first[..8], "%Y%m%d") && is_time(&first[8..]) => return Some(first.len()),
        10 | 13 if first.starts_with('1') => return Some(first.len()),
        8 if is_day(first, "%Y%m%d") => 8,
        6 if is_day(first, "%y%m%d") => 6,
        6 if is_day(&format!("{first}01"), "%Y%m%d") => return Some(6),
        4 => return apart(text, first),
        _ => return None,
    };
    Some(time_end(text, day_end))
}

/// The end of a day or a month with separators: `2026-02-15`, `2026/02`.
fn apart(text: &str, year: &str) -> Option<usize> {
    let month = next(text, 4, IN_DAY).filter(|month| month.len() == 2)?;
    if !is_day(&format!("{year}{month}01"), "%Y%m%d") {
        return None;
    }
    match next(text, 7, IN_DAY) {
        Some(day) if is_day(&format!("{year}{month}{day}"), "%Y%m%d") => Some(time_end(text, 10)),
        _ => Some(7),
    }
}

/// The end of the time after a day that ends at `at`, or the end of the day alone.
fn time_end(text: &str, at: usize) -> usize {
    match next(text, at, IN_TIME) {
        Some(time) if time.len() >= 4 && is_time(time) => at + 1 + time.len(),
        Some(hour) if hour.len() == 2 => {
            let minute = next(text, at + 3, IN_TIME).unwrap_or_default();
            let second = next(text, at + 6, IN_TIME).unwrap_or_default();
            match (is_time(&format!("{hour}{minute}{second}")), is_time(&format!("{hour}{minute}"))) {
                (true, _) if second.len() == 2 => at + 9,
                (_, true) if minute.len() == 2 => at + 6,
                _ => at,
            }
        }
        _ => at,
    }
}

/// The number after a separator at `at`.
fn next<'a>(text: &'a str, at: usize, separators: &[u8]) -> Option<&'a str> {
    text.as_bytes().get(at).filter(|byte| separators.contains(byte))?;
    Some(digits(&text[at + 1..]))
}

fn digits(text: &str) -> &str {
    &text[..text.bytes().take_while(u8::is_ascii_digit).count()]
}

/// Whether it is a valid date, in a plausible year for a backup.
fn is_day(text: &str, form: &str) -> bool {
    let (length, centuries) = if form == "%Y%m%d" { (8, ["19", "20"]) } else { (6, ["", ""]) };
    let is_near = centuries.iter().any(|century| text.starts_with(century));
    is_near && text.len() == length && NaiveDate::parse_from_str(text, form).is_ok()
}

/// Whether it is `HHMM` or `HHMMSS`.
fn is_time(text: &str) -> bool {
    let below = |place: usize, most: &str| text.get(place..place + 2).is_none_or(|number| number <= most);
    matches!(text.len(), 4 | 6) && below(0, "23") && below(2, "59") && below(4, "60")
}
