//! Throttling of tries to prove who one is, by counts that all replicas share.
//!
//! **Passwords.** A failure counts for the pair of account and address, for the address, and for the account.
//!
//! - From the fifth failure of a pair on, its next try waits 1 s, 2 s, 4 s … up to 15 minutes.
//! - From the fifth failure of an address on, over whatever accounts, its next try waits likewise, up to a minute.
//! - An account that fails from many addresses shortens what each of them has for free: a pair that has failed once
//!   waits as long as the account's count says, up to a minute **since its own last failure**.
//!
//! So nobody is locked out by strangers: a right password from an address without failures always gets in, and what
//! others do elsewhere never makes an address wait longer than a minute after a failure of its own. A try that is
//! refused is not looked at, and counts for nothing. An account is the name that was typed, so that one that does not
//! exist is treated the same. An address of IPv6 stands for its /64.
//!
//! Counts are looked at before the password is hashed and again after, one try of a pair at a time: of many at once
//! only as many are answered as there are tries left, whether right or wrong. Signing in takes back what the pair
//! failed, and nothing else: somebody with an account of their own cannot wipe an address clean with it.
//!
//! **Secrets that we made** (the bootstrap token, refresh tokens) cannot be guessed, so a right one always gets in; of
//! wrong ones an address hears LIMITED from the fifth on.
//!
//! Counts are forgotten an hour after the last failure. The table is bounded; so is what failures write to the audit:
//! past five, only each doubling is told, with the count.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use crate::{
    auth::{Request, secret::sha256},
    error::{Error, Result},
    store::failure::{self, Failure},
};

/// How many failures are free of delay?
const FREE: i32 = 5;
/// How long does the next try wait then? It doubles with each further failure.
const FIRST_DELAY: TimeDelta = TimeDelta::seconds(1);
/// How long does a pair of account and address wait at most?
const MAX_PAIR_DELAY: TimeDelta = TimeDelta::minutes(15);
/// How long does anybody wait at most for what others failed?
const MAX_SHARED_DELAY: TimeDelta = TimeDelta::minutes(1);
/// When is it all forgotten?
const REMEMBERED: TimeDelta = TimeDelta::hours(1);
/// How many counts are kept?
const MAX_KEPT: i64 = 100_000;
/// How many old ones does a new failure clear away?
const SWEPT: i64 = 20;

/// Whose tries are counted: an account from an address.
pub struct Tries {
    pair: Vec<u8>,
    account: Vec<u8>,
    address: Vec<u8>,
    now: DateTime<Utc>,
}

impl Tries {
    /// Of this account, from where the request came.
    pub fn of(account: &str, request: &Request) -> Tries {
        let network = network(request);
        Tries {
            pair: sha256(&format!("pair\0{network}\0{account}")),
            account: sha256(&format!("account\0{account}")),
            address: sha256(&format!("address\0{network}")),
            now: request.now,
        }
    }

    fn keys(&self) -> [Vec<u8>; 3] {
        [self.pair.clone(), self.account.clone(), self.address.clone()]
    }
}

/// Refuses a try that comes too soon after others that failed.
pub async fn check(conn: &mut PgConnection, tries: &Tries) -> Result<()> {
    let rows = failure::get(conn, &tries.keys(), tries.now - REMEMBERED).await?;
    refuse(wait(tries, &rows))
}

/// Like `check`, with no other try of the pair being decided until the transaction ends.
pub async fn check_alone(conn: &mut PgConnection, tries: &Tries) -> Result<()> {
    failure::lock(conn, &tries.pair).await?;
    check(conn, tries).await
}

/// Counts a failure. Gives the count when the audit should tell of it.
pub async fn failed(conn: &mut PgConnection, tries: &Tries) -> Result<Option<i32>> {
    let since = tries.now - REMEMBERED;
    let rows = failure::add(conn, &tries.keys(), (since, tries.now)).await?;
    failure::sweep(conn, since, (MAX_KEPT, SWEPT)).await?;
    Ok(told(&rows))
}

/// The count, when the audit should tell of it.
fn told(rows: &[Failure]) -> Option<i32> {
    let count = rows.iter().map(|row| row.failures).max().unwrap_or(1);
    (count <= FREE || u32::try_from(count).is_ok_and(u32::is_power_of_two)).then_some(count)
}

/// Takes back what the pair failed.
pub async fn succeeded(conn: &mut PgConnection, tries: &Tries) -> Result<()> {
    failure::take_back(conn, &tries.pair, &tries.address).await?;
    Ok(failure::forget(conn, &tries.account).await?)
}

