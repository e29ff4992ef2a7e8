//! Twins in words: both runs with the commands that show them, the papers, and what the judge makes of these.

use std::fmt::Write;

use super::{Answer, Run, Twins};
use crate::diagram::dispute::hearing;
use crate::party::Side;

/// Prints what came of a search; `replay` is the command that shows a run. A run where names mean other contents is, but for these, the one
/// that it shows.
pub fn print(answer: &Answer, replay: &dyn Fn(&Run) -> String) -> String {
    let mut out = String::new();
    for twins in &answer.twins {
        out.push_str(&pair(twins, replay));
        out.push('\n');
    }
    out
}

fn pair(twins: &Twins, replay: &dyn Fn(&Run) -> String) -> String {
    let Twins { claim, true_in, guilty, false_in, evidence, decision } = twins;
    let other = if claim.by == Side::Customer { Side::Merchant } else { Side::Customer };
    let mut out = String::new();
    let _ = writeln!(out, "{} says \"{}\": two runs that no judge can tell apart", claim.by, claim.what.words());
    let guilty = guilty.map_or_else(|| format!("{other} denies it"), |side| format!("{side} is guilty"));
    for (truth, run, guilty) in [("true", true_in, guilty), ("false", false_in, format!("{} lies", claim.by))] {
        let _ = writeln!(out, "  it is {truth:<6} {guilty}: {}", course(run));
        let _ = writeln!(out, "               {}", replay(run));
    }
    let _ = writeln!(out, "  in both of them this may come before the judge:");
    out.push_str(&hearing(evidence, decision));
    let (ruling, wronged, truth) =
        if decision.upheld { ("upheld", other, "false") } else { ("rejected", claim.by, "true") };
    let _ = writeln!(out, "  {ruling}: {wronged} is wronged where the claim is {truth}");
    out
}

fn course(run: &Run) -> String {
    let cheat = match run.threat.side() {
        Some(side) => Some(format!("{side} does {}", run.threat.name())),
        None if run.threat.is_honest() => None,
        None => Some(format!("an outsider does {}", run.threat.name())),
    };
    let plan = &run.course.plan;
    let faults = (!plan.0.is_empty()).then(|| plan.to_string());
    let words: Vec<String> = cheat.into_iter().chain(faults).collect();
    let words = if words.is_empty() { "nothing goes wrong".to_owned() } else { words.join(", ") };
    if run.other_meanings { words + ", where the item's name means the other content" } else { words }
}
