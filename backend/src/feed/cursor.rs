//! Cursors: a place in one database's feed as opaque text, good on every replica.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

use super::reader::{ELSEWHERE, Start};
use crate::{
    error::{Error, Result},
    store::feed::Place,
};

/// Writes a place of a database, which its epoch names.
pub fn write(epoch: Uuid, place: Place) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}:{}:{}", epoch.simple(), place.xid, place.number))
}

/// Where a subscription begins that is given this cursor, or none.
pub fn start(epoch: Uuid, after: Option<&str>) -> Result<Start> {
    let Some(after) = after else { return Ok(Start::Now) };
    let (of, place) = read(after).ok_or_else(|| Error::invalid("after", "is no cursor of a subscription"))?;
    if of != epoch {
        return Err(Error::Stale(ELSEWHERE.to_owned()));
    }
    Ok(Start::Behind(place))
}

fn read(cursor: &str) -> Option<(Uuid, Place)> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let (epoch, place) = text.split_once(':')?;
    let (xid, number) = place.split_once(':')?;
    let number_of = |text: &str| text.parse::<i64>().ok().filter(|number| *number >= 0);
    Some((epoch.parse().ok()?, Place { xid: number_of(xid)?, number: number_of(number)? }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[test]
    fn cursors_come_back_as_they_went() {
        let (epoch, place) = (clock::new_id(), Place { xid: 730, number: 12 });
        let cursor = write(epoch, place);
        assert!(matches!(start(epoch, Some(&cursor)), Ok(Start::Behind(at)) if at == place));
        assert!(matches!(start(epoch, None), Ok(Start::Now)));
        let elsewhere = start(clock::new_id(), Some(&cursor));
        assert!(matches!(elsewhere, Err(Error::Stale(_))));
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        let text = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let epoch = clock::new_id().simple().to_string();
        for wrong in [
            String::new(),
            "%".to_owned(),
            text("12"),
            text("x:1:2"),
            text(&format!("{epoch}:1")),
            text(&format!("{epoch}:-1:2")),
            text(&format!("{epoch}:1:2:3")),
            text(&format!("{epoch}:99999999999999999999:2")),
        ] {
            assert!(matches!(start(clock::new_id(), Some(&wrong)), Err(Error::Invalid { .. })), "{wrong}");
        }
    }
}
