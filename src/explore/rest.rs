//! When a state is at rest: nothing is under way or pending but what is repeated for ever and changes nobody who keeps to the protocol.
//! It is the same as [`World::at_rest`](crate::world::World::at_rest), worked out from the tables.

use rustc_hash::FxHashSet;

use super::table::{Full, Letter, Need, Tables};
use crate::world::Presence;

/// The shares that a party may have while nobody who keeps to the protocol changes. Of such a one there is never more than the first.
struct Shares {
    deviates: bool,
    known: Vec<u16>,
    /// From which to which an input leads.
    leads: Vec<(u16, u16)>,
}

impl Shares {
    /// Whether each of them may come to the first again.
    fn come_back(&self) -> bool {
        let mut back = vec![self.known[0]];
        loop {
            let more = self.leads.iter().find(|(local, after)| back.contains(after) && !back.contains(local));
            match more {
                Some((local, _)) => back.push(*local),
                None => return back.len() == self.known.len(),
            }
        }
    }
}

/// Whether with these shares every timer that is set, every letter that it sends, every answer to that, and so on, leaves every party as
/// it is; but for those who break the protocol, who must be able to come back to what they are.
pub(super) fn rests(locals: &[u16], moment: u8, tables: &mut Tables<'_>) -> Result<bool, Full> {
    let mut seats: Vec<Shares> = Vec::with_capacity(locals.len());
    for (seat, &local) in tables.seats.iter().zip(locals) {
        let deviates = tables.setup.deviations().any(|(side, _)| side == seat.party.side());
        seats.push(Shares { deviates, known: vec![local], leads: Vec::new() });
    }
    let (mut letters, mut tried): (Vec<u16>, FxHashSet<(u8, u16, u16)>) = (Vec::new(), FxHashSet::default());
    loop {
        let mut due: Vec<(u8, u16, u16)> = Vec::new();
        for (seat, shares) in seats.iter().enumerate() {
            for &local in &shares.known {
                let known = &tables.seats[seat];
                due.extend(known.timers[local as usize].iter().map(|timer| (seat as u8, local, *timer)));
                if known.presence[local as usize] == Presence::Up {
                    let theirs = letters.iter().map(|letter| &tables.letters[*letter as usize]);
                    let theirs = theirs.filter(|Letter { to, .. }| *to == seat as u8);
                    due.extend(theirs.map(|Letter { stimulus, .. }| (seat as u8, local, *stimulus)));
                }
            }
        }
        due.retain(|input| tried.insert(*input));
        if due.is_empty() {
            return Ok(seats.iter().all(Shares::come_back));
        }
        for (seat, local, stimulus) in due {
            tables.fill(Need::Move(seat, local, moment, stimulus))?;
            let Ok(found) = tables.find(seat, local, moment, stimulus) else { return Ok(false) };
            let shares = &mut seats[seat as usize];
            if found.moment(moment) != moment || found.after != local && !shares.deviates {
                return Ok(false);
            }
            if !shares.known.contains(&found.after) {
                shares.known.push(found.after);
            }
            shares.leads.push((local, found.after));
            for &letter in &found.sends {
                if !letters.contains(&letter) {
                    letters.push(letter);
                }
            }
        }
    }
}
