//! Computes when a schedule is due, in local time: a time that the clock skips is due right after the skip, a repeated one only once.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use super::schedule::Schedule;
use crate::catalog::Moment;

/// The first moment at which local clocks show this time; `None` if they skip it.
pub type Clocks<'a> = &'a dyn Fn(NaiveDateTime) -> Option<Moment>;

/// The number of days to search: 29 February recurs after eight years at the latest.
const NEVER: u64 = 8 * 366;
/// The largest change of local clocks, forward or back.
const SHIFT: TimeDelta = TimeDelta::hours(3);

impl Schedule {
    /// The first moment after `at` at which it is due; `None` for a day that does not exist in any year.
    pub fn next(&self, at: Moment, clocks: Clocks) -> Option<Moment> {
        let from = at.naive_local() - SHIFT;
        let days = (0..NEVER).filter_map(|day| from.date().checked_add_days(Days::new(day)));
        let times = days.filter(|day| self.has_day(*day)).flat_map(|day| self.times(day));
        times.filter(|time| *time >= from).filter_map(|time| shown(time, clocks)).find(|due| *due > at)
    }

    /// The last moment up to `at` at which it was due.
    pub fn last(&self, at: Moment, clocks: Clocks) -> Option<Moment> {
        let from = at.naive_local() + SHIFT;
        let days = (0..NEVER).filter_map(|day| from.date().checked_sub_days(Days::new(day)));
        let times = days.filter(|day| self.has_day(*day)).flat_map(|day| self.times(day).rev());
        times.filter(|time| *time <= from).filter_map(|time| shown(time, clocks)).find(|due| *due <= at)
    }

    fn has_day(&self, day: NaiveDate) -> bool {
        let allowed = |bits: u64, number: u32| bits >> number & 1 == 1;
        let (by_day, by_weekday) =
            (allowed(self.days, day.day()), allowed(self.weekdays, day.weekday().num_days_from_sunday()));
        let fits = if self.either_day { by_day || by_weekday } else { by_day && by_weekday };
        fits && allowed(self.months, day.month())
    }

    /// The times of a day, in order.
    fn times(&self, day: NaiveDate) -> impl DoubleEndedIterator<Item = NaiveDateTime> {
        let (hours, minutes) = (self.hours, self.minutes);
        let allowed =
            (0..24 * 60).filter(move |minute| hours >> (minute / 60) & 1 == 1 && minutes >> (minute % 60) & 1 == 1);
        allowed.filter_map(move |minute| Some(day.and_time(NaiveTime::from_hms_opt(minute / 60, minute % 60, 0)?)))
    }
}

/// The moment at which clocks show this time; if they skip it, the first moment after.
fn shown(time: NaiveDateTime, clocks: Clocks) -> Option<Moment> {
    (0..=SHIFT.num_minutes()).find_map(|minutes| clocks(time + TimeDelta::minutes(minutes)))
}
