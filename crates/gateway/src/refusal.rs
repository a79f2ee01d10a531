//! The refusals of forward authentication: which status, which challenge, which words.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use http::{Response, StatusCode};
use patgate_core::permission::Catalog;
use patgate_core::verify::Denied;

use crate::application::RouteFault;
use crate::challenge::{ANONYMOUS, Challenge, challenge};
use crate::credentials::CredentialFault;

/// Why an answer is not 200.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Nobody said who they are.
    Anonymous,
    /// What they showed cannot be read.
    Unreadable(CredentialFault),
    /// The verdict.
    Denied(Denied),
    /// A password where none counts.
    PasswordsRefused,
    /// Not the password of this user.
    WrongPassword,
    /// The password is right, and the user may not act.
    UserDisabled,
    /// The password is right, and the user's provider no longer vouches for them.
    UserUnconfirmed,
    /// Too many wrong passwords.
    Throttled {
        /// Seconds until the next attempt counts.
        seconds: u64,
    },
    /// Too many passwords at once.
    Busy,
    /// The password is right, and who has it is no user here.
    SignInRefused {
        /// What to look up in the log.
        reference: u64,
    },
    /// A directory that must be asked does not answer.
    ProviderSilent {
        /// What to look up in the log.
        reference: u64,
    },
    /// The rules do not let it pass, whoever it is.
    Route(RouteFault),
    /// The proxy asked for an application that is not there.
    NoSuchApplication,
    /// Nothing can be judged yet.
    Starting,
}

/// The parts of a refusal.
struct Words {
    status: StatusCode,
    detail: String,
    hint: Option<&'static str>,
}

impl Refusal {
    /// The answer: 401 or 403 and nothing else, because a proxy makes an error of its own of the rest.
    pub(crate) fn answer(&self, catalog: &Catalog) -> Response<Bytes> {
        let Words { status, detail, hint } = self.words(catalog);
        let line = match self {
            Self::Anonymous => ANONYMOUS,
            _ if status == StatusCode::UNAUTHORIZED => challenge(Challenge::InvalidToken, &detail),
            _ => challenge(Challenge::InsufficientScope, &detail),
        };
        let mut response = Response::new(body(status, &detail, hint));
        *response.status_mut() = status;
        let mut headers = HeaderMap::with_capacity(4);
        headers.insert(WWW_AUTHENTICATE, line);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        *response.headers_mut() = headers;
        response
    }

    fn words(&self, catalog: &Catalog) -> Words {
        let unauthorized = |detail: String| Words { status: StatusCode::UNAUTHORIZED, detail, hint: None };
        let forbidden = |detail: String, hint| Words { status: StatusCode::FORBIDDEN, detail, hint };
        match self {
            Self::Anonymous => Words {
                hint: Some("send a personal access token, as `Authorization: Bearer <token>`"),
                ..unauthorized("the request has no credentials".into())
            },
            Self::Unreadable(fault) => unauthorized(fault.to_string()),
            Self::Denied(Denied::Lacks(slot)) => {
                let id = catalog.ids_in([*slot].into_iter().collect()).next();
                let id = id.map_or("the needed", |id| id.as_str());
                forbidden(format!("You do not have {id} permission"), None)
            }
            Self::Denied(denied) => unauthorized(denied.to_string()),
            Self::PasswordsRefused => Words {
                hint: Some("create a personal access token and send it in place of the password"),
                ..unauthorized("passwords are not accepted here, only tokens".into())
            },
            Self::WrongPassword => unauthorized("the user name or the password is wrong".into()),
            Self::UserDisabled => unauthorized("the user is disabled".into()),
            Self::UserUnconfirmed => unauthorized("the user's provider does not confirm them".into()),
            Self::Throttled { seconds } => {
                unauthorized(format!("too many wrong passwords: try again in {seconds} s"))
            }
            Self::Busy => unauthorized("too many passwords are being checked: try again soon".into()),
            Self::SignInRefused { reference } => unauthorized(format!(
                "the sign-in was refused; an administrator finds the reason in the log under {reference}"
            )),
            // Not 401: a client must not take its credential for a wrong one.
            Self::ProviderSilent { reference } => forbidden(
                format!(
                    "who you are cannot be checked now; the log has the cause under reference {reference}"
                ),
                Some("try again in a minute"),
            ),
            Self::Route(fault) => forbidden(fault.to_string(), Some(fault.hint())),
            // Not 401: a client must not take its credential for a wrong one.
            Self::Starting => forbidden("Patgate is starting".into(), Some("try again in a second")),
            Self::NoSuchApplication => forbidden(
                "the proxy asks for an application that Patgate does not know".into(),
                Some("let the proxy ask `/auth` or `/auth/<application>` with a name from the configuration"),
            ),
        }
    }
}

/// A problem body (RFC 9457 §3), with the same types and codes as those of the API.
fn body(status: StatusCode, detail: &str, hint: Option<&str>) -> Bytes {
    let (code, title) = match status {
        StatusCode::UNAUTHORIZED => ("unauthorized", "Unauthorized"),
        _ => ("forbidden", "Forbidden"),
    };
    let status = status.as_u16();
    let hint = hint.map(|hint| format!(",\"hint\":{}", quoted(hint))).unwrap_or_default();
    let detail = quoted(detail);
    format!(
        "{{\"type\":\"urn:patgate:problem:{code}\",\"title\":\"{title}\",\"status\":{status},\
         \"code\":\"{code}\",\"detail\":{detail}{hint}}}"
    )
    .into()
}

/// A JSON string (RFC 8259 §7). What needs an escape is rare here, so all of it takes the long form.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' | '\0'..='\x1f' => quoted.push_str(&format!("\\u{:04x}", u32::from(character))),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}
