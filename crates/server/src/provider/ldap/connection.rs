//! One connection to a server of a directory. Every wait has a limit, and so has everything that is read.

use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;

use super::ber::{Malformed, SEQUENCE, measure};
use super::entry::Entry;
use super::fault::{FaultOf, LdapFault, Step};
use super::message::{self, Outcome, Response, Search};
use super::settings::DirectorySettings;
use super::tls;
use super::url::ServerUrl;

/// The longest message that is read: an entry with ten thousand groups is shorter.
const LONGEST_MESSAGE: usize = 2 * 1_024 * 1_024;
/// The most bytes of all answers to the searches of one call.
const MOST_BYTES: usize = 32 * 1_024 * 1_024;
/// How many searches are sent before their answers are read. slapd takes a thousand, 100 from a stranger.
pub(super) const AT_ONCE: usize = 32;

/// `success`, `sizeLimitExceeded`, `adminLimitExceeded`, `noSuchObject` (RFC 4511 Appendix A).
pub(super) const SUCCESS: u32 = 0;
pub(super) const SIZE_LIMIT_EXCEEDED: u32 = 4;
pub(super) const ADMIN_LIMIT_EXCEEDED: u32 = 11;
pub(super) const NO_SUCH_OBJECT: u32 = 32;

/// What a search brought.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) entries: Vec<Entry>,
    pub(super) outcome: Outcome,
}

/// An open connection.
#[derive(Debug)]
pub(super) struct Connection {
    stream: Either<TcpStream, TlsStream<TcpStream>>,
    received: BytesMut,
    /// The bytes of the messages since the last search began.
    read: usize,
    /// The number of the last request.
    last: u32,
    limit: Duration,
    url: ServerUrl,
}

