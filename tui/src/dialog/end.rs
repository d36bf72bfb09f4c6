//! When a kill ends: by hand, or by itself, at a time that is typed or stepped to.

use chrono::{DateTime, Datelike, DurationRound, NaiveTime, SecondsFormat, TimeDelta, Utc};
use fluxgate_wording::time;
use tui_input::Input;

use super::field::edit;
use crate::key::Key;

/// How many minutes may a kill last until it ends by itself? As long as the server lets it.
const LONGEST: i64 = 365 * 24 * 60;
/// After how many does it, unless somebody says otherwise?
const USUAL: &str = "30";
/// By how many minutes do + and - move it?
const STEP: i64 = 10;

/// The end of a kill, as it is entered.
#[derive(Clone, Debug)]
pub(crate) struct End {
    pub(crate) by_hand: bool,
    /// Minutes, how long as `2h 30m`, or when.
    pub(crate) typed: Input,
    /// The moment that it names, where it names one: as it was meant when it was typed, to the fraction of a second.
    exact: Option<DateTime<Utc>>,
    /// Whether that is what nobody typed.
    proposed: bool,
    /// Whether keys go to what is typed, and not to the choice before it.
    pub(crate) in_box: bool,
}

impl End {
    /// Begins by hand, with what is usual beside it.
    pub(crate) fn by_hand() -> Self {
        let typed = Input::new(USUAL.to_owned());
        Self { by_hand: true, typed, exact: None, proposed: true, in_box: false }
    }

    /// Begins with a time.
    pub(crate) fn at(at: DateTime<Utc>) -> Self {
        Self { by_hand: false, typed: Input::new(text(at)), exact: Some(at), proposed: true, in_box: false }
    }

    /// Goes to its other part, if that lies this way.
    pub(crate) fn turn(&mut self, forth: bool) -> bool {
        let turned = self.in_box != forth;
        self.in_box = forth;
        turned
    }

    /// Returns when the kill ends; never by itself, where that is none. Words say what is wrong with it.
    pub(crate) fn when(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, String> {
        if self.by_hand {
            return Ok(None);
        }
        self.typed_at(now).map(Some)
    }

    fn typed_at(&self, now: DateTime<Utc>) -> Result<DateTime<Utc>, String> {
        let typed = self.typed.value().trim();
        let at = match typed.parse::<i64>() {
            _ if self.exact.is_some() => self.exact,
            Ok(minutes) => TimeDelta::try_minutes(minutes).and_then(|after| now.checked_add_signed(after)),
            Err(_) => time::moment(typed, now).ok(),
        };
        match at {
            None => Err("an end is minutes, or like 30m, 2h, 07:00Z or 2026-11-30T07:00Z".to_owned()),
            Some(at) if at <= now => Err("the end is past".to_owned()),
            Some(at) if at > last(now) => Err("a kill ends within a year, or by hand".to_owned()),
            Some(at) => Ok(at),
        }
    }

    /// Returns whether what is typed is a time, and not how long.
    pub(crate) fn is_time(&self) -> bool {
        self.typed.value().contains([':', '-'])
    }

    /// Returns what stands behind the box: what the number is, when that is, or in how long.
    pub(crate) fn unit(&self, now: DateTime<Utc>) -> String {
        let typed = self.typed.value().trim();
        match self.typed_at(now) {
            _ if typed.chars().all(|c| c.is_ascii_digit()) => "minutes".to_owned(),
            Ok(at) if self.is_time() => format!("in {}", time::left(at, now)),
            Ok(at) => time::when(at, now),
            Err(_) => "?".to_owned(),
        }
    }

    /// Takes a key; returns whether it says something else now.
    pub(crate) fn key(&mut self, key: Key, now: DateTime<Utc>) -> bool {
        match key {
            Key::Char('+') => self.step(STEP, now),
            Key::Char('-') if !self.is_date(now) => self.step(-STEP, now),
            Key::Char(' ' | 'h' | 'l') | Key::Left | Key::Right if !self.in_box => {
                self.by_hand = !self.by_hand;
                true
            }
            // A number is one wherever it is typed; all else of the choice is no text.
            key if !self.in_box && !matches!(key, Key::Char('0'..='9')) => false,
            key => {
                self.in_box = true;
                if self.proposed && matches!(key, Key::Char(_)) {
                    self.typed.reset();
                }
                let changed = edit(&mut self.typed, key);
                if changed {
                    (self.by_hand, self.proposed) = (false, false);
                    self.exact = of_day(self.typed.value().trim(), now);
                }
                changed
            }
        }
    }

    /// Returns whether a date is being typed, of which `-` is a part.
    fn is_date(&self, now: DateTime<Utc>) -> bool {
        let typed = self.typed.value();
        let year = |year: i32| typed == year.to_string();
        self.in_box && !self.proposed && (typed.contains('-') || year(now.year()) || year(now.year() + 1))
    }

    /// Moves the end by so many minutes, as far as it may go: a number stays one, a time as well.
    fn step(&mut self, minutes: i64, now: DateTime<Utc>) -> bool {
        let before = (self.by_hand, self.typed.value().to_owned());
        let typed = before.1.trim();
        let number = typed.parse::<i64>().ok();
        let at = self.typed_at(now);
        let exact = self.exact.take();
        let moved = match (self.by_hand, number, at) {
            // What is proposed comes first.
            (true, ..) => {
                self.exact = exact;
                before.1.clone()
            }
            (_, Some(number), _) => number.saturating_add(minutes).clamp(1, LONGEST).to_string(),
            (_, None, Ok(at)) => {
                let at = at.checked_add_signed(TimeDelta::minutes(minutes)).unwrap_or(at);
                let soonest = now + TimeDelta::minutes(1);
                match self.is_time() {
                    true => {
                        let at = at.clamp(soonest, last(now));
                        self.exact = Some(at);
                        text(at)
                    }
                    // How long it is stays how long it is.
                    false => format!("{}m", (at - now).num_minutes().clamp(1, LONGEST)),
                }
            }
            // What is no end is mended by whoever typed it.
            (_, None, Err(_)) => {
                self.exact = exact;
                return false;
            }
        };
        self.by_hand = false;
        self.typed = Input::new(moved);
        before != (self.by_hand, self.typed.value().to_owned())
    }
}

/// Reads a time of day, in UTC like all that are shown: the next one.
fn of_day(typed: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let time = NaiveTime::parse_from_str(typed.trim_end_matches(['Z', 'z']), "%H:%M").ok()?;
    let today = now.date_naive().and_time(time).and_utc();
    if today > now { Some(today) } else { today.checked_add_signed(TimeDelta::days(1)) }
}

/// Returns the latest end that there may be.
fn last(now: DateTime<Utc>) -> DateTime<Utc> {
    now.checked_add_signed(TimeDelta::minutes(LONGEST)).unwrap_or(now)
}

/// Returns a time as it is typed.
fn text(at: DateTime<Utc>) -> String {
    let at = at.duration_trunc(TimeDelta::seconds(1)).unwrap_or(at);
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};

