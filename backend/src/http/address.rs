//! Where a request came from: the peer, or what a proxy of ours says of it.

use std::{net::IpAddr, str::FromStr};

use actix_web::HttpRequest;

/// A network of proxies that are believed, like `10.0.0.0/8` or `127.0.0.1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    bits: u32,
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Network, String> {
        let wrong = || format!("\"{text}\" is no address or network, like 10.0.0.1 or 10.0.0.0/8");
        let (base, bits) = match text.trim().split_once('/') {
            Some((base, bits)) => (base, Some(bits.parse::<u32>().map_err(|_| wrong())?)),
            None => (text.trim(), None),
        };
        let base = base.parse::<IpAddr>().map_err(|_| wrong())?.to_canonical();
        let all = if base.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(all);
        if bits > all { Err(wrong()) } else { Ok(Network { base, bits }) }
    }
}

impl Network {
    fn contains(&self, address: IpAddr) -> bool {
        let (differ, all) = match (self.base, address) {
            (IpAddr::V4(a), IpAddr::V4(b)) => (u128::from(a.to_bits() ^ b.to_bits()), 32),
            (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits(), 128),
            _ => return false,
        };
        differ.checked_shr(all - self.bits).unwrap_or(0) == 0
    }
}

/// Who sent the request. Only proxies of ours are believed, each for the one before it; what stands further left in
/// `X-Forwarded-For` anybody may have written.
pub fn of(http: &HttpRequest, trusted: &[Network]) -> Option<IpAddr> {
    let peer = http.peer_addr()?.ip().to_canonical();
    let told = http.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
    let told: Vec<&str> = told.flat_map(|value| value.split(',')).collect();
    Some(through(peer, &told, trusted))
}

fn through(peer: IpAddr, told: &[&str], trusted: &[Network]) -> IpAddr {
    let mut last = peer;
    for address in told.iter().rev() {
        if !trusted.iter().any(|network| network.contains(last)) {
            break;
        }
        let Ok(address) = address.trim().parse::<IpAddr>() else { break };
        last = address.to_canonical();
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()];
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        for (peer, told, expected) in [
            ("203.0.113.9", vec!["1.1.1.1"], "203.0.113.9"),
            ("10.1.2.3", vec![], "10.1.2.3"),
            ("10.1.2.3", vec!["203.0.113.9"], "203.0.113.9"),
            ("10.1.2.3", vec!["1.1.1.1", " 203.0.113.9", "10.9.9.9"], "203.0.113.9"),
            ("::1", vec!["1.1.1.1", "garbage"], "::1"),
            ("11.0.0.1", vec!["203.0.113.9"], "11.0.0.1"),
        ] {
            assert_eq!(through(ip(peer), &told, &trusted), ip(expected), "{peer} {told:?}");
        }
    }

    #[test]
    fn networks_have_their_form() {
        let all: Network = "0.0.0.0/0".parse().unwrap();
        assert!(all.contains("8.8.8.8".parse().unwrap()) && !all.contains("::1".parse().unwrap()));
        for wrong in ["", "10.0.0.0/33", "10.0.0/8", "localhost", "::/129", "10.0.0.1/x"] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
    }
}
