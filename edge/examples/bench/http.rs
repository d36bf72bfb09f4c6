//! As much HTTP as a generator of load needs: requests written once, answers as long as their head says.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, bail};

/// How long may an answer take?
const PATIENCE: Duration = Duration::from_secs(10);
/// What stands in a body for the number of a user, of as many digits, and for that of a flag.
pub(crate) const USER: &str = "########";
pub(crate) const FLAG: &str = "+++++";

/// Writes a request with a JSON body.
pub(crate) fn post(address: &str, path: &str, (key, body): (&str, &str)) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// Returns how long the answer is that begins these bytes, once its head is there.
pub(crate) fn length(bytes: &[u8]) -> Option<usize> {
    const LENGTH: &[u8] = b"content-length: ";
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let field = bytes.get(..head)?.windows(LENGTH.len()).position(|window| window == LENGTH)?;
    let digits = bytes.get(field + LENGTH.len()..head)?.iter().take_while(|byte| byte.is_ascii_digit());
    Some(head + digits.fold(0, |length, digit| length * 10 + usize::from(digit - b'0')))
}

/// Returns whether these bytes begin with a 200.
pub(crate) fn is_ok(bytes: &[u8]) -> bool {
    bytes.starts_with(b"HTTP/1.1 200")
}

/// One connection that is asked again and again.
pub(crate) struct Connection(TcpStream);

impl Connection {
    pub(crate) fn open(address: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).with_context(|| format!("cannot reach {address}"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self(stream))
    }

    /// Asks, and returns the answer with its head.
    pub(crate) fn ask(&mut self, request: &[u8]) -> anyhow::Result<Vec<u8>> {
        self.0.write_all(request)?;
        let (mut answer, mut buffer) = (Vec::new(), [0; 16 * 1024]);
        while length(&answer).is_none_or(|length| answer.len() < length) {
            match self.0.read(&mut buffer)? {
                0 => bail!("the server closed the connection"),
                read => answer.extend_from_slice(&buffer[..read]),
            }
        }
        Ok(answer)
    }
}
