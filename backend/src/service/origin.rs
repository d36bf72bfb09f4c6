//! Web origins: the pages that may ask with a browser's key.

use crate::error::{Error, Result};

/// How many may a client have?
const MAX_ORIGINS: usize = 20;
/// How long may the name of a host be?
const MAX_HOST: usize = 253;

/// The origins as a browser writes them, each once; `path` is the input's field.
pub fn check(path: &str, origins: Vec<String>) -> Result<Vec<String>> {
    if origins.len() > MAX_ORIGINS {
        return Err(Error::invalid(path, format!("has more than {MAX_ORIGINS} origins")));
    }
    let mut checked: Vec<String> = Vec::new();
    for (n, origin) in origins.into_iter().enumerate() {
        let Some(normal) = normal(&origin) else {
            let shown: String = origin.chars().take(MAX_HOST).collect();
            let wanted = "https://host[:port], or http://localhost[:port]; no path, no wildcard";
            return Err(Error::invalid(
                &format!("{path}[{n}]"),
                format!("\"{shown}\" is no web origin: {wanted}"),
            ));
        };
        if !checked.contains(&normal) {
            checked.push(normal);
        }
    }
    Ok(checked)
}

/// As a browser sends it: in lower case, without the scheme's own port.
pub fn normal(origin: &str) -> Option<String> {
    let origin = origin.trim().to_ascii_lowercase();
    let (scheme, rest) = origin.split_once("://")?;
    let (host, port) = match rest.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (rest, None),
    };
    let own_port = match (scheme, host) {
        ("https", _) => 443,
        ("http", "localhost") => 80,
        _ => return None,
    };
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if host.len() > MAX_HOST || !host.split('.').all(label) {
        return None;
    }
    match port {
        None => Some(format!("{scheme}://{host}")),
        Some(port) if port.bytes().all(|b| b.is_ascii_digit()) => match port.parse::<u16>().ok()? {
            0 => None,
            port if port == own_port => Some(format!("{scheme}://{host}")),
            port => Some(format!("{scheme}://{host}:{port}")),
        },
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_written_as_browsers_send_them() {
        for (given, expected) in [
            ("https://shop.example", "https://shop.example"),
            (" HTTPS://Shop.Example:443 ", "https://shop.example"),
            ("https://shop.example:8443", "https://shop.example:8443"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://localhost:80", "http://localhost"),
            ("https://xn--mnchen-3ya.example", "https://xn--mnchen-3ya.example"),
            ("https://10.0.0.1", "https://10.0.0.1"),
        ] {
            assert_eq!(normal(given).as_deref(), Some(expected), "{given}");
        }
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for wrong in [
            "",
            "*",
            "null",
            "shop.example",
            "http://shop.example",
            "https://*.example",
            "https://shop.example/",
            "https://shop.example/path",
            "https://user@shop.example",
            "https://shop.example:",
            "https://shop.example:0",
            "https://shop.example:65536",
            "https://shop.example:+1",
            "https://münchen.example",
            "https://",
            "https://a..b",
            "https://-a.example",
            "ftp://shop.example",
            "http://localhost.example",
            "https://a b",
            "https://[::1]",
        ] {
            assert_eq!(normal(wrong), None, "{wrong}");
        }
        let many = vec!["https://a".to_owned(); MAX_ORIGINS + 1];
        assert!(check("origins", many).is_err());
        let twice = vec!["https://a".to_owned(), "https://A:443".to_owned()];
        assert_eq!(check("origins", twice).unwrap(), ["https://a"]);
    }
}
