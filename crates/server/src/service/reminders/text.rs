//! The words of a mail: the administrator's, or Patgate's own.

use jiff::Timestamp;
use patgate_core::identifier::UserId;
use patgate_core::policy::EmailNotifications;
use patgate_store::{ClaimedMail, MailKind, MailedToken};

use crate::mail::template::{Kind, Rendered, Template, TemplateFault, TokenValues, Values};
use crate::service::confirmations;
use crate::state::AppState;

/// The subject and the body of a reminder, as they are before a mail is made of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Texts {
    /// Whether they tell of one token or of many.
    pub kind: Kind,
    /// The subject.
    pub subject: String,
    /// The body.
    pub body: String,
}

/// The subject of a notice that tokens end earlier.
const SHORTENED_SUBJECT: &str = "Your personal access tokens on {{ server_url }} expire earlier";
/// Its body.
const SHORTENED_BODY: &str = "<p>Hello {{ owner_full_name }},</p>
<p>an administrator shortened the lifetime that personal access tokens can have. These tokens of yours expire earlier than
before:</p>
<ul>
{% for token in tokens %}<li><strong>{{ token.token_name }}</strong>: {{ token.expires_at }} ({{ token.expires_at_utc }}).
<a href=\"{{ token.renew_url }}\">Generate a new one like it</a></li>
{% endfor %}</ul>
<p>They work as before until then.</p>";

/// The subject of a notice that somebody has to sign in.
const UNCONFIRMED_SUBJECT: &str = "Sign in to {{ server_url }}, or your personal access tokens are suspended";
/// Its body.
const UNCONFIRMED_BODY: &str = "<p>Hello {{ owner_full_name }},</p>
<p>the place where your company keeps its users has not confirmed you to {{ server_url }} for a long time. Unless it does
before the moment that is named here, these personal access tokens of yours are suspended:</p>
<ul>
{% for token in tokens %}<li><strong>{{ token.token_name }}</strong>: {{ token.expires_at }} ({{ token.expires_at_utc }})</li>
{% endfor %}</ul>
<p><a href=\"{{ server_url }}/login\">Sign in once</a>, and they go on. You can do that later, too: they work again from
then on.</p>";

/// The bodies of both notices when their tokens' names make them too long.
const SHORTENED_BRIEF: &str = "<p>Hello {{ owner_full_name }},</p>
<p>an administrator shortened the lifetime that personal access tokens can have. {{ tokens | length }} tokens of yours expire
earlier than before. <a href=\"{{ server_url }}/account/tokens\">See which, and when</a>. They work as before until then.</p>";
const UNCONFIRMED_BRIEF: &str = "<p>Hello {{ owner_full_name }},</p>
<p>the place where your company keeps its users has not confirmed you to {{ server_url }} for a long time. Unless it does
within the next days, {{ tokens | length }} personal access tokens of yours are suspended.</p>
<p><a href=\"{{ server_url }}/login\">Sign in once</a>, and they go on.</p>";

/// When the tokens of an owner are suspended, if they are to be warned of that now.
pub(super) fn warned_of(state: &AppState, owner: UserId) -> Option<Timestamp> {
    let window = |origin| state.node.settings().freshness.of(origin);
    let view = state.index.view();
    let facts = view.owner(owner)?;
    confirmations::warned_of(facts.confirmation, window(facts.origin), state.clock.now())
}

/// The texts that these settings ask for.
#[must_use]
pub fn texts(settings: &EmailNotifications) -> Texts {
    let kind = if settings.digest { Kind::Digest } else { Kind::Token };
    let subject = settings.subject.as_ref().map_or(kind.default_subject(), |subject| subject.as_str());
    let body = settings.body.as_ref().map_or(kind.default_body(), |body| body.as_str());
    Texts { kind, subject: subject.to_owned(), body: body.to_owned() }
}

impl Texts {
    /// Reads them.
    ///
    /// # Errors
    /// [`TemplateFault`]; what administrators save has none.
    pub fn template(&self) -> Result<Template, TemplateFault> {
        Template::parse(self.kind, &self.subject, &self.body)
    }
}

