//! Writes a schedule as systemd's calendar events.

use crate::recipe::schedule::Schedule;

const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/// The events of a schedule. One whose day of the month or day of the week is enough takes two.
pub fn events(schedule: &Schedule) -> Vec<String> {
    let time = format!("{}:{}:00", numbers(schedule.hours, 0, 23), numbers(schedule.minutes, 0, 59));
    let months = numbers(schedule.months, 1, 12);
    let days = numbers(schedule.days, 1, 31);
    let named = (0..7).filter(|day| schedule.weekdays >> day & 1 == 1).map(|day| WEEKDAYS[day]);
    let named: Vec<&str> = named.collect();
    let weekdays = if named.len() == 7 { String::new() } else { format!("{} ", named.join(",")) };
    let event = |weekdays: &str, days: &str| format!("{weekdays}*-{months}-{days} {time}");
    match schedule.either_day {
        true => vec![event("", &days), event(&weekdays, "*")],
        false => vec![event(&weekdays, &days)],
    }
}

/// The numbers that a field allows: a list, or `*` for all.
fn numbers(bits: u64, min: u32, max: u32) -> String {
    let allowed: Vec<u32> = (min..=max).filter(|number| bits >> number & 1 == 1).collect();
    if allowed.len() == (max - min + 1) as usize {
        return "*".to_owned();
    }
    allowed.iter().map(|number| format!("{number:02}")).collect::<Vec<_>>().join(",")
}
