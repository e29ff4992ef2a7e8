//! `report`: what is on the page, that it is sound, and that a real browser shows it.

use std::collections::BTreeSet;
use std::fs;

use scraper::{ElementRef, Html, Selector};
use sha2::{Digest, Sha256};

use super::place::{LOST, Place};

/// A scenario whose words would be markup, were they not escaped.
const HOSTILE: &str = r#"about = "<script>alert('1')</script> \"quoted\" & <b>bold</b> -->"
protocol = ["case1", "case2"]
[faults]
mode = "exhaustive"
at_most = 1
kinds = ["drop", "crash-forever"]
[expect]
goods = "violated"
certified = "violated"
"#;

/// Scenarios that lose more and more messages.
const LOSSY: &str = r#"protocol = ["case1", "case3"]
crypto = "symbolic"
[workload]
purchases = 12
[faults]
mode = "random"
seeds = "0..2"
swarm = false
rates = { drop = 0.0 }
[matrix]
"faults.rates.drop" = [0.0, 0.125]
[expect]
certified = "violated"
"#;

const NECESSITY: &str = "protocol,without,against,verdict,invariant,clause,victim,faults,events,plan,replay,faults_at_most\n\
                         case2,none,honest,holds,,,,,,,,2\n\
                         case2,tombstone,honest,needed,money,belief-customer,customer,1,7,delay 3#1,halfpaid replay,2\n\
                         case2,tombstone,wrong-key,worse-against,money,belief-customer,customer,0,7,none,halfpaid replay,2\n\
                         case2,retransmit,honest,not-needed-within,,,,,,,,2\n\
                         case2,countersign,honest,not-needed-within,,,,,,,,2\n\
                         case2,countersign,wrong-key,needed-only-against,certified,<b>clause</b>,merchant,0,7,none,halfpaid replay,2\n\
                         case2,retransmit + tombstone,honest,needed,goods,paid-no-goods,customer,0,7,none,halfpaid replay,2\n";

const MINIMAL: &str = "protocol,against,holds,set,size,mechanisms,faults_at_most,states,complete,explore\n\
                       case2,honest,money + goods,1,1,tombstone,2,99,yes,halfpaid explore case2\n";

/// A price list: three profiles that cost the same under both cryptographies.
const PRICED: &str = r#"about = "A price list."
protocol = ["case3"]
preset = "as-written"
[matrix]
crypto = ["symbolic", "real"]
[costs]
profiles = ["none", "+privacy", "all"]
signatures = ["digests"]
[expect]
certified = "either"
"#;

/// Results of all sorts, and their page.
fn reported() -> (Place, String) {
    let place = Place::new().and("lost", LOST).and("hostile", HOSTILE).and("lossy", LOSSY).and("priced", PRICED);
    place.halfpaid(&["run", "scenarios", "--quiet"]).output().unwrap();
    fs::write(place.at("results/necessity.csv"), NECESSITY).unwrap();
    fs::write(place.at("results/minimal.csv"), MINIMAL).unwrap();
    let (out, err) = place.says(0, &["report", "results"]);
    assert!(out.starts_with("results/report.html: 6 scenarios, "), "{out}");
    assert_eq!(err, "");
    let page = place.read("results/report.html");
    (place, page)
}

fn all<'p>(page: &'p Html, selector: &str) -> Vec<ElementRef<'p>> {
    page.select(&Selector::parse(selector).unwrap()).collect()
}

