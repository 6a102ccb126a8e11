//! Shows the points of `hikae check`: first those that need attention, then everything that is fine in one line.

use super::point::{Mark, Point};

/// The lines about each wall begin like this.
const WALL: &str = "wall: ";

/// The verdict, everything that is wrong or should be looked at, which servers answered, and the subjects of the rest.
pub fn summary(points: &[Point]) -> String {
    let mut text = format!("{}\n\n", verdict(points));
    for mark in [Mark::Wrong, Mark::Warning] {
        points.iter().filter(|point| point.mark == mark).for_each(|point| text.push_str(&point.line()));
    }
    points.iter().filter(|point| point.in_summary).for_each(|point| text.push_str(&point.line()));
    for (mark, suffix) in [(Mark::Ok, ""), (Mark::NotTried, ": not tried")] {
        let subjects = subjects(points, mark);
        if !subjects.is_empty() {
            text.push_str(&format!("{} {}{suffix}\n", mark.sign(), subjects.join(", ")));
        }
    }
    text.push_str(&walls(points));
    text.push_str("\n`hikae check --verbose` shows every point\n");
    text
}

/// How many walls hold in full, in part and not at all.
fn walls(points: &[Point]) -> String {
    let walls: Vec<&Point> = points.iter().filter(|point| point.subject.starts_with(WALL)).collect();
    let Some(weakest) =
        walls.iter().map(|point| point.mark).find(|mark| *mark != Mark::Ok).or_else(|| Some(walls.first()?.mark))
    else {
        return String::new();
    };
    let of = |hold: &str| walls.iter().filter(|point| point.message.starts_with(&format!("{hold}: "))).count();
    format!("{} walls: {} full, {} partly, {} none\n", weakest.sign(), of("full"), of("partly"), of("none"))
}

/// Every point in its order, and the verdict at the end.
pub fn every_point(points: &[Point]) -> String {
    let lines: String = points.iter().map(Point::line).collect();
    format!("{lines}\n{}\n", verdict(points))
}

fn verdict(points: &[Point]) -> String {
    let of = |mark| points.iter().filter(|point| point.mark == mark).count();
    match (of(Mark::Wrong), of(Mark::Warning)) {
        (0, 0) => "all is well".to_owned(),
        (0, warnings) => format!("nothing is wrong; to look at: {warnings}"),
        (1, 0) => "1 thing is wrong".to_owned(),
        (wrong, 0) => format!("{wrong} things are wrong"),
        (1, warnings) => format!("1 thing is wrong; to look at: {warnings}"),
        (wrong, warnings) => format!("{wrong} things are wrong; to look at: {warnings}"),
    }
}

/// The subjects of the points with this mark that are not shown by themselves, each once, with how many points it has.
fn subjects(points: &[Point], mark: Mark) -> Vec<String> {
    let mut counted: Vec<(&str, usize)> = Vec::new();
    let rest =
        points.iter().filter(|point| point.mark == mark && !point.in_summary && !point.subject.starts_with(WALL));
    for point in rest {
        match counted.iter_mut().find(|(known, _)| *known == point.subject) {
            Some((_, count)) => *count += 1,
            None => counted.push((&point.subject, 1)),
        }
    }
    let shown = |(subject, count): (&str, usize)| match count {
        1 => subject.to_owned(),
        _ => format!("{subject} ({count})"),
    };
    counted.into_iter().map(shown).collect()
}
