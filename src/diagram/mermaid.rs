//! The picture as a Mermaid sequence diagram, for pages that draw these.

use super::{Transcript, What, spoken};

/// Draws the run.
pub fn draw(transcript: &Transcript) -> String {
    let mut out = String::from("sequenceDiagram\n");
    for party in transcript.parties() {
        out.push_str(&format!("    participant {party}\n"));
    }
    for entry in transcript.entries() {
        let line = match &entry.what {
            What::Sent { from, to, site, says, bytes, fault, lost, .. } => {
                let arrow = if *lost { "-x" } else { "->>" };
                let fault = if fault.is_empty() { String::new() } else { format!(" [{fault}]") };
                format!("    {from}{arrow}{to}: {} {}{fault}", clean(&site.to_string()), clean(&spoken(says, *bytes)))
            }
            What::At { party, mark, note, .. } => format!("    Note over {party}: {} {}", clean(mark), clean(note)),
        };
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// `#` and `;` mean something to Mermaid.
fn clean(text: &str) -> String {
    text.replace('#', "#35;").replace(';', ",")
}