fn text(element: ElementRef<'_>) -> String {
    element.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The same with a space between cells.
fn spaced(element: ElementRef<'_>) -> String {
    element.text().flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

/// The rows of a file, each as its texts.
fn rows(place: &Place, path: &str) -> Vec<csv::StringRecord> {
    csv::Reader::from_reader(place.read(path).as_bytes()).records().map(Result::unwrap).collect()
}

#[test]
fn the_page_is_sound_and_asks_for_nothing_from_elsewhere() {
    let (_, text) = reported();
    let page = Html::parse_document(&text);
    assert_eq!(page.errors, Vec::<String>::new(), "a browser would have to mend it");
    for selector in ["script", "[src]", "iframe", "object", "link:not([href^='data:'])", "image", "use", "[onload]"] {
        assert!(all(&page, selector).is_empty(), "{selector}");
    }
    // The one address is a name, not a place: SVG's own.
    assert!(!text.replace("http://www.w3.org/2000/svg", "").contains("http"), "an address");
    assert!(!text.contains("url(") && !text.contains("@import"), "the style sheet asks for something");
}

#[test]
fn links_lead_somewhere_ids_are_unique_and_headings_are_in_order() {
    let (_, text) = reported();
    let page = Html::parse_document(&text);
    let mut ids = BTreeSet::new();
    for element in all(&page, "[id]") {
        assert!(ids.insert(element.attr("id").unwrap()), "{:?} is there twice", element.attr("id"));
    }
    let links = all(&page, "a[href]");
    assert!(links.len() > 10, "{}", links.len());
    for link in links {
        let target = link.attr("href").unwrap().strip_prefix('#').unwrap();
        assert!(ids.contains(target), "#{target} leads nowhere");
    }
    let levels: Vec<u8> =
        all(&page, "h1, h2, h3, h4, h5, h6").iter().map(|h| h.value().name().as_bytes()[1] - b'0').collect();
    assert_eq!(levels.iter().filter(|level| **level == 1).count(), 1);
    assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{levels:?}");
    for heading in all(&page, "th") {
        assert!(heading.attr("scope").is_some(), "{}", heading.html());
    }
    for table in all(&page, "table") {
        assert!(all(&Html::parse_fragment(&table.html()), "caption").len() == 1, "a table without a name");
    }
    for picture in all(&page, "svg") {
        let html = Html::parse_fragment(&picture.html());
        assert!(!self::text(all(&html, "title")[0]).is_empty() && !self::text(all(&html, "desc")[0]).is_empty());
    }
}

#[test]
fn every_verdict_and_every_violation_is_on_the_page() {
    let (place, text) = reported();
    let page = Html::parse_document(&text);
    let names: BTreeSet<String> = all(&page, ".matrix th.scenario").iter().map(|cell| scenario(*cell)).collect();
    let summary = rows(&place, "results/summary.csv");
    for row in &summary {
        assert!(names.contains(&row[0]), "{} is missing", &row[0]);
    }
    let odd = summary.iter().filter(|row| &row[5] == "no").count();
    assert!(odd > 0, "the scenarios should surprise somebody");
    assert_eq!(all(&page, ".matrix td.verdict.bad").len(), odd);
    let drawn: BTreeSet<String> = all(&page, "svg.sequence > title").into_iter().map(self::text).collect();
    let mut violations = Vec::new();
    for scenario in summary.iter().map(|row| &row[0]).collect::<BTreeSet<_>>() {
        violations.extend(rows(&place, &format!("results/{scenario}/violations.csv")));
    }
    for row in &violations {
        assert!(drawn.contains(&format!("{}, {}: {}", &row[0], &row[1], &row[7])), "{row:?} is not drawn");
        assert!(all(&page, "figcaption code").into_iter().any(|code| self::text(code) == row[10]), "{row:?}");
    }
    assert!(violations.len() > 5, "{violations:?}");
    assert!(!text.contains("does not show") && !text.contains("There is no picture:"));
    // Each picture says what broke.
    for picture in all(&page, "svg.sequence") {
        assert!(self::text(picture).contains("Broken in the end."), "{}", picture.html());
    }
    // And beside it stands who is hurt, who could have helped it, and who can prove it.
    let blamed: BTreeSet<String> = all(&page, ".blame").into_iter().map(spaced).collect();
    for row in &violations {
        let with = if row[12].is_empty() { String::new() } else { format!(", with {}", &row[12]) };
        let or_not = |answer: &str| if answer.is_empty() { "not found out".to_owned() } else { answer.to_owned() };
        let words = format!(
            "Who is hurt {} Cause {} Could prevent it alone {}{with} Can prove it {} Shown by {} run",
            &row[4],
            &row[5],
            or_not(&row[11]),
            or_not(&row[13]),
            &row[9]
        );
        assert!(blamed.iter().any(|blame| blame.starts_with(&words)), "{words}: {blamed:?}");
    }
    assert!(violations.iter().any(|row| &row[11] == "yes") && violations.iter().any(|row| &row[11] == "no"));
}

/// The scenario of a line, as the summary has it.
fn scenario(cell: ElementRef<'_>) -> String {
    let of = |class| cell.select(&Selector::parse(class).unwrap()).next().map(text).unwrap_or_default();
    of(".name") + &of(".variant")
}

#[test]
fn a_matrix_is_one_line_that_unfolds_and_counts_what_its_variants_found() {
    let place = Place::new().and(
        "folded",
        "protocol = [\"case1\"]\ncrypto = \"symbolic\"\n[matrix]\n\"deviations.merchant\" = [\"honest\", \"withhold-item\"]\n\
         [expect]\ngoods = \"either\"\ncertified = \"violated\"\n",
    );
    place.says(0, &["run", "scenarios", "--quiet"]);
    place.says(0, &["report", "results"]);
    let page = place.read("results/report.html");
    let page = Html::parse_document(&page);
    let lines: Vec<String> = all(&page, ".matrix tbody tr").into_iter().map(spaced).collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(
        lines[0].starts_with("folded 2 variants case1 ✓ holds ✗ violated 1 of 2 which may be ✓ holds"),
        "{lines:?}"
    );
    assert!(lines[1].starts_with("folded ~deviations.merchant=honest case1 ✓ holds ✓ holds"), "{lines:?}");
    assert!(
        lines[2].starts_with("folded ~deviations.merchant=withhold-item case1 ✓ holds ✗ violated which"),
        "{lines:?}"
    );
    assert_eq!(all(&page, "details.family").len(), 1, "the counterexamples of both unfold as one");
}

#[test]
fn the_other_sections_show_what_their_files_hold() {
    let (place, text) = reported();
    let page = Html::parse_document(&text);
    let struck: u64 =
        rows(&place, "results/hostile/coverage.csv").iter().map(|row| row[6].parse::<u64>().unwrap()).sum();
    let shown =
        all(&page, ".heat td:not(.none)").into_iter().map(|cell| cell.text().next().unwrap().trim().replace(',', ""));
    assert_eq!(shown.map(|count| count.parse::<u64>().unwrap_or_else(|_| panic!("{count:?}"))).sum::<u64>(), struck);
    let necessity: Vec<String> = all(&page, ".necessity tbody tr").into_iter().map(spaced).collect();
    assert!(necessity[0].starts_with("nothing: all are on") && necessity[0].ends_with("holds"), "{necessity:?}");
    assert!(necessity[1].starts_with("tombstone ✗ belief-customer 1 fault"), "{necessity:?}");
    assert!(necessity[1].ends_with("needed"), "{necessity:?}");
    assert!(necessity[2].ends_with("not needed within 2 faults"), "{necessity:?}");
    assert!(necessity[3].contains("✗ <b>clause</b> 0 faults by wrong-key"), "{necessity:?}");
    assert!(necessity[3].ends_with("needed only against wrong-key"), "{necessity:?}");
    assert!(
        necessity[4].starts_with("retransmit + tombstone") && necessity[4].contains("paid-no-goods"),
        "{necessity:?}"
    );
    let plain: Vec<String> = all(&page, ".plain tbody tr").into_iter().map(spaced).collect();
    assert_eq!(plain.len(), 5, "{plain:?}");
    assert_eq!(plain[4], "case2 honest money + goods tombstone 2 yes");
    let charts = all(&page, "svg.chart");
    assert_eq!(charts.len(), 2);
    let words = self::text(charts[0]);
    assert!(words.contains("case1") && words.contains("case3") && words.contains("12.5 %"), "{words}");
}

#[test]
fn every_figure_of_the_costs_stands_beside_its_bound() {
    let (place, text) = reported();
    let page = Html::parse_document(&text);
    let path = "results/priced~crypto=symbolic/costs.csv";
    let totals: Vec<csv::StringRecord> = rows(&place, path).into_iter().filter(|row| &row[3] == "total").collect();
    // The same figures come from real cryptography, and share the line.
    let lines: Vec<ElementRef<'_>> = all(&page, ".costs tbody tr").into_iter().collect();
    let line = |profile: &str| {
        let named = |line: &&ElementRef<'_>| self::text(**line).starts_with(&format!("{profile}, digests signed"));
        let found: Vec<_> = lines.iter().filter(named).collect();
        assert_eq!(found.len(), 1, "{profile}: {found:?}");
        self::text(*found[0])
    };
    for profile in ["none", "+privacy", "all"] {
        let total = totals.iter().find(|row| &row[16] == profile).unwrap();
        let (messages, least) = (&total[5], &total[23]);
        assert!(line(profile).contains(&format!("{messages}≥ {least}")), "{}", line(profile));
    }
    assert!(line("none").contains("priced~crypto=symbolic and 1 more"), "{}", line("none"));
    assert!(text.contains("Bounds: messages: derived; Dwork and Skeen 1983; bytes: derived"));
    assert!(!text.contains("below its bound"), "a figure that halfpaid measures is never below the bound it derives");
}

#[test]
fn a_figure_below_its_bound_is_marked() {
    let (place, _) = reported();
    let path = "results/priced~crypto=symbolic/costs.csv";
    let mut edited = csv::Writer::from_writer(Vec::new());
    let mut file = csv::Reader::from_path(place.at(path)).unwrap();
    edited.write_record(file.headers().unwrap()).unwrap();
    for row in file.records().map(Result::unwrap) {
        let dearer = |(at, cell): (usize, &str)| if (&row[3], at) == ("total", 23) { "1000" } else { cell }.to_owned();
        edited.write_record(row.iter().enumerate().map(dearer)).unwrap();
    }
    // The manifest says what is in the file.
    let edited = edited.into_inner().unwrap();
    let sum = |bytes: &[u8]| Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let manifest = "results/priced~crypto=symbolic/manifest.json";
    let matched = place.read(manifest).replace(&sum(place.read(path).as_bytes()), &sum(&edited));
    fs::write(place.at(manifest), matched).unwrap();
    fs::write(place.at(path), edited).unwrap();
    place.says(0, &["report", "results"]);
    let text = place.read("results/report.html");
    assert!(text.contains("≥ 1,000") && text.contains("below its bound"));
}

#[test]
fn words_of_users_are_words_on_the_page() {
    let (_, text) = reported();
    let page = Html::parse_document(&text);
    let about = all(&page, ".about").into_iter().map(self::text).find(|about| about.contains("alert"));
    assert_eq!(about.as_deref(), Some("<script>alert('1')</script> \"quoted\" & <b>bold</b> -->"));
    assert!(all(&page, ".about b, script, .necessity b").is_empty());
}

#[test]
fn the_same_results_give_the_same_bytes_wherever_they_go() {
    let (place, text) = reported();
    place.says(0, &["report", "results", "--to", "elsewhere/page.html"]);
    assert_eq!(place.read("elsewhere/page.html"), text);
    assert!(!text.contains(&*place.at("").to_string_lossy()), "a path of this machine");
}

#[test]
fn what_cannot_be_drawn_is_said_and_the_rest_is_there() {
    let place = Place::new().and("lost", LOST);
    place.halfpaid(&["explore", "case1", "--faults", "0", "--quiet"]).output().unwrap();
    let (_, err) = place.says(0, &["report", "results"]);
    assert!(!err.contains("no picture"), "what `explore` was asked is kept as a scenario: {err}");
    assert!(place.read("results/report.html").contains("-title\">explore-case1, case1: none"), "and drawn");
    // A scenario of another version may say what this one does not understand.
    let manifest = place.at("results/explore-case1/manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    assert!(text.contains("at_most = 0"), "{text}");
    fs::write(&manifest, text.replace("at_most = 0", "at_best = 0")).unwrap();
    let (_, err) = place.says(0, &["report", "results"]);
    assert!(err.contains("note: no picture of explore-case1: version"), "{err}");
    let text = place.read("results/report.html");
    assert!(text.contains("There is no picture: version") && text.contains("delivered-this"), "{text}");
    assert!(text.contains("There is no picture of half-paid and in-doubt time against loss"));
}

#[test]
fn a_folder_that_is_no_whole_result_exits_2_and_says_why() {
    let place = Place::new().and("lost", LOST);
    let says = |said: &str| {
        let (out, err) = place.says(2, &["report", "results"]);
        assert!(out.is_empty() && err.contains(said), "{err}");
        assert!(!place.at("results/report.html").exists());
    };
    says("expected a results folder");
    place.halfpaid(&["run", "scenarios", "--quiet"]).output().unwrap();
    fs::write(place.at("results/necessity.csv"), "without,clause\n1\n").unwrap();
    says("necessity.csv`, line 2: 1 columns in place of 2");
    fs::remove_file(place.at("results/necessity.csv")).unwrap();
    fs::write(place.at("results/lost/violations.csv"), "scenario\n").unwrap();
    says("is not what its manifest says");
    fs::remove_file(place.at("results/lost/manifest.json")).unwrap();
    says("has no manifest: `halfpaid run --resume`");
}

#[test]
fn a_replay_can_be_drawn_as_a_picture_of_its_own() {
    let (out, _) = Place::new().says(0, &["replay", "case1", "crash-forever M1 after 3#1", "--format", "svg"]);
    assert!(out.starts_with("<svg") && out.contains("<style>") && out.contains("paid-no-goods"), "{out}");
    let page = Html::parse_fragment(&out);
    assert_eq!(all(&page, "svg > text.head").into_iter().map(text).collect::<Vec<_>>(), ["C1", "M1", "P"]);
    // Eight messages: seven arrive or miss, and nothing is left under way.
    assert!(!all(&page, "line.arrow").is_empty() && !all(&page, ".cross").is_empty());
}

#[test]
fn a_picture_leaves_out_a_long_time_in_which_nothing_is_learned() {
    let plan = "delay 3#1; crash-forever M1 after 3#2";
    let (out, _) = Place::new().says(0, &["replay", "case1", plan, "--format", "svg"]);
    let page = Html::parse_fragment(&out);
    let words: Vec<String> = all(&page, "svg > text").into_iter().map(text).collect();
    let silence = words.iter().find(|line| line.contains("lines in which questions are repeated")).unwrap();
    let left_out: usize = silence.split(' ').nth(1).unwrap().parse().unwrap();
    assert!(left_out > 20 && words.len() < 100, "{left_out} of {}", words.len());
    // What comes after it is there: the message that was late.
    assert!(words.iter().any(|line| line.starts_with("Broken in the end.")), "{words:?}");
}
