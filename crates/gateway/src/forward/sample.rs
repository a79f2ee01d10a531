//! From where and with what a token was used: one sample a minute.

use std::net::IpAddr;

use http::header::{HeaderMap, USER_AGENT};
use jiff::Timestamp;
use patgate_core::identifier::GrantId;

/// The longest user agent that is kept, in characters.
const LONGEST_USER_AGENT: usize = 200;

/// One use of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UseSample {
    /// Which token.
    pub grant: GrantId,
    /// When.
    pub at: Timestamp,
    /// The client's address.
    pub address: IpAddr,
    /// The `User-Agent`, at most 200 characters of visible ASCII; empty when there is none.
    pub user_agent: Box<str>,
}

impl UseSample {
    /// The sample of this use.
    #[must_use]
    pub fn of(grant: GrantId, at: Timestamp, address: IpAddr, headers: &HeaderMap) -> Self {
        let user_agent = headers.get(USER_AGENT).map_or(&[][..], |value| value.as_bytes());
        let readable = |byte: &u8| if (b' '..=b'~').contains(byte) { char::from(*byte) } else { '?' };
        let user_agent: String = user_agent.iter().take(LONGEST_USER_AGENT).map(readable).collect();
        Self { grant, at, address, user_agent: user_agent.into() }
    }
}