/// The templates of one round of sending, read once.
pub(super) struct Templates {
    reminder: Template,
    /// For a mail that was planned as a digest before the settings changed.
    many: Template,
    shortened: Template,
    unconfirmed: Template,
}

impl Templates {
    /// Those that these settings ask for.
    pub(super) fn of(settings: &EmailNotifications) -> Result<Self, TemplateFault> {
        let reminder = texts(settings).template()?;
        let digest = Kind::Digest;
        let many = match settings.digest {
            true => reminder.clone(),
            false => Template::parse(digest, digest.default_subject(), digest.default_body())?,
        };
        Ok(Self {
            reminder,
            many,
            shortened: Template::parse(digest, SHORTENED_SUBJECT, SHORTENED_BODY)?,
            unconfirmed: Template::parse(digest, UNCONFIRMED_SUBJECT, UNCONFIRMED_BODY)?,
        })
    }

    /// A mail's words, about these of its tokens.
    pub(super) fn render(
        &self,
        state: &AppState,
        mail: &ClaimedMail,
        tokens: &[&MailedToken],
        now: Timestamp,
    ) -> Result<Rendered, TemplateFault> {
        let template = match mail.kind {
            MailKind::Reminder if tokens.len() > 1 => &self.many,
            MailKind::Reminder => &self.reminder,
            MailKind::Shortened => &self.shortened,
            MailKind::Unconfirmed => &self.unconfirmed,
        };
        // A token of somebody who is not confirmed stops then, unless it expires before.
        let suspended = match mail.kind {
            MailKind::Unconfirmed => warned_of(state, mail.owner).unwrap_or(Timestamp::MAX),
            MailKind::Reminder | MailKind::Shortened => Timestamp::MAX,
        };
        let token = |token: &&MailedToken| {
            let ends = token.expires_at.timestamp().unwrap_or(Timestamp::MAX).min(suspended);
            let renew = state.public_url.join(&format!("/account/tokens/new?like={}", token.id));
            TokenValues::new(&token.name, ends, now, &state.zone, &renew)
        };
        let full_name = if mail.full_name.is_empty() { &mail.username } else { &mail.full_name };
        let values = Values {
            owner: mail.username.clone(),
            owner_full_name: full_name.clone(),
            server_url: state.public_url.join(""),
            tokens: tokens.iter().map(token).collect(),
        };
        template.render(&values).or_else(|fault| {
            // What was good for the few tokens of a preview may become too long for many.
            tracing::warn!(%fault, "the text of a mail cannot be filled in; Patgate's own, or a brief one, is sent");
            let kind = match mail.kind {
                MailKind::Reminder if tokens.len() == 1 => Kind::Token,
                _ => Kind::Digest,
            };
            let (subject, body) = match mail.kind {
                MailKind::Reminder => (kind.default_subject(), kind.default_body()),
                MailKind::Shortened => (SHORTENED_SUBJECT, SHORTENED_BRIEF),
                MailKind::Unconfirmed => (UNCONFIRMED_SUBJECT, UNCONFIRMED_BRIEF),
            };
            Template::parse(kind, subject, body)?.render(&values)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_brief_notices_say_what_they_are_about() {
        let token = |number: i64| {
            let ends = Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(24 * number);
            TokenValues::new(
                "ci",
                ends,
                Timestamp::UNIX_EPOCH,
                &jiff::tz::TimeZone::UTC,
                "https://patgate.example/renew",
            )
        };
        let values = Values {
            owner: "ann".to_owned(),
            owner_full_name: "Ann".to_owned(),
            server_url: "https://patgate.example".to_owned(),
            tokens: (1..=100).map(token).collect(),
        };
        for (subject, body, said) in [
            (SHORTENED_SUBJECT, SHORTENED_BRIEF, "100 tokens of yours expire earlier"),
            (UNCONFIRMED_SUBJECT, UNCONFIRMED_BRIEF, "100 personal access tokens of yours are suspended"),
        ] {
            let rendered = Template::parse(Kind::Digest, subject, body).unwrap().render(&values).unwrap();
            let text = rendered.text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(text.contains(said), "{text}");
        }
    }
}
