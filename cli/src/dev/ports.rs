//! The three addresses of a system, and whether they are free.

use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};

use serde::{Deserialize, Serialize};

use super::fault::{Fault, OrFault};

/// The ports on which a system answers, all on the loopback address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ports {
    pub(crate) http: u16,
    pub(crate) edge: u16,
    pub(crate) grpc: u16,
}

impl Ports {
    /// Returns the usual ports, or three in a row from a base.
    pub(crate) fn new(base: Option<u16>) -> Result<Self, Fault> {
        match base {
            None => Ok(Self { http: 8080, edge: 8081, grpc: 50051 }),
            Some(base) if (1..=u16::MAX - 2).contains(&base) => {
                Ok(Self { http: base, edge: base + 1, grpc: base + 2 })
            }
            Some(base) => {
                Err(Fault::usage(format!("no three ports from {base} on")).hint("--port-base 18080"))
            }
        }
    }

    /// Returns the backend's address.
    pub(crate) fn backend_url(self) -> String {
        url(self.http)
    }

    /// Returns the edge's address.
    pub(crate) fn edge_url(self) -> String {
        url(self.edge)
    }

    /// Returns where edges connect.
    pub(crate) fn grpc_url(self) -> String {
        url(self.grpc)
    }

    /// Returns all three.
    pub(crate) fn all(self) -> [u16; 3] {
        [self.http, self.edge, self.grpc]
    }

    /// Checks that nobody else listens on any of them.
    pub(crate) fn check_free(self) -> Result<(), Fault> {
        let busy = |port: &u16| TcpListener::bind(local(*port)).is_err();
        let taken: Vec<String> = self.all().iter().filter(|port| busy(port)).map(u16::to_string).collect();
        if taken.is_empty() {
            return Ok(());
        }
        let (noun, verb) = if taken.len() == 1 { ("port", "is") } else { ("ports", "are") };
        Err(Fault::new(format!("{noun} {} {verb} in use by another program", taken.join(" and ")))
            .hint("fgctl dev --port-base 18080 takes 18080, 18081 and 18082 instead"))
    }
}

/// Returns a port on the loopback address that nobody listens on, and none of those that are meant for others.
pub(crate) fn any_free(others: &[u16]) -> Result<u16, Fault> {
    let doing = || "find a free port".to_owned();
    // Held until there is another, or the same could come again and again.
    let mut unwanted = Vec::new();
    loop {
        let listener = TcpListener::bind(local(0)).or_fault(doing)?;
        let port = listener.local_addr().or_fault(doing)?.port();
        if !others.contains(&port) {
            return Ok(port);
        }
        unwanted.push(listener);
    }
}

/// Returns this port, or another when somebody listens on it or it is meant for others.
pub(crate) fn this_or_any_free(port: u16, others: &[u16]) -> Result<u16, Fault> {
    let free = !others.contains(&port) && TcpListener::bind(local(port)).is_ok();
    if free { Ok(port) } else { any_free(others) }
}

/// Returns a port's address as the servers want it.
pub(crate) fn local(port: u16) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)
}

fn url(port: u16) -> String {
    format!("http://{}", local(port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_gives_three_in_a_row() {
        assert_eq!(Ports::new(Some(9000)).unwrap(), Ports { http: 9000, edge: 9001, grpc: 9002 });
        assert!(Ports::new(Some(0)).is_err() && Ports::new(Some(u16::MAX - 1)).is_err());
    }

    #[test]
    fn a_port_is_kept_unless_somebody_has_it_or_wants_it() {
        let listener = TcpListener::bind(local(0)).unwrap();
        let busy = listener.local_addr().unwrap().port();
        assert_ne!(this_or_any_free(busy, &[]).unwrap(), busy);
        drop(listener);
        assert_eq!(this_or_any_free(busy, &[]).unwrap(), busy);
        assert_ne!(this_or_any_free(busy, &[busy]).unwrap(), busy);
    }

    #[test]
    fn a_busy_port_is_named() {
        let listener = TcpListener::bind(local(0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let ports = Ports { http: port, edge: port, grpc: port };
        let fault = ports.check_free().unwrap_err();
        assert!(fault.message.contains(&port.to_string()), "{fault}");
        assert!(fault.hint.unwrap().contains("--port-base"));
    }
}
