//! The flags of one environment in the order of their keys, for whoever asks for all of them, and a number that tells
//! whether any of it changed.

use std::collections::HashSet;
use std::sync::Arc;

use xxhash_rust::xxh3::Xxh3;

use crate::flag::{ByKey, ServedFlag};

/// Of how many flags must one have changed for sorting all of them to be the shorter way?
const SORT_ALL: usize = 16;

/// Tells two contents of an environment apart: equal on every edge that serves the same.
pub(crate) type Version = u128;

/// All flags of an environment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Listing {
    flags: Vec<Listed>,
    killed: usize,
    reweighted: bool,
    all: Version,
    client_side: Version,
}

/// One flag in its place.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    pub(crate) flag: Arc<ServedFlag>,
    pub(crate) killed: bool,
}

impl Listed {
    fn key(&self) -> &str {
        self.flag.flag().key()
    }
}

impl Listing {
    /// Returns the flags in the order of their keys.
    pub(crate) fn flags(&self) -> &[Listed] {
        &self.flags
    }

    /// Returns whether any kill switch is on.
    pub(crate) fn has_kills(&self) -> bool {
        self.killed > 0
    }

    /// Returns whether what was kept may decide in another way than what is served says.
    pub(crate) fn is_reweighted(&self) -> bool {
        self.reweighted
    }

    /// Returns the version of everything, or of what decides the flags that are meant for browsers and apps.
    pub(crate) fn version(&self, client_side_only: bool) -> Version {
        if client_side_only { self.client_side } else { self.all }
    }

    /// Takes in what `served` now has under the keys of `touched`.
    pub(crate) fn update(&mut self, touched: &[Arc<ServedFlag>], served: &HashSet<ByKey>) {
        if touched.len() > self.flags.len() / SORT_ALL {
            let listed = |ByKey(flag): &ByKey| Listed { flag: Arc::clone(flag), killed: false };
            self.flags = served.iter().map(listed).collect();
            self.flags.sort_unstable_by(|a, b| a.key().cmp(b.key()));
            return;
        }
        for flag in touched {
            let key = flag.flag().key();
            let now = served.get(key).map(|ByKey(flag)| Listed { flag: Arc::clone(flag), killed: false });
            match (self.place(key), now) {
                (Ok(place), Some(now)) => self.flags[place] = now,
                (Ok(place), None) => drop(self.flags.remove(place)),
                (Err(place), Some(now)) => self.flags.insert(place, now),
                (Err(_), None) => {}
            }
        }
    }

    /// Marks the flags whose kill switch is on and computes the versions; the last step of every change.
    pub(crate) fn finish(&mut self, kills: Option<&HashSet<Box<str>>>, served: &HashSet<ByKey>) {
        self.flags.iter_mut().for_each(|listed| listed.killed = false);
        self.killed = 0;
        for key in kills.into_iter().flatten() {
            if let Ok(place) = self.place(key) {
                self.flags[place].killed = true;
                self.killed += 1;
            }
        }
        self.reweighted =
            self.flags.iter().any(|listed| listed.flag.place().is_some_and(|place| place.reweighted));
        self.all = version(self.flags.iter());
        let needed = self.needed(served);
        let decides = |listed: &&Listed| {
            listed.flag.flag().client_side() || (!needed.is_empty() && needed.contains(listed.key()))
        };
        self.client_side = version(self.flags.iter().filter(decides));
    }

    /// Returns all that client-side flags depend on: it decides them, whether it is meant for everybody or not.
    fn needed<'s>(&'s self, served: &'s HashSet<ByKey>) -> HashSet<&'s str> {
        let client_side = self.flags.iter().filter(|listed| listed.flag.flag().client_side());
        let mut open: Vec<&ServedFlag> = client_side.map(|listed| &*listed.flag).collect();
        let mut needed = HashSet::new();
        while let Some(flag) = open.pop() {
            for key in flag.depends_on() {
                if needed.insert(key) {
                    open.extend(served.get(key).map(|ByKey(flag)| &**flag));
                }
            }
        }
        needed
    }