    use super::End;
    use crate::key::Key;

    fn now() -> DateTime<Utc> {
        "2026-11-20T12:41:07Z".parse().unwrap()
    }

    fn typed(text: &str) -> End {
        let mut end = End::by_hand();
        end.turn(true);
        for c in text.chars() {
            end.key(Key::Char(c), now());
        }
        end
    }

    #[test]
    fn minutes_a_duration_or_a_time_are_typed() {
        let minutes = |text: &str| {
            let at = typed(text).when(now());
            at.map(|at| at.map(|at| (at - now()).num_seconds()))
        };
        assert_eq!(minutes("45"), Ok(Some(2_700)));
        assert_eq!(minutes("2h 30m"), Ok(Some(9_000)));
        assert_eq!(minutes("2026-11-20T13:00Z"), Ok(Some(1_133)), "- is a part of a date");
        assert_eq!(minutes("13:00"), Ok(Some(1_133)));
        assert_eq!(minutes("12:41Z"), Ok(Some(24 * 3_600 - 7)), "of tomorrow");
        // The one that was meant when it was typed, and not that of tomorrow.
        let noon = typed("12:42");
        assert!(noon.when(now() + TimeDelta::minutes(2)).unwrap_err().contains("past"));
        assert!(minutes("soon").unwrap_err().contains("30m, 2h"));
        assert!(minutes("0").unwrap_err().contains("past"));
        assert!(minutes("2026-11-20").unwrap_err().contains("past"));
        assert!(minutes("366d").unwrap_err().contains("within a year"));
        assert_eq!(minutes("60d"), Ok(Some(60 * 24 * 3_600)));
        assert!(minutes("99999999999999999999").is_err());
    }

    #[test]
    fn steps_are_of_ten_minutes_and_bounded() {
        let step = |text: &str, keys: &str| {
            let mut end = typed(text);
            for c in keys.chars() {
                end.key(Key::Char(c), now());
            }
            end.typed.value().to_owned()
        };
        assert_eq!(step("45", "+"), "55");
        assert_eq!(step("45", "------"), "1");
        assert_eq!(step("525595", "+"), "525600");
        assert_eq!(step("soon", "+"), "soon");
        assert_eq!(step("2h", "+"), "130m");
        assert_eq!(step("2h", "---------------"), "1m");
        let mut end = End::at(now() + TimeDelta::minutes(15));
        end.key(Key::Char('+'), now());
        assert_eq!(end.typed.value(), "2026-11-20T13:06:07Z");
        for _ in 0..4 {
            end.key(Key::Char('-'), now());
        }
        assert_eq!(end.typed.value(), "2026-11-20T12:42:07Z");
        let mut end = End::by_hand();
        assert!(end.key(Key::Char('+'), now()) && !end.by_hand);
        assert_eq!(end.typed.value(), "30", "what is proposed comes first");
        let mut end = End::by_hand();
        for key in [Key::Backspace, Key::Ctrl('u'), Key::Home, Key::Char('x')] {
            assert!(!end.key(key, now()) && end.by_hand && !end.in_box, "{key:?}");
        }
        // What nobody touches is kept as it is: a fraction sooner would be a restore.
        let at = now() + TimeDelta::milliseconds(90_250);
        assert_eq!(End::at(at).when(now()), Ok(Some(at)));
        // Whoever kills for months may put that off.
        let mut end = End::at(now() + TimeDelta::days(60));
        assert!(end.key(Key::Char('+'), now()) && end.when(now()).is_ok());
    }
}
