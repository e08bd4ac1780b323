//! A membership as bytes: four groups, each with its length before it, and whether the joint change ends
//! by itself.

use super::{Joint, Membership, Nodes};
use crate::bytes::{Damaged, Reader};

/// No joint change is under way.
const SIMPLE: u8 = 0;
const STAYS: u8 = 1;
/// One that ends by itself.
const LEAVES: u8 = 2;

impl Membership {
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let (outgoing, staged, kind) = match &self.joint {
            None => (&Nodes::new(), &Nodes::new(), SIMPLE),
            Some(Joint { outgoing, staged, auto_leave }) => {
                (outgoing, staged, if *auto_leave { LEAVES } else { STAYS })
            }
        };
        for group in [&self.voters, &self.learners, outgoing, staged] {
            out.extend((group.len() as u32).to_le_bytes());
            out.extend(group.iter().flat_map(|id| id.to_le_bytes()));
        }
        out.push(kind);
    }

    /// How many bytes [`encode`](Self::encode) writes.
    pub(crate) fn length(&self) -> usize {
        let old = self.joint.as_ref().map_or(0, |it| it.outgoing.len() + it.staged.len());
        4 * 4 + 8 * (self.voters.len() + self.learners.len() + old) + 1
    }

    pub(crate) fn decode(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        let [voters, learners, outgoing, staged] =
            [group(from)?, group(from)?, group(from)?, group(from)?];
        let joint = match from.u8()? {
            SIMPLE if outgoing.is_empty() && staged.is_empty() => None,
            kind @ (STAYS | LEAVES) if !outgoing.is_empty() && staged.is_subset(&outgoing) => {
                Some(Joint { outgoing, staged, auto_leave: kind == LEAVES })
            }
            _ => return Err(Damaged("a membership that cannot be")),
        };
        let membership = Self { voters, learners, joint };
        if membership.learners.iter().any(|id| membership.is_voter(*id)) {
            return Err(Damaged("a node that votes and only listens"));
        }
        Ok(membership)
    }
}

fn group(from: &mut Reader<'_>) -> Result<Nodes, Damaged> {
    let count = from.u32()?;
    let mut nodes = Nodes::new();
    for _ in 0..count {
        let id = from.u64()?;
        if id == 0 || !nodes.insert(id) {
            return Err(Damaged("a node without a name, or twice in a group"));
        }
    }
    Ok(nodes)
}
