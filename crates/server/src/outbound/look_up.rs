//! Looking up whom to call: a name once for each call, within the time that the call may take.

use std::io;
use std::net::SocketAddr;

use url::{Host, Url};

use super::{CallFault, place};

/// All addresses that the host of a URL stands for; an address stands for itself, and `find` is asked about a name.
///
/// # Errors
/// [`CallFault::Unreachable`] when nobody knows the name.
pub(crate) async fn addresses<F>(
    url: &Url,
    find: impl FnOnce(String, u16) -> F,
) -> Result<Vec<SocketAddr>, CallFault>
where
    F: Future<Output = io::Result<Vec<SocketAddr>>>,
{
    let port = url.port_or_known_default().unwrap_or(443);
    match url.host() {
        Some(Host::Ipv4(address)) => Ok(vec![(address, port).into()]),
        Some(Host::Ipv6(address)) => Ok(vec![(address, port).into()]),
        Some(Host::Domain(name)) => {
            let found = find(name.to_owned(), port).await;
            found.map_err(|error| CallFault::Unreachable { to: place(url), reason: error.to_string() })
        }
        None => Ok(Vec::new()),
    }
}

/// The one that is called, of those for which the host of a URL stands.
///
/// # Errors
/// [`CallFault::Unreachable`] when there is none.
pub(crate) fn first(url: &Url, addresses: &[SocketAddr]) -> Result<SocketAddr, CallFault> {
    let none = || CallFault::Unreachable { to: place(url), reason: "the name has no address".to_owned() };
    addresses.first().copied().ok_or_else(none)
}

/// Asks the system for the addresses of a name.
///
/// # Errors
/// When it knows none, or cannot ask.
pub(crate) async fn system(name: String, port: u16) -> io::Result<Vec<SocketAddr>> {
    Ok(tokio::net::lookup_host((name, port)).await?.collect())
}
