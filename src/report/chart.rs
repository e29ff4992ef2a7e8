//! A small chart of lines. They are told apart by marks, dashes and names at their ends, not by colour alone.

use maud::{Markup, html};

const WIDTH: u64 = 440;
const HEIGHT: u64 = 260;
const LEFT: u64 = 64;
const RIGHT: u64 = 64;
const TOP: u64 = 14;
const BOTTOM: u64 = 34;

/// A line of points.
pub(super) struct Line<'l> {
    pub(super) name: &'l str,
    pub(super) points: Vec<(u64, u64)>,
}

/// Draws lines from zero on. `across` and `up` put a value of either axis into words.
pub(super) fn draw(title: &str, lines: &[Line<'_>], across: fn(u64) -> String, up: fn(u64) -> String) -> Markup {
    let points = || lines.iter().flat_map(|line| &line.points);
    let right = points().map(|point| point.0).max().unwrap_or(0).max(1);
    let top = round_up(points().map(|point| point.1).max().unwrap_or(0));
    let scale = |value: u64, most: u64, length: u64| (u128::from(value) * u128::from(length) / u128::from(most)) as u64;
    let x = |value| LEFT + scale(value, right, WIDTH - LEFT - RIGHT);
    let y = |value| HEIGHT - BOTTOM - scale(value, top, HEIGHT - TOP - BOTTOM);
    let mut ticks: Vec<u64> = points().map(|point| point.0).collect();
    ticks.sort_unstable();
    ticks.dedup();
    let mut names: Vec<(u64, usize)> = Vec::new();
    for (nth, line) in lines.iter().enumerate() {
        names.extend(line.points.last().map(|point| (y(point.1), nth)));
    }
    spread(&mut names);
    html! {
        svg.chart role="img" viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } width=(WIDTH) height=(HEIGHT) {
            title { (title) }
            desc {
                @for line in lines {
                    (line.name) ": "
                    @for point in &line.points { (up(point.1)) " at " (across(point.0)) "; " }
                }
            }
            @for quarter in 0..=4 {
                @let value = top / 4 * quarter;
                line.grid x1=(LEFT) x2=(WIDTH - RIGHT) y1=(y(value)) y2=(y(value)) {}
                text x=(LEFT - 8) y=(y(value) + 4) text-anchor="end" { (up(value)) }
            }
            @for (nth, tick) in ticks.iter().enumerate() {
                @if nth == 0 || nth + 1 == ticks.len() || x(*tick) >= x(ticks[nth - 1]) + 44 {
                    text x=(x(*tick)) y=(HEIGHT - BOTTOM + 18) text-anchor="middle" { (across(*tick)) }
                }
            }
            @for (nth, line) in lines.iter().enumerate() {
                g class={ "line line-" (nth % 4) } {
                    polyline points=(path(line.points.iter().map(|point| (x(point.0), y(point.1))))) {}
                    @for point in &line.points { (mark(nth, x(point.0), y(point.1))) }
                }
            }
            @for (at, nth) in names { text.name x=(WIDTH - RIGHT + 8) y=(at + 4) { (lines[nth].name) } }
        }
    }
}

fn path(points: impl Iterator<Item = (u64, u64)>) -> String {
    points.map(|(x, y)| format!("{x},{y}")).collect::<Vec<_>>().join(" ")
}

/// A mark for each line: a disc, a square, a triangle, a diamond.
fn mark(nth: usize, x: u64, y: u64) -> Markup {
    html! {
        @match nth % 4 {
            0 => circle cx=(x) cy=(y) r="4" {},
            1 => rect x=(x - 4) y=(y.saturating_sub(4)) width="8" height="8" {},
            2 => polygon points={ (x - 5) "," (y + 4) " " (x + 5) "," (y + 4) " " (x) "," (y.saturating_sub(5)) } {},
            _ => polygon points={ (x - 5) "," (y) " " (x) "," (y + 5) " " (x + 5) "," (y) " " (x) "," (y.saturating_sub(5)) } {},
        }
    }
}

/// The next number whose quarters are round.
fn round_up(value: u64) -> u64 {
    let mut unit = 400_u64;
    while unit.saturating_mul(10) < value {
        unit = unit.saturating_mul(10);
    }
    [1, 2, 4, 6, 8, 10].into_iter().map(|n| unit.saturating_mul(n)).find(|top| *top >= value).unwrap_or(u64::MAX)
}

/// Moves names apart that would lie over each other.
fn spread(names: &mut [(u64, usize)]) {
    names.sort_unstable();
    for at in 1..names.len() {
        names[at].0 = names[at].0.max(names[at - 1].0 + 14);
    }
    let mut lowest = HEIGHT - BOTTOM;
    for name in names.iter_mut().rev() {
        name.0 = name.0.min(lowest);
        lowest = name.0.saturating_sub(14);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_is_round_and_holds_the_greatest() {
        for value in [0, 1, 399, 401, 5_000, 123_456, 999_999_999] {
            let top = round_up(value);
            assert!(top >= value && top.is_multiple_of(4) && (value < 400 || top <= value * 4), "{value}: {top}");
        }
    }

    #[test]
    fn names_keep_apart() {
        let mut names = [(200, 0), (201, 1), (226, 2)];
        spread(&mut names);
        assert_eq!(names, [(198, 0), (212, 1), (226, 2)]);
        let mut names = [(10, 0), (226, 1), (226, 2)];
        spread(&mut names);
        assert_eq!(names, [(10, 0), (212, 1), (226, 2)], "those that are apart stay");
    }
}
