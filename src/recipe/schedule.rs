//! Checks a schedule: the five fields that cron, systemd's converters and Kubernetes all read alike.

use super::problem::Problem;

/// A field of a schedule: what it counts, its bounds, and the names that stand for numbers.
struct Field {
    name: &'static str,
    min: u32,
    max: u32,
    names: &'static [&'static str],
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const FIELDS: [Field; 5] = [
    Field { name: "minute", min: 0, max: 59, names: &[] },
    Field { name: "hour", min: 0, max: 23, names: &[] },
    Field { name: "day of the month", min: 1, max: 31, names: &[] },
    Field { name: "month", min: 1, max: 12, names: &MONTHS },
    // Sunday is 0 and 7.
    Field { name: "day of the week", min: 0, max: 7, names: &WEEKDAYS },
];

/// What is wrong with `schedule`, if anything is.
pub fn check(schedule: &str) -> Result<(), Problem> {
    let parts: Vec<&str> = schedule.split_whitespace().collect();
    if parts.len() != FIELDS.len() {
        let message = format!("`schedule` must have 5 fields, but `{schedule}` has {}", parts.len());
        return Err(Problem::new(message, "write minute, hour, day, month and weekday, such as `0 2 * * *`"));
    }
    FIELDS.iter().zip(parts).try_for_each(|(field, part)| part.split(',').try_for_each(|item| field.check(item)))
}

impl Field {
    /// Checks one item of the list that a field is: `*`, `5`, `1-5`, each with or without a step.
    fn check(&self, item: &str) -> Result<(), Problem> {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (item, None),
        };
        let single = range != "*" && !range.contains('-');
        let step_fits =
            step.is_none_or(|step| !single && number(step).is_some_and(|step| (1..=self.max).contains(&step)));
        let range_fits = match range.split_once('-') {
            _ if range == "*" => true,
            None => self.value(range).is_some(),
            Some((from, to)) => self.value(from).zip(self.value(to)).is_some_and(|(from, to)| from <= to),
        };
        if step_fits && range_fits { Ok(()) } else { Err(self.problem(item)) }
    }

    fn value(&self, text: &str) -> Option<u32> {
        let named = self.names.iter().position(|name| name.eq_ignore_ascii_case(text));
        let named = named.and_then(|at| u32::try_from(at).ok()).map(|at| at + self.min);
        named.or_else(|| number(text)).filter(|value| (self.min..=self.max).contains(value))
    }

    fn problem(&self, item: &str) -> Problem {
        let (min, max) = (self.min, self.max);
        let hint =
            format!("write a number from {min} to {max}, a range `{min}-{max}`, `*`, or `*/2` for every second one");
        Problem::new(format!("`schedule` cannot have `{item}` as the {}", self.name), hint)
    }
}

/// A number in plain digits: a sign would pass `parse`, but not cron.
fn number(text: &str) -> Option<u32> {
    if text.chars().all(|c| c.is_ascii_digit()) { text.parse().ok() } else { None }
}