impl Connection {
    /// Connects, and encrypts as the settings say before anything else is said.
    pub(super) async fn open(
        settings: &DirectorySettings,
        url: &ServerUrl,
        tls: Option<&TlsConnector>,
    ) -> Result<Self, LdapFault> {
        let limit = settings.connect_timeout;
        let stream = match tokio::time::timeout(limit, TcpStream::connect((url.host.as_str(), url.port)))
            .await
        {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                let detail = format!("cannot connect to `{url}` ({error}); check host, port and firewall");
                return Err(LdapFault::new(Step::Connect, detail));
            }
            Err(_) => {
                let detail = format!("`{url}` took no connection within {} s", limit.as_secs());
                return Err(LdapFault::new(Step::Connect, detail));
            }
        };
        // Requests are short and each waits for its answer.
        let _ = stream.set_nodelay(true);
        let mut connection = Self {
            stream: Either::Left(stream),
            received: BytesMut::new(),
            read: 0,
            last: 0,
            limit: settings.timeout,
            url: url.clone(),
        };
        match tls {
            None => Ok(connection),
            Some(tls) => {
                if !url.is_ldaps {
                    connection.start_tls().await?;
                }
                connection.encrypt(tls, limit).await
            }
        }
    }

    /// The version of TLS, when it is encrypted.
    pub(super) fn tls_version(&self) -> Option<&'static str> {
        match &self.stream {
            Either::Left(_) => None,
            Either::Right(stream) => Some(match stream.get_ref().1.protocol_version() {
                Some(rustls::ProtocolVersion::TLSv1_2) => "TLS 1.2",
                Some(rustls::ProtocolVersion::TLSv1_3) => "TLS 1.3",
                _ => "TLS",
            }),
        }
    }

    /// Signs in by a password, and tells what the server said to it.
    pub(super) async fn bind(&mut self, step: Step, dn: &str, password: &str) -> Result<Outcome, LdapFault> {
        if password.is_empty() {
            // The server would take us for nobody, and say that this went well (RFC 4513 §5.1.2).
            return Err(LdapFault::new(step, "an empty password is never sent"));
        }
        self.last += 1;
        let request = message::bind(self.last, dn, password);
        let limit = self.limit;
        let answer = async {
            self.send(step, &request).await?;
            match self.receive(step).await? {
                (id, Response::Bound(outcome)) if id == self.last => Ok(outcome),
                _ => Err(self.unasked(step)),
            }
        };
        let outcome = tokio::time::timeout(limit, answer).await;
        outcome.unwrap_or_else(|_| Err(self.silent(step)))
    }

    /// Searches, for all of them at once, and returns what each brought, in their order.
    pub(super) async fn search(
        &mut self,
        step: Step,
        searches: &[Search<'_>],
    ) -> Result<Vec<Found>, LdapFault> {
        let mut all = Vec::with_capacity(searches.len());
        self.read = 0;
        for some in searches.chunks(AT_ONCE) {
            let first = self.last + 1;
            let mut requests = Vec::new();
            for search in some {
                self.last += 1;
                requests.extend(message::search(self.last, search));
            }
            let mut entries: Vec<Vec<Entry>> = some.iter().map(|_| Vec::new()).collect();
            let mut outcomes: Vec<Option<Outcome>> = some.iter().map(|_| None).collect();
            let limit = self.limit;
            let sent = tokio::time::timeout(limit, self.send(step, &requests)).await;
            sent.unwrap_or_else(|_| Err(self.silent(step)))?;
            // The limit is for each answer: many of them take as long as they take.
            while outcomes.iter().any(Option::is_none) {
                let next = self.next_end(step, first, &mut entries, &mut outcomes);
                let ended = tokio::time::timeout(limit, next).await;
                ended.unwrap_or_else(|_| Err(self.silent(step)))?;
            }
            let ended = entries.into_iter().zip(outcomes);
            all.extend(ended.filter_map(|(entries, outcome)| Some(Found { entries, outcome: outcome? })));
        }
        Ok(all)
    }

    /// Says farewell, and does not wait for anything.
    pub(super) async fn close(mut self) {
        let request = message::unbind(self.last + 1);
        let farewell = async {
            let _ = self.stream.write_all(&request).await;
            let _ = self.stream.shutdown().await;
        };
        let _ = tokio::time::timeout(Duration::from_secs(1), farewell).await;
    }

    /// Reads until one of the searches has ended.
    async fn next_end(
        &mut self,
        step: Step,
        first: u32,
        entries: &mut [Vec<Entry>],
        outcomes: &mut [Option<Outcome>],
    ) -> Result<(), LdapFault> {
        loop {
            let (id, response) = self.receive(step).await?;
            if self.read > MOST_BYTES {
                return Err(self.unreadable(step, "its answers are longer than 32 MiB"));
            }
            let at = id.checked_sub(first).and_then(|at| usize::try_from(at).ok());
            let place = at.and_then(|at| Some((entries.get_mut(at)?, outcomes.get_mut(at)?)));
            match (place, response) {
                (Some((entries, None)), Response::Entry(entry)) => entries.push(entry),
                (Some((_, outcome @ None)), Response::Done(done)) => {
                    *outcome = Some(done);
                    return Ok(());
                }
                (Some((_, None)), Response::Reference | Response::Other) => {}
                _ => return Err(self.unasked(step)),
            }
        }
    }

    async fn start_tls(&mut self) -> Result<(), LdapFault> {
        let step = Step::Tls;
        self.last += 1;
        let request = message::start_tls(self.last);
        let limit = self.limit;
        let answer = async {
            self.send(step, &request).await?;
            self.receive(step).await
        };
        let answer = tokio::time::timeout(limit, answer).await;
        match answer.unwrap_or_else(|_| Err(self.silent(step)))? {
            (id, Response::Extended(outcome)) if id == self.last => match outcome.code {
                SUCCESS => Ok(()),
                code => Err(refused(step, &self.url, "StartTLS", code, &outcome.words)),
            },
            _ => Err(self.unasked(step)),
        }
    }

    async fn encrypt(self, tls: &TlsConnector, limit: Duration) -> Result<Self, LdapFault> {
        let Self { stream, received, read, last, limit: answer, url } = self;
        // What was said in the clear behind the answer was put there by somebody on the way.
        let Either::Left(stream) = stream else { return Err(unasked(Step::Tls, &url)) };
        if !received.is_empty() {
            return Err(unasked(Step::Tls, &url));
        }
        match tokio::time::timeout(limit, tls.connect(url.name.clone(), stream)).await {
            Ok(Ok(stream)) => {
                Ok(Self { stream: Either::Right(stream), received, read, last, limit: answer, url })
            }
            Ok(Err(error)) => Err(tls::failed(&url, &error)),
            Err(_) => {
                let detail = format!("`{url}` made no handshake within {} s", limit.as_secs());
                Err(LdapFault::new(Step::Tls, detail))
            }
        }
    }

    async fn send(&mut self, step: Step, request: &[u8]) -> Result<(), LdapFault> {
        let written = async {
            self.stream.write_all(request).await?;
            self.stream.flush().await
        };
        written.await.map_err(|error| self.broken(step, &error.to_string()))
    }

    async fn receive(&mut self, step: Step) -> Result<(u32, Response), LdapFault> {
        loop {
            if self.received.first().is_some_and(|first| *first != SEQUENCE) {
                return Err(self.unreadable(step, &Malformed.to_string()));
            }
            let length =
                measure(&self.received).map_err(|error| self.unreadable(step, &error.to_string()))?;
            if length.is_some_and(|length| length > LONGEST_MESSAGE) {
                return Err(self.unreadable(step, "its answer is longer than 2 MiB"));
            }
            if let Some(length) = length.filter(|length| *length <= self.received.len()) {
                let whole = self.received.split_to(length);
                self.read += length;
                let read =
                    message::read(&whole).map_err(|error| self.unreadable(step, &error.to_string()))?;
                return match read {
                    (0, Response::Extended(notice)) => {
                        Err(refused(step, &self.url, "the connection", notice.code, &notice.words))
                    }
                    read => Ok(read),
                };
            }
            self.received.reserve(16 * 1_024);
            match self.stream.read_buf(&mut self.received).await {
                Ok(0) => return Err(self.broken(step, "it closed the connection")),
                Ok(_) => {}
                Err(error) => return Err(self.broken(step, &error.to_string())),
            }
        }
    }

    /// What this server refused, in its words.
    pub(super) fn refused(&self, step: Step, what: &str, outcome: &Outcome) -> LdapFault {
        refused(step, &self.url, what, outcome.code, &outcome.words)
    }

    fn broken(&self, step: Step, reason: &str) -> LdapFault {
        LdapFault::new(step, format!("the connection to `{}` failed: {reason}", self.url))
    }

    fn unreadable(&self, step: Step, reason: &str) -> LdapFault {
        LdapFault { of: FaultOf::Content, ..self.broken(step, reason) }
    }

    fn silent(&self, step: Step) -> LdapFault {
        LdapFault::new(step, format!("`{}` gave no answer within {} s", self.url, self.limit.as_secs()))
    }

    fn unasked(&self, step: Step) -> LdapFault {
        unasked(step, &self.url)
    }
}

/// What a server refused, in its words.
pub(super) fn refused(step: Step, url: &ServerUrl, what: &str, code: u32, words: &str) -> LdapFault {
    let name = match code {
        1 => " operationsError",
        2 => " protocolError",
        3 => " timeLimitExceeded",
        4 => " sizeLimitExceeded",
        8 => " strongerAuthRequired",
        10 => " referral",
        13 => " confidentialityRequired",
        32 => " noSuchObject",
        34 => " invalidDNSyntax",
        48 => " inappropriateAuthentication",
        49 => " invalidCredentials",
        50 => " insufficientAccessRights",
        51 => " busy",
        52 => " unavailable",
        53 => " unwillingToPerform",
        _ => "",
    };
    let words = if words.is_empty() { String::new() } else { format!(": {words}") };
    LdapFault::new(step, format!("`{url}` refused {what} (LDAP {code}{name}{words})"))
}

fn unasked(step: Step, url: &ServerUrl) -> LdapFault {
    LdapFault::new(step, format!("`{url}` said what it was not asked, as somebody who meddles would"))
}
