//! Lines, arrows, marks and words on a sheet: what is drawn later lies above, and words lie above everything.

use maud::{Markup, PreEscaped, html};

/// The width of a letter, at most on average, so that words stay in their place whatever the font.
pub(super) const LETTER: i64 = 6;

type Point = (i64, i64);

/// Shapes in layers.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    lives: String,
    bars: String,
    lines: String,
    marks: String,
    words: String,
}

impl Sheet {
    pub(super) fn into_markup(self) -> Markup {
        PreEscaped([self.lives, self.bars, self.lines, self.marks, self.words].concat())
    }

    /// A party's line; dotted while it is down.
    pub(super) fn life(&mut self, x: i64, from: i64, to: i64, up: bool) {
        let shape = html! { line .life .down[!up] x1=(x) x2=(x) y1=(from) y2=(to) {} };
        self.lives.push_str(&shape.0);
    }

    /// The shaft of an arrow.
    pub(super) fn arrow(&mut self, from: Point, to: Point, fault: bool) {
        let shape = html! { line .arrow .fault[fault] x1=(from.0) y1=(from.1) x2=(to.0) y2=(to.1) {} };
        self.lines.push_str(&shape.0);
    }

    /// The head of an arrow.
    pub(super) fn head(&mut self, from: Point, to: Point, fault: bool) {
        let (dx, dy) = ((to.0 - from.0) as f64, (to.1 - from.1) as f64);
        let length = libm::sqrt(dx * dx + dy * dy).max(1.0);
        let (ux, uy) = (dx / length, dy / length);
        let side = |sign: f64| {
            let (x, y) = (to.0 as f64 - 9.0 * ux - sign * 4.0 * uy, to.1 as f64 - 9.0 * uy + sign * 4.0 * ux);
            format!("{x:.1},{y:.1}")
        };
        let points = format!("{},{} {} {}", to.0, to.1, side(1.0), side(-1.0));
        let shape = html! { polygon .tip .fault[fault] points=(points) {} };
        self.marks.push_str(&shape.0);
    }

    /// Something ends here.
    pub(super) fn cross(&mut self, (x, y): Point) {
        let path = format!("M{} {}l10 10m0 -10l-10 10", x - 5, y - 5);
        self.marks.push_str(&html! { path.cross d=(path) {} }.0);
    }

    pub(super) fn square(&mut self, (x, y): Point, class: &str) {
        let shape = html! { rect class=(class) x=(x - 5) y=(y - 5) width="10" height="10" {} };
        self.marks.push_str(&shape.0);
    }

    pub(super) fn dot(&mut self, (x, y): Point, class: &str) {
        self.marks.push_str(&html! { circle class=(class) cx=(x) cy=(y) r="4" {} }.0);
    }

    /// A bar across the picture.
    pub(super) fn bar(&mut self, y: i64, width: i64, height: i64) {
        let shape = html! { rect.bar x="1" y=(y) width=(width - 2) height=(height) rx="3" {} };
        self.bars.push_str(&shape.0);
    }

    /// One line of words, in pieces of a class each.
    pub(super) fn text(&mut self, class: &str, (x, y): Point, anchor: &str, pieces: &[(&str, &str)]) {
        let pieces = pieces.iter().filter(|(_, words)| !words.is_empty());
        let class = Some(class).filter(|class| !class.is_empty());
        let anchor = Some(anchor).filter(|anchor| *anchor != "start");
        let shape = html! {
            text class=[class] x=(x) y=(y) text-anchor=[anchor] {
                @for (class, words) in pieces {
                    @if class.is_empty() { (words) } @else { tspan class=(class) { (words) " " } }
                }
            }
        };
        self.words.push_str(&shape.0);
    }
}

/// Breaks a name and what there is to say into lines of about so many letters. The name is on the first line, and whole.
pub(super) fn wrap(name: &str, rest: &str, letters: i64) -> Vec<(String, String)> {
    let letters = usize::try_from(letters).unwrap_or(0).max(8);
    let mut lines = vec![(name.to_owned(), String::new())];
    // Names are bold, and so a sixth wider.
    let mut used = name.chars().count() * 7 / 6;
    for word in rest.split(' ').filter(|word| !word.is_empty()) {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > letters {
            lines.push(Default::default());
            used = 0;
        }
        if let Some((_, line)) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        used += length + 1;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_wrapped_and_none_is_lost() {
        let lines = wrap("4#1", "price 597, instrument and more", 16);
        let shown: Vec<String> = lines.iter().map(|(name, rest)| format!("{name}|{rest}")).collect();
        assert_eq!(shown, ["4#1|price 597,", "|instrument and", "|more"]);
        assert_eq!(wrap("", "", 16), [(String::new(), String::new())]);
        assert_eq!(wrap("a", "averyveryverylongword", 3).len(), 2);
    }

    #[test]
    fn words_are_escaped() {
        let mut sheet = Sheet::default();
        sheet.text("", (0, 0), "start", &[("name", "<script>"), ("", "\"&\"")]);
        let markup = sheet.into_markup().into_string();
        assert!(markup.contains("&lt;script&gt;") && markup.contains("&quot;&amp;&quot;"), "{markup}");
    }
}
