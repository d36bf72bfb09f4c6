//! How wide columns are where there is little room, and which of them go.

/// How many columns stand between two fields?
pub(super) const GAP: usize = 2;

/// How narrow does a column of text become before others go?
const TEXT: usize = 16;

/// How narrow does a column become that always stays, before others go?
const NAME: usize = 24;

/// How narrow does one become when nothing is left to go but states, which become as narrow as text before: names, then
/// states?
const TIGHT: [usize; 2] = [12, 6];

/// How long a column stays where there is little room. The first one, which names the thing, always does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stays {
    /// What is good to know goes first.
    Short,
    #[default]
    Usual,
    /// States, of which nothing is cut off either, as long as others can go.
    Long,
    /// The state that is most asked for.
    Longest,
    Always,
}

/// What a column would like.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wish {
    pub(super) width: usize,
    pub(super) stays: Stays,
    /// Whether what is too long goes on below, so that it is made narrow after the others.
    pub(super) prose: bool,
}

/// Returns how wide each column is so that they fit, none for those left out, and `sign` columns beside if there are any.
pub(super) fn fit(wishes: &[Wish], room: usize, sign: usize) -> Vec<Option<usize>> {
    let (mut kept, mut gone): (Vec<usize>, Vec<usize>) = ((0..wishes.len()).collect(), Vec::new());
    let mut found = None;
    while found.is_none() {
        found = squeezed(wishes, &kept, (room, sign));
        if found.is_none() {
            // The least important, of those the one furthest to the right.
            let Some(least) = (1..kept.len()).rev().min_by_key(|at| wishes[kept[*at]].stays) else {
                break;
            };
            gone.push(kept.remove(least));
        }
    }
    // A narrow one may fit again where a wide one has gone after it.
    for column in gone.into_iter().rev() {
        let mut with = kept.clone();
        with.insert(kept.partition_point(|before| *before < column), column);
        if let Some(widths) = squeezed(wishes, &with, (room, sign)) {
            (kept, found) = (with, Some(widths));
        }
    }
    let mut all = vec![None; wishes.len()];
    for (column, width) in kept.iter().zip(found.unwrap_or_else(|| vec![room])) {
        all[*column] = Some(width);
    }
    all
}

/// Returns how wide these columns are if they can be made to fit.
fn squeezed(wishes: &[Wish], kept: &[usize], (room, sign): (usize, usize)) -> Option<Vec<usize>> {
    let room = if kept.len() < wishes.len() { room.saturating_sub(GAP + sign) } else { room };
    let gaps = GAP * kept.len().saturating_sub(1);
    let mut widths: Vec<usize> = kept.iter().map(|column| wishes[*column].width).collect();
    let stays = |at: usize| if kept[at] == 0 { Stays::Always } else { wishes[kept[at]].stays };
    let mut narrow = |which: &dyn Fn(Stays) -> bool, least: usize| {
        for prose in [false, true] {
            for at in (0..widths.len()).rev() {
                if which(stays(at)) && wishes[kept[at]].prose == prose {
                    let excess = (widths.iter().sum::<usize>() + gaps).saturating_sub(room);
                    widths[at] = widths[at].saturating_sub(excess).max(widths[at].min(least));
                }
            }
        }
    };
    narrow(&|stays| stays <= Stays::Usual, TEXT);
    narrow(&|stays| stays == Stays::Always, NAME);
    if (0..kept.len()).all(|at| stays(at) > Stays::Usual) {
        narrow(&|stays| stays != Stays::Always, TEXT);
        narrow(&|stays| stays == Stays::Always, TIGHT[0]);
        narrow(&|stays| stays == Stays::Long, TIGHT[1]);
        narrow(&|stays| stays == Stays::Longest, TIGHT[1]);
        narrow(&|_| true, TIGHT[1]);
    }
    (widths.iter().sum::<usize>() + gaps <= room).then_some(widths)
}

#[cfg(test)]
mod tests {
    use super::{Stays, Wish, fit};

    fn wishes(all: &[(usize, Stays)]) -> Vec<Wish> {
        all.iter().map(|(width, stays)| Wish { width: *width, stays: *stays, prose: false }).collect()
    }

    #[test]
    fn the_name_is_cut_before_states_go() {
        use Stays::{Long, Longest, Short, Usual};
        let of = |key, room| {
            let list = [(key, Usual), (10, Short), (9, Short), (13, Long), (11, Long), (15, Longest)];
            fit(&wishes(&list), room, 1)
        };
        assert_eq!(of(30, 99), [30, 10, 9, 13, 11, 15].map(Some));
        assert_eq!(of(64, 92), [24, 10, 9, 13, 11, 15].map(Some));
        assert_eq!(of(64, 80), [Some(32), None, None, Some(13), Some(11), Some(15)]);
        assert_eq!(of(64, 40), [Some(12), None, None, Some(6), Some(6), Some(7)]);
        assert_eq!(of(64, 25), [Some(6), None, None, Some(6), None, Some(6)]);
    }

    #[test]
    fn what_is_least_important_goes_first_and_the_rightmost_of_them() {
        use Stays::{Always, Short, Usual};
        let list = wishes(&[(4, Usual), (10, Short), (14, Usual), (14, Usual), (30, Always)]);
        assert_eq!(fit(&list, 75, 1), [4, 10, 14, 14, 25].map(Some));
        assert_eq!(fit(&list, 70, 1), [Some(4), None, Some(14), Some(14), Some(29)]);
        assert_eq!(fit(&list, 50, 1), [Some(4), None, Some(14), None, Some(25)]);
    }

    #[test]
    fn a_narrow_one_comes_back_where_a_wide_one_went() {
        use Stays::Usual;
        let list = wishes(&[(17, Usual), (3, Usual), (41, Usual), (3, Usual)]);
        assert_eq!(fit(&list, 34, 1), [Some(17), Some(3), None, Some(3)]);
    }
}
