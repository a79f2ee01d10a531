//! From a host's name to a server that takes mails.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;

use super::exchange::{ask, failure, refusal};
use super::reply::Abilities;
use super::tls::{Shown, client_config};
use super::wire::{Wire, shown, within};
use super::{Connection, sign_in};
use crate::mail::certificate::describe;
use crate::mail::fault::MailFault;
use crate::mail::report::{Report, StepName, TlsFacts};
use crate::mail::server::{Checks, Encryption, SmtpServer};
use crate::mail::words::Blanked;
use crate::tls::{Authorities, NoAuthorities};

/// The most addresses of a host that are tried.
const MOST_ADDRESSES: usize = 8;

/// The whole way; every step that was taken is in the report, the fault is not.
pub(super) async fn open(server: &SmtpServer, report: &mut Report) -> Result<Connection, MailFault> {
    let addresses = resolve(server, report).await?;
    let stream = connect(server, &addresses, report).await?;
    let hello = hello(server, &stream);
    let (wire, abilities) = if server.encryption == Encryption::Implicit {
        let mut wire = Wire::new(Either::Right(encrypt(server, stream, report).await?));
        greet(server, &mut wire, report).await?;
        let abilities = introduce(server, &mut wire, &hello).await?;
        (wire, abilities)
    } else {
        let mut wire = Wire::new(stream);
        greet(server, &mut wire, report).await?;
        let abilities = introduce(server, &mut wire, &hello).await?;
        if wants_starttls(server, &abilities, report)? {
            let stream = start_tls(server, wire).await?;
            let mut wire = Wire::new(Either::Right(encrypt(server, stream, report).await?));
            // What was said in the clear does not count any more (RFC 3207 §4.2).
            let abilities = introduce(server, &mut wire, &hello).await?;
            (wire, abilities)
        } else {
            let stream = wire.into_inner().ok_or_else(|| unasked(StepName::Greeting))?;
            (Wire::new(Either::Left(stream)), abilities)
        }
    };
    let is_encrypted = matches!(wire.get_ref(), Either::Right(_));
    let blanked = server.credentials.as_ref().map_or_else(Blanked::nothing, Blanked::of);
    let (limits, sender) = (server.limits, server.sender.clone());
    let mut connection =
        Connection { wire, limits, abilities, blanked, sender, is_open: true, awaits_verdict: false };
    match &server.credentials {
        None => report.skipped(StepName::Authentication, "without a username and a password"),
        Some(credentials) => sign_in::sign_in(&mut connection, credentials, is_encrypted, report).await?,
    }
    Ok(connection)
}

async fn resolve(server: &SmtpServer, report: &mut Report) -> Result<Vec<SocketAddr>, MailFault> {
    let (step, limit) = (StepName::Resolve, server.limits.connect);
    let looked_up = within(limit, tokio::net::lookup_host((server.host.as_str(), server.port))).await;
    let found = match looked_up {
        None => {
            let detail = format!("no answer within {} about the host `{}`", shown(limit), server.host);
            return Err(MailFault::temporary(step, detail));
        }
        Some(Err(error)) => {
            let detail = format!("the host `{}` cannot be found ({error}); check its name", server.host);
            return Err(MailFault::temporary(step, detail));
        }
        Some(Ok(found)) => found,
    };
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for address in found {
        if !addresses.contains(&address) && addresses.len() < MOST_ADDRESSES {
            addresses.push(address);
        }
    }
    if addresses.is_empty() {
        return Err(MailFault::temporary(step, format!("the host `{}` has no address", server.host)));
    }
    let list: Vec<_> = addresses.iter().map(|address| address.ip().to_string()).collect();
    report.done(step, format!("`{}` is {}", server.host, list.join(", ")), None);
    Ok(addresses)
}

async fn connect(
    server: &SmtpServer,
    addresses: &[SocketAddr],
    report: &mut Report,
) -> Result<TcpStream, MailFault> {
    let limit = server.limits.connect;
    let mut failures = Vec::new();
    for address in addresses {
        match within(limit, TcpStream::connect(address)).await {
            Some(Ok(stream)) => {
                // Commands are short and each waits for its answer.
                let _ = stream.set_nodelay(true);
                report.done(StepName::Connect, format!("connected to {address}"), None);
                return Ok(stream);
            }
            Some(Err(error)) => failures.push(format!("{address}: {error}")),
            None => failures.push(format!("{address}: no answer within {}", shown(limit))),
        }
    }
    let detail = format!("cannot connect ({}); check host, port and firewall", failures.join("; "));
    Err(MailFault::temporary(StepName::Connect, detail))
}

/// What we call ourselves: as the administrator wants, else by our address, which every server can check (RFC 5321
/// §4.1.3).
fn hello(server: &SmtpServer, stream: &TcpStream) -> String {
    let address = stream.local_addr().map(|address| address.ip().to_canonical());
    server.hello.clone().unwrap_or_else(|| match address {
        Ok(IpAddr::V4(address)) => format!("[{address}]"),
        Ok(IpAddr::V6(address)) => format!("[IPv6:{address}]"),
        Err(_) => "[127.0.0.1]".to_owned(),
    })
}

async fn greet<S: AsyncRead + AsyncWrite + Unpin>(
    server: &SmtpServer,
    wire: &mut Wire<S>,
    report: &mut Report,
) -> Result<(), MailFault> {
    let step = StepName::Greeting;
    let greeting = wire.reply(server.limits.read).await.map_err(|fault| failure(step, &fault))?;
    if !greeting.is_positive() {
        return Err(refusal(step, &greeting, &Blanked::nothing()));
    }
    report.done(step, "the server takes mails", Some(Blanked::nothing().clean(&greeting.text())));
    Ok(())
}

