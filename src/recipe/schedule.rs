//! Reads a schedule: the five fields that cron, systemd's converters and Kubernetes all read alike, each as the numbers that it allows.

use super::problem::Problem;

/// A schedule: the numbers that each of its fields allows, as bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    pub minutes: u64,
    pub hours: u64,
    pub days: u64,
    pub months: u64,
    /// Sunday is 0.
    pub weekdays: u64,
    /// Whether a match in one of the two day fields is enough: true in cron unless one begins with `*`.
    pub either_day: bool,
}

/// A field of a schedule: what it counts, its bounds, and the names that mean numbers.
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

/// Parses a schedule, or returns the problem with it.
pub fn read(schedule: &str) -> Result<Schedule, Problem> {
    let parts: Vec<&str> = schedule.split_whitespace().collect();
    let &[minutes, hours, days, months, weekdays] = parts.as_slice() else {
        let message = format!("`schedule` must have 5 fields, but `{schedule}` has {}", parts.len());
        return Err(Problem::new(message, "write minute, hour, day, month and weekday, such as `0 2 * * *`"));
    };
    let either_day = !days.starts_with('*') && !weekdays.starts_with('*');
    let [minutes, hours, days, months, weekdays] = [
        FIELDS[0].bits(minutes)?,
        FIELDS[1].bits(hours)?,
        FIELDS[2].bits(days)?,
        FIELDS[3].bits(months)?,
        FIELDS[4].bits(weekdays)?,
    ];
    let weekdays = weekdays | weekdays >> 7 & 1;
    Ok(Schedule { minutes, hours, days, months, weekdays, either_day })
}

impl Field {
    /// The numbers that a field allows: each item of its list, and all of them together.
    fn bits(&self, part: &str) -> Result<u64, Problem> {
        part.split(',').try_fold(0, |bits, item| Ok(bits | self.item(item).ok_or_else(|| self.problem(item))?))
    }

    /// The numbers of one item: `*`, `5`, `1-5`; a step may follow all but a single number.
    fn item(&self, item: &str) -> Option<u64> {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, Some(number(step).filter(|step| (1..=self.max).contains(step))?)),
            None => (item, None),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (self.min, self.max),
            None if step.is_some() => return None,
            None => (self.value(range)?, self.value(range)?),
            Some((from, to)) => (self.value(from)?, self.value(to)?),
        };
        let numbers = (from..=to).step_by(step.map_or(1, |step| step as usize));
        (from <= to).then(|| numbers.fold(0, |bits, number| bits | 1 << number))
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