    fn place(&self, key: &str) -> Result<usize, usize> {
        self.flags.binary_search_by(|listed| listed.key().cmp(key))
    }
}

fn version<'l>(flags: impl Iterator<Item = &'l Listed>) -> Version {
    let mut hash = Xxh3::new();
    for listed in flags {
        hash.update(&listed.flag.fingerprint().to_le_bytes());
        hash.update(&[u8::from(listed.killed)]);
    }
    hash.digest128()
}

#[cfg(test)]
mod tests {
    use fluxgate_engine::FlagConfig;

    use super::*;

    fn flag(key: &str, rest: &str) -> Arc<ServedFlag> {
        let json = format!(r#"{{"enabled":true,"variants":{{"a":1}},"default":"a","off":"a"{rest}}}"#);
        let config = FlagConfig::from_json(&json).unwrap();
        Arc::new(ServedFlag::compile(key, 1, &config, json.as_bytes()).unwrap())
    }

    fn keys(listing: &Listing) -> Vec<&str> {
        listing.flags().iter().map(Listed::key).collect()
    }

    fn made(served: &HashSet<ByKey>, kills: Option<&HashSet<Box<str>>>) -> Listing {
        let mut listing = Listing::default();
        let all: Vec<_> = served.iter().map(|ByKey(flag)| Arc::clone(flag)).collect();
        listing.update(&all, served);
        listing.finish(kills, served);
        listing
    }

    #[test]
    fn changes_one_by_one_come_to_the_same_as_all_at_once() {
        let mut served: HashSet<ByKey> = (0..64).map(|n| ByKey(flag(&format!("f{n:02}"), ""))).collect();
        let mut listing = made(&served, None);
        let (added, changed) = (flag("f10-5", ""), flag("f20", r#","sticky":true"#));
        let removed = served.take("f30").unwrap().0;
        served.replace(ByKey(Arc::clone(&added)));
        served.replace(ByKey(Arc::clone(&changed)));
        listing.update(&[removed, added, changed], &served);
        listing.finish(None, &served);
        let whole = made(&served, None);
        assert_eq!(keys(&listing), keys(&whole));
        assert_eq!(listing.version(false), whole.version(false));
        assert!(keys(&listing).is_sorted() && keys(&listing).contains(&"f10-5"));
        assert!(!keys(&listing).contains(&"f30"));
    }

    #[test]
    fn a_version_follows_every_change_and_comes_back_with_the_content() {
        let mut served: HashSet<ByKey> = [ByKey(flag("a", "")), ByKey(flag("b", ""))].into();
        let before = made(&served, None).version(false);
        let killed = HashSet::from(["b".into()]);
        assert_ne!(made(&served, Some(&killed)).version(false), before, "a kill");
        let b = served.take("b").unwrap();
        assert_ne!(made(&served, None).version(false), before, "a flag that is gone");
        served.replace(ByKey(flag("b", r#","sticky":true"#)));
        assert_ne!(made(&served, None).version(false), before, "another document");
        served.replace(b);
        assert_eq!(made(&served, None).version(false), before);
    }

    #[test]
    fn the_client_side_version_follows_what_decides_it_and_nothing_else() {
        let shown = r#","clientSide":true,"dependsOn":[{"feature":"below"}]"#;
        let below = r#","dependsOn":[{"feature":"deep"}]"#;
        let mut served: HashSet<ByKey> = [
            ByKey(flag("shown", shown)),
            ByKey(flag("below", below)),
            ByKey(flag("deep", "")),
            ByKey(flag("inner", "")),
        ]
        .into();
        let before = made(&served, None);
        served.replace(ByKey(flag("inner", r#","sticky":true"#)));
        let inner = made(&served, None);
        assert_ne!(inner.version(false), before.version(false));
        assert_eq!(inner.version(true), before.version(true), "nobody outside sees it");
        served.replace(ByKey(flag("deep", r#","sticky":true"#)));
        assert_ne!(made(&served, None).version(true), before.version(true), "two levels below a shown one");
    }
}
