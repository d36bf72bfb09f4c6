//! The newest entries in memory: so many and no more, whoever listens and however slowly.

use std::{collections::VecDeque, sync::Arc};

use uuid::Uuid;

use crate::store::feed::{Place, Told};

/// How many entries are kept? Who is further behind reads the database.
const KEPT: usize = 1_024;

/// All that was told behind one place, up to another.
pub struct Recent {
    from: Place,
    until: Place,
    told: VecDeque<Arc<Told>>,
}

impl Recent {
    /// Nothing yet.
    pub fn new(from: Place) -> Recent {
        Recent { from, until: from, told: VecDeque::new() }
    }

    /// Up to where everything is here.
    pub fn until(&self) -> Place {
        self.until
    }

    /// Takes in what comes next, and with it everything up to a place is here.
    pub fn push(&mut self, told: Vec<Told>, until: Place) {
        self.told.extend(told.into_iter().map(Arc::new));
        self.until = self.until.max(until);
        while self.told.len() > KEPT {
            if let Some(gone) = self.told.pop_front() {
                self.from = gone.place();
            }
        }
    }

    /// At most so many of a team behind a place, and up to where these are all; nothing where it does not reach back that far.
    pub fn behind(&self, after: Place, team: Uuid, most: usize) -> Option<(Vec<Arc<Told>>, Place)> {
        if after < self.from {
            return None;
        }
        let first = self.told.partition_point(|told| told.place() <= after);
        let of_team = self.told.range(first..).filter(|told| told.team_id == team);
        let found: Vec<Arc<Told>> = of_team.take(most).cloned().collect();
        let until = match found.last() {
            Some(last) if found.len() == most => last.place(),
            _ => self.until.max(after),
        };
        Some((found, until))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    fn told(xid: i64, number: i64, team: Uuid) -> Told {
        Told {
            xid,
            number,
            at: clock::now(),
            actor: String::new(),
            action: String::new(),
            team_id: team,
            feature_id: None,
            change_id: None,
            environment: None,
            reason: None,
        }
    }

    fn place(xid: i64, number: i64) -> Place {
        Place { xid, number }
    }

    #[test]
    fn it_is_bounded_and_knows_what_it_forgot() {
        let team = clock::new_id();
        let mut recent = Recent::new(place(0, 0));
        let many = i64::try_from(KEPT).unwrap() * 3;
        recent.push((1..=many).map(|n| told(n, n, team)).collect(), place(many + 1, 0));
        assert_eq!(recent.told.len(), KEPT);
        assert!(recent.behind(place(1, 1), team, 10).is_none());
        let (found, until) = recent.behind(place(many - 20, many - 20), team, 10).unwrap();
        assert_eq!((found.len(), until), (10, place(many - 10, many - 10)));
        let (found, until) = recent.behind(until, team, 100).unwrap();
        assert_eq!((found.len(), until), (10, place(many + 1, 0)));
    }

    #[test]
    fn another_teams_entries_are_passed_over() {
        let (ours, theirs) = (clock::new_id(), clock::new_id());
        let mut recent = Recent::new(place(0, 0));
        recent.push(vec![told(1, 5, theirs), told(2, 4, ours), told(3, 6, theirs)], place(4, 0));
        let (found, until) = recent.behind(place(0, 0), ours, 10).unwrap();
        assert_eq!((found.len(), found[0].number, until), (1, 4, place(4, 0)));
    }
}