async fn introduce<S: AsyncRead + AsyncWrite + Unpin>(
    server: &SmtpServer,
    wire: &mut Wire<S>,
    hello: &str,
) -> Result<Abilities, MailFault> {
    let step = StepName::Greeting;
    let reply = ask(wire, step, &format!("EHLO {hello}"), server.limits).await?;
    if reply.is_positive() {
        return Ok(Abilities::read(&reply));
    }
    if reply.is_temporary() {
        return Err(refusal(step, &reply, &Blanked::nothing()));
    }
    // A server from before 1995 (RFC 5321 §3.2): it can take mail, and nothing else.
    let reply = ask(wire, step, &format!("HELO {hello}"), server.limits).await?;
    if reply.is_positive() {
        Ok(Abilities::default())
    } else {
        Err(refusal(step, &reply, &Blanked::nothing()))
    }
}

fn wants_starttls(
    server: &SmtpServer,
    abilities: &Abilities,
    report: &mut Report,
) -> Result<bool, MailFault> {
    match (server.encryption, abilities.starttls) {
        (Encryption::Never, _) => {
            report.skipped(StepName::Tls, "not encrypted, because `mail.smtp.starttls.enable` is `false`");
            Ok(false)
        }
        (Encryption::Offered | Encryption::Required | Encryption::Implicit, true) => Ok(true),
        (Encryption::Required | Encryption::Implicit, false) => Err(MailFault::permanent(
            StepName::Tls,
            "the server does not offer STARTTLS, and without it nothing is sent; use port 465 if it takes TLS there",
        )),
        (Encryption::Offered, false) => {
            report.skipped(StepName::Tls, "not encrypted, because the server does not offer STARTTLS");
            Ok(false)
        }
    }
}

async fn start_tls(server: &SmtpServer, mut wire: Wire<TcpStream>) -> Result<TcpStream, MailFault> {
    let step = StepName::Tls;
    let reply = ask(&mut wire, step, "STARTTLS", server.limits).await?;
    if !reply.is_positive() {
        return Err(refusal(step, &reply, &Blanked::nothing()));
    }
    wire.into_inner().ok_or_else(|| unasked(step))
}

fn unasked(step: StepName) -> MailFault {
    MailFault::permanent(step, "the server said more than it was asked, as somebody who meddles would")
}

async fn encrypt(
    server: &SmtpServer,
    stream: TcpStream,
    report: &mut Report,
) -> Result<TlsStream<TcpStream>, MailFault> {
    let step = StepName::Tls;
    let authorities = authorities(server).await?;
    let shown_certificate = Shown::default();
    let config =
        client_config(server.checks, server.versions, authorities.as_ref(), shown_certificate.clone())
            .map_err(|error| MailFault::permanent(step, format!("TLS cannot be used: {error}")))?;
    let limit = server.limits.read;
    let handshake = TlsConnector::from(Arc::new(config)).connect(server.name.clone(), stream);
    let outcome = within(limit, handshake).await;
    let facts = shown_certificate.certificate().map(|certificate| describe(&certificate));
    report.tls.clone_from(&facts);
    match outcome {
        None => Err(MailFault::temporary(step, format!("no handshake within {}", shown(limit)))),
        Some(Err(error)) => Err(handshake_failed(&error, facts.as_ref())),
        Some(Ok(stream)) => {
            let version = stream.get_ref().1.protocol_version().map(|version| match version {
                rustls::ProtocolVersion::TLSv1_2 => "TLS 1.2".to_owned(),
                rustls::ProtocolVersion::TLSv1_3 => "TLS 1.3".to_owned(),
                other => format!("{other:?}"),
            });
            let mut facts = facts.unwrap_or_default();
            facts.version = version.clone();
            let judged = match server.checks {
                Checks::All => "",
                Checks::AnyName => " (its name is not checked)",
                Checks::Nothing => " (not checked)",
            };
            let version = version.unwrap_or_default();
            report.done(step, format!("{version}; {}{judged}", certificate_in_words(&facts)), None);
            report.tls = Some(facts);
            Ok(stream)
        }
    }
}

/// Those that judge this server; none are needed when nothing is judged.
async fn authorities(server: &SmtpServer) -> Result<Option<Authorities>, MailFault> {
    if server.checks == Checks::Nothing || server.authorities.is_some() {
        return Ok(server.authorities.clone());
    }
    match Authorities::read(None).await {
        Ok(authorities) => Ok(Some(authorities)),
        Err(ending @ NoAuthorities::Ending) => Err(MailFault::temporary(StepName::Tls, ending.to_string())),
        Err(none) => Err(MailFault::permanent(StepName::Tls, none.to_string())),
    }
}

fn handshake_failed(error: &std::io::Error, facts: Option<&TlsFacts>) -> MailFault {
    let step = StepName::Tls;
    let reason = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let Some(reason) = reason else {
        return MailFault::temporary(step, format!("the connection broke during the handshake ({error})"));
    };
    let shown = facts.map(|facts| format!("; {}", certificate_in_words(facts))).unwrap_or_default();
    let advice = match reason {
        rustls::Error::InvalidCertificate(_) => {
            "the certificate is not trusted; add its authority to those of this machine"
        }
        rustls::Error::InvalidMessage(_) => {
            "what answers there does not speak TLS; check port and properties"
        }
        _ => "no encryption could be agreed",
    };
    MailFault::permanent(step, format!("{advice} ({}{shown})", Blanked::nothing().clean(&reason.to_string())))
}

fn certificate_in_words(facts: &TlsFacts) -> String {
    let ends =
        facts.expires_at.map(|end| format!(", good until {}", end.strftime("%Y-%m-%d"))).unwrap_or_default();
    format!("certificate of {}, issued by {}{ends}", facts.subject, facts.issuer)
}
