//! Whose events a spool holds. What another client counted is not sent under this one's key: its backend would not count it.

use fluxgate_proto::unit::UnitKey;
use uuid::Uuid;

use super::ledger::Facts;
use crate::sync::KeyHash;

/// What the hash of is a team's mark: it tells teams apart, and nobody finds the key by it.
const MARK: &str = "fluxgate spool";

/// Whom this edge comes as.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owner {
    keys: Vec<KeyHash>,
    client: Option<Uuid>,
    team: Option<Vec<u8>>,
}

/// Whose a spool is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    Ours,
    Theirs,
    /// Before a backend has said whom this edge comes as.
    Unknown,
}

impl Owner {
    /// Whoever has a key; `others` are known to be of the same client.
    pub fn with_key(key: KeyHash, others: &[KeyHash]) -> Self {
        let others = others.iter().filter(|other| **other != key);
        Self { keys: std::iter::once(&key).chain(others).copied().collect(), client: None, team: None }
    }

    /// Notes whom a backend takes it for, and what the units of its team are hashed with.
    pub fn welcome(&mut self, client: Uuid, units: Option<&UnitKey>) {
        self.client = Some(client);
        self.team = units.map(|key| key.hash(MARK).to_vec());
    }

    /// Tells whose a spool is for which this was written down. Another client of the same team may send what it holds.
    pub(super) fn judge(&self, facts: Option<&Facts>) -> Whose {
        let Some(facts) = facts else { return Whose::Ours };
        let known = |known: &[u8], ours: Option<&[u8]>| !known.is_empty() && Some(known) == ours;
        let client = self.client.as_ref().map(|client| &client.as_bytes()[..]);
        let nameless = facts.client.is_empty() && facts.team.is_empty();
        if facts.key.is_empty() || self.keys.iter().any(|key| key[..] == facts.key) {
            Whose::Ours
        } else if client.is_none() {
            Whose::Unknown
        } else if nameless || known(&facts.client, client) || known(&facts.team, self.team.as_deref()) {
            // Of what nobody knows, a backend leaves out what is not this client's.
            Whose::Ours
        } else {
            Whose::Theirs
        }
    }

    /// Says who it is in what is written down.
    pub(super) fn sign(&self, facts: Facts) -> Facts {
        let key = self.keys.first().map(|key| key.to_vec()).unwrap_or_default();
        let client = self.client.map(|client| client.as_bytes().to_vec()).unwrap_or_default();
        Facts { key, client, team: self.team.clone().unwrap_or_default(), ..facts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spool_is_its_clients_or_its_teams_and_nobody_elses() {
        let team = |key: u8| UnitKey::new([key; 32]);
        let of = |key: u8, client: u128, units: u8| {
            let mut owner = Owner::with_key([key; 32], &[]);
            owner.welcome(Uuid::from_u128(client), Some(&team(units)));
            owner
        };
        let mine = of(1, 10, 100);
        let facts = mine.sign(Facts::default());
        for (other, whose) in [
            (Owner::with_key([1; 32], &[]), Whose::Ours),
            (Owner::with_key([2; 32], &[[1; 32]]), Whose::Ours),
            (Owner::with_key([2; 32], &[]), Whose::Unknown),
            (of(2, 10, 101), Whose::Ours),
            (of(2, 11, 100), Whose::Ours),
            (of(2, 11, 101), Whose::Theirs),
        ] {
            assert_eq!(other.judge(Some(&facts)), whose, "{other:?}");
        }
        assert_eq!(of(2, 11, 101).judge(None), Whose::Ours);
        assert_eq!(
            of(2, 11, 101).judge(Some(&Owner::with_key([1; 32], &[]).sign(Facts::default()))),
            Whose::Ours
        );
    }
}
