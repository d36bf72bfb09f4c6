//! Which of several backends is asked next: any of them serves any edge.

/// A place in the list of backends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backends {
    count: usize,
    at: usize,
    /// How many refused the credentials since one accepted them.
    refused: usize,
}

impl Backends {
    /// Begins anywhere, so that edges that start together are spread; `chance` is evenly distributed over 0.0..1.0.
    pub(super) fn new(count: usize, chance: f64) -> Self {
        let count = count.max(1);
        let at = (1..count).filter(|at| chance * count as f64 >= *at as f64).count();
        Self { count, at, refused: 0 }
    }

    /// Returns the number of the one to ask.
    pub(super) fn current(self) -> usize {
        self.at
    }

    /// Moves on.
    pub(super) fn next(&mut self) {
        self.at = (self.at + 1) % self.count;
    }

    /// Moves on from one that was lost or that refused the credentials; returns whether all of them have refused. One that
    /// does not know a new key yet says little.
    pub(super) fn lost(&mut self, refused: bool) -> bool {
        self.next();
        self.refused += usize::from(refused);
        let everywhere = self.refused >= self.count;
        if everywhere {
            self.refused = 0;
        }
        everywhere
    }

    /// Takes note that the credentials were accepted.
    pub(super) fn accepted(&mut self) {
        self.refused = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_begin_anywhere_and_come_round() {
        let starts = [0.0, 0.32, 0.34, 0.65, 0.67, 0.999].map(|chance| Backends::new(3, chance).current());
        assert_eq!(starts, [0, 0, 1, 1, 2, 2]);
        let mut backends = Backends::new(3, 0.5);
        let visited = [(); 4].map(|()| {
            backends.lost(false);
            backends.current()
        });
        assert_eq!(visited, [2, 0, 1, 2]);
        assert_eq!(Backends::new(0, 0.9).current(), 0);
    }

    #[test]
    fn credentials_are_refused_when_all_refuse_them() {
        let mut backends = Backends::new(2, 0.0);
        assert!(!backends.lost(true));
        assert!(!backends.lost(false), "one that is away says nothing");
        assert!(backends.lost(true));
        assert!(!backends.lost(true));
        backends.accepted();
        assert!(!backends.lost(true));
    }
}