/// Counts a wrong secret of ours; from the fifth of an address on it is refused as one too many. Gives the count when the
/// audit should tell of it.
pub async fn wrong_secret(conn: &mut PgConnection, what: &str, request: &Request) -> Result<Option<i32>> {
    let key = sha256(&format!("{what}\0{}", network(request)));
    let since = request.now - REMEMBERED;
    let rows = failure::get(conn, std::slice::from_ref(&key), since).await?;
    let row = rows.first();
    refuse(row.and_then(|row| until(row, row.failures, MAX_SHARED_DELAY)).map(|end| end - request.now))?;
    let rows = failure::add(conn, &[key], (since, request.now)).await?;
    failure::sweep(conn, since, (MAX_KEPT, SWEPT)).await?;
    Ok(told(&rows))
}

/// Forgets up to so many counts that are old, or too many. Gives how many.
pub async fn sweep(conn: &mut PgConnection, now: DateTime<Utc>, most: i64) -> Result<u64> {
    Ok(failure::sweep(conn, now - REMEMBERED, (MAX_KEPT, most)).await?)
}

fn refuse(wait: Option<TimeDelta>) -> Result<()> {
    match wait.filter(|wait| *wait > TimeDelta::zero()) {
        None => Ok(()),
        Some(wait) => {
            let seconds = u64::try_from((wait.num_milliseconds() + 999) / 1000).unwrap_or(1);
            Err(Error::limited(format!("too many tries have failed: wait {seconds} s"), seconds))
        }
    }
}

/// How long this try has to wait yet.
fn wait(tries: &Tries, rows: &[Failure]) -> Option<TimeDelta> {
    let find = |key: &[u8]| rows.iter().find(|row| row.key == key);
    let (pair, account, address) = (find(&tries.pair), find(&tries.account), find(&tries.address));
    let ends = [
        pair.and_then(|row| until(row, row.failures, MAX_PAIR_DELAY)),
        pair.zip(account).and_then(|(row, account)| until(row, account.failures, MAX_SHARED_DELAY)),
        address.and_then(|row| until(row, row.failures, MAX_SHARED_DELAY)),
    ];
    ends.into_iter().flatten().max().map(|end| end - tries.now)
}

/// When the next try is looked at, after so many failures.
fn until(row: &Failure, failures: i32, most: TimeDelta) -> Option<DateTime<Utc>> {
    let past = u32::try_from(failures - FREE).ok()?;
    let delay = FIRST_DELAY.checked_mul(1_i32.checked_shl(past.min(20))?)?.min(most);
    row.last_at.checked_add_signed(delay)
}

/// What stands for where a request came from.
fn network(request: &Request) -> String {
    let address = request.address.as_deref().unwrap_or_default();
    match address.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        Ok(IpAddr::V4(address)) => address.to_string(),
        Err(_) => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    fn request(address: &str) -> Request {
        Request { now: clock::now(), id: clock::new_id(), address: Some(address.to_owned()), dry_run: false }
    }

    fn rows(tries: &Tries, [pair, account, address]: [i32; 3], ago: i64) -> Vec<Failure> {
        let last_at = tries.now - TimeDelta::seconds(ago);
        let counts = tries.keys().into_iter().zip([pair, account, address]);
        let counts = counts.filter(|(_, failures)| *failures > 0);
        counts.map(|(key, failures)| Failure { key, failures, last_at }).collect()
    }

    #[test]
    fn delays_double_up_to_their_bound() {
        let tries = Tries::of("dev", &request("10.0.0.1"));
        let seconds = |counts, ago| wait(&tries, &rows(&tries, counts, ago)).map(|wait| wait.num_seconds());
        assert_eq!(seconds([4, 4, 4], 0), None);
        assert_eq!(seconds([5, 5, 5], 0), Some(1));
        assert_eq!(seconds([8, 8, 8], 3), Some(5));
        assert_eq!(seconds([100, 100, 100], 0), Some(15 * 60));
        // Others failed from this address, with other accounts.
        assert_eq!(seconds([0, 0, 100], 0), Some(60));
        // The account failed elsewhere: nothing waits here until something failed here.
        assert_eq!(seconds([0, 100, 0], 0), None);
        assert_eq!(seconds([1, 100, 1], 0), Some(60));
    }

    #[test]
    fn an_address_stands_for_its_network() {
        for (a, b, same) in [
            ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true),
            ("2001:db8:1:2::1", "2001:db8:1:3::1", false),
            ("::ffff:10.0.0.1", "10.0.0.1", true),
            ("10.0.0.1", "10.0.0.2", false),
        ] {
            assert_eq!(network(&request(a)) == network(&request(b)), same, "{a} {b}");
        }
    }
}
