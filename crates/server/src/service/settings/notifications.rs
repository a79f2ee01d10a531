//! The mail before an expiry: what a request asks for, and putting that in force.

use patgate_core::item::{ItemId, MAIL_SERVER};
use patgate_core::policy::notification::{FurtherDays, MailBody, MailSubject, NotificationDays};
use patgate_core::policy::{EmailNotifications, TokenSettings};

use super::Put;
use crate::caller::Caller;
use crate::mail::template::Kind;
use crate::problem::{FieldFault, Problem};
use crate::service::mandate::{EDITS, Mandate};
use crate::service::policy;
use crate::service::reminders::Texts;
use crate::service::shown::Shown;
use crate::state::AppState;

/// The mail before an expiry as a request describes it.
#[derive(Clone, Debug)]
pub struct Notifications {
    /// Whether it is sent.
    pub enabled: bool,
    /// How many days before.
    pub days: u32,
    /// How many days before there are more.
    pub further_days: Vec<u32>,
    /// Whether an owner gets one mail a night, and not one for each token.
    pub digest: bool,
    /// By which server.
    pub server: Option<String>,
    /// Its subject.
    pub subject: String,
    /// Its body.
    pub body: String,
}

/// Puts it in force, unless what is in force is no longer what the caller was shown.
///
/// # Errors
/// 403 without `security#edit`, and for a token with a permission list.
pub async fn put_notifications(
    state: &AppState,
    caller: &Caller,
    wanted: EmailNotifications,
    shown: &Shown,
) -> Result<Put<EmailNotifications>, Problem> {
    policy::refuse_listed(caller)?;
    let mut change = state.change(&caller.actor()).await?;
    Mandate::of_caller(state, &change, caller).await?.require(EDITS)?;
    let before = change.token_settings().await?;
    if *shown != Shown::of(&before.email_notifications) && before.email_notifications != wanted {
        return Ok(Put::Overtaken(before.email_notifications));
    }
    change.put_token_settings(&TokenSettings { email_notifications: wanted.clone(), ..before }).await?;
    state.commit(change).await?;
    Ok(Put::Done(wanted))
}

impl Notifications {
    /// The texts it asks for. Patgate's own for one kind of mail stand for its own for the other.
    #[must_use]
    pub fn texts(&self) -> Texts {
        let kind = if self.digest { Kind::Digest } else { Kind::Token };
        let subject =
            own(&self.subject, Kind::default_subject).map_or(&*self.subject, |_| kind.default_subject());
        let body = own(&self.body, Kind::default_body).map_or(&*self.body, |_| kind.default_body());
        Texts { kind, subject: subject.to_owned(), body: body.to_owned() }
    }

    /// Reads it.
    ///
    /// # Errors
    /// 400 naming all fields that are wrong.
    pub async fn read(&self, state: &AppState) -> Result<EmailNotifications, Problem> {
        let mut faults = Faults::default();
        let days = faults.take("days", NotificationDays::try_from(self.days));
        let further_days = faults.take("furtherDays", FurtherDays::try_from(self.further_days.clone()));
        let server = match self.server.as_deref().map(str::trim).filter(|server| !server.is_empty()) {
            None => Some(None),
            Some(server) => faults.take("server", mail_server(state, server).await?).map(Some),
        };
        let subject = match own(&self.subject, Kind::default_subject) {
            Some(_) => Some(None),
            None => faults.take("subject", MailSubject::try_from(self.subject.clone())).map(Some),
        };
        let body = match own(&self.body, Kind::default_body) {
            Some(_) => Some(None),
            None => {
                let stored = state.store.token_settings().await?.email_notifications.body;
                faults.take("body", MailBody::entered_over(stored.as_ref(), &self.body)).map(Some)
            }
        };
        self.judge_placeholders(&mut faults);
        match (days, further_days, server, subject, body) {
            (Some(days), Some(further_days), Some(server), Some(subject), Some(body))
                if faults.0.is_empty() =>
            {
                let (enabled, digest) = (self.enabled, self.digest);
                Ok(EmailNotifications { enabled, days, further_days, digest, server, subject, body })
            }
            _ => Err(Problem::fields(faults.0)),
        }
    }

    /// Each text by itself, so that what is wrong with either is told.
    fn judge_placeholders(&self, faults: &mut Faults) {
        let texts = self.texts();
        let kind = texts.kind;
        let subject = Texts { body: kind.default_body().to_owned(), ..texts.clone() };
        let body = Texts { subject: kind.default_subject().to_owned(), ..texts };
        for (name, texts) in [("subject", subject), ("body", body)] {
            if !faults.has(name) {
                faults.take(name, texts.template().and_then(|template| template.endures()));
            }
        }
    }
}

/// What is wrong so far.
#[derive(Default)]
struct Faults(Vec<FieldFault>);

impl Faults {
    /// The value; otherwise what is wrong is kept.
    fn take<T>(&mut self, name: &str, read: Result<T, impl std::fmt::Display>) -> Option<T> {
        let why = match read {
            Ok(value) => return Some(value),
            Err(why) => why,
        };
        let field = field(name);
        let detail = format!("The field `{field}`: {why}");
        self.0.push(FieldFault { field, detail });
        None
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|fault| fault.field == field(name))
    }
}

fn field(name: &str) -> String {
    format!("emailNotifications.{name}")
}

/// Patgate's own text that this one is, whichever of the kinds of mail it is for.
fn own(text: &str, of: impl Fn(Kind) -> &'static str) -> Option<&'static str> {
    // A browser sends `\r\n` from a text area (WHATWG HTML §4.10.22.4).
    let text = text.replace("\r\n", "\n");
    [Kind::Token, Kind::Digest].map(of).into_iter().find(|own| own.trim() == text.trim())
}

/// The mail server at this place, as it is written there.
async fn mail_server(state: &AppState, text: &str) -> Result<Result<ItemId, String>, Problem> {
    let item = match text.parse::<ItemId>() {
        Ok(id) => state.store.item(&id).await?.filter(|item| item.type_name == MAIL_SERVER.name),
        Err(_) => None,
    };
    Ok(item.map(|item| item.id).ok_or_else(|| format!("there is no mail server `{text}`")))
}
