//! The form: as the settings are, as it was sent, and what it asks for.

use http::StatusCode;
use patgate_core::policy::EmailNotifications;
use patgate_core::policy::notification::{MailBody, MailSubject};

use crate::mail::template::Kind;
use crate::pages::form::{Difference, Fault};
use crate::pages::{Choice, Field, Fields};
use crate::problem::Problem;
use crate::service::settings::Notifications;
use crate::service::{items, reminders};
use crate::state::AppState;

/// What is typed.
pub(super) struct Form {
    pub(super) enabled: bool,
    pub(super) days: Field,
    pub(super) further_days: Field,
    pub(super) digest: bool,
    pub(super) server: Field,
    /// The mail servers to choose from; `None`: there are too many, and a path is typed.
    pub(super) servers: Option<Vec<Choice>>,
    /// Whether there is any mail server.
    pub(super) has_servers: bool,
    pub(super) subject: Field,
    pub(super) body: Field,
}

impl Form {
    /// The form of these settings.
    pub(super) fn of_settings(settings: &EmailNotifications) -> Self {
        let texts = reminders::texts(settings);
        let further_days: Vec<_> = settings.further_days.as_slice().iter().map(ToString::to_string).collect();
        let server = settings.server.as_ref().map(ToString::to_string).unwrap_or_default();
        Self {
            enabled: settings.enabled,
            digest: settings.digest,
            ..Self::of_texts([
                settings.days.to_string(),
                further_days.join(", "),
                server,
                texts.subject,
                texts.body,
            ])
        }
    }

    /// The form as it was sent.
    pub(super) fn of_fields(fields: &Fields) -> Self {
        let typed = ["days", "further_days", "server", "subject"].map(|name| fields.text(name).to_owned());
        let [days, further_days, server, subject] = typed;
        Self {
            enabled: fields.has("enabled"),
            digest: fields.has("digest"),
            ..Self::of_texts([days, further_days, server, subject, fields.secret("body").to_owned()])
        }
    }

    fn of_texts([days, further_days, server, subject, body]: [String; 5]) -> Self {
        Self {
            enabled: false,
            days: Field::new("days", "Days before expiration", days)
                .hint("1 to 365. A token that is made with less time left is told of in the first night."),
            further_days: Field::new("further_days", "Further days", further_days).hint(
                "More mails about the same token, such as 60, 30, 1. Leave it empty for one mail for each token, ever.",
            ),
            digest: false,
            server: Field::new("server", "Email server", server),
            servers: None,
            has_servers: false,
            subject: Field::new("subject", "Subject", subject).hint("One line of at most 200 characters.")
                .at_most(MailSubject::LONGEST),
            body: Field::new("body", "Body", body)
                .hint("Text or HTML, at most 10,000 characters. A mail of HTML has a text part made from it.")
                .at_most(MailBody::LONGEST),
        }
    }

    /// Puts Patgate's own texts in the place of those that were typed.
    pub(super) fn take_own_texts(&mut self) {
        let kind = if self.digest { Kind::Digest } else { Kind::Token };
        kind.default_subject().clone_into(&mut self.subject.value);
        kind.default_body().clone_into(&mut self.body.value);
    }

    /// With the mail servers to choose from; one that is chosen and gone is named, so that nobody loses it unseen.
    pub(super) async fn with_servers(mut self, state: &AppState) -> Result<Self, Problem> {
        let chosen = self.server.value.as_str();
        let Some(servers) = items::few_mail_servers(state).await? else {
            self.has_servers = true;
            self.server.hint = "Its path, as in Configuration/Mail/Outgoing.";
            return Ok(self);
        };
        self.has_servers = !servers.is_empty();
        let named = servers.into_iter().map(|server| {
            let id = server.to_string();
            Choice::new(id.clone(), id, chosen)
        });
        let mut choices: Vec<_> = std::iter::once(Choice::new("", "None", chosen)).chain(named).collect();
        if !choices.iter().any(|choice| choice.is_chosen) {
            choices.push(Choice::new(chosen, format!("{chosen} (not there)"), chosen));
        }
        self.servers = Some(choices);
        Ok(self)
    }

    /// What is wrong, for the summary.
    pub(super) fn faults(&self) -> Vec<Fault> {
        Fault::of([&self.days, &self.further_days, &self.server, &self.subject, &self.body])
    }

    /// What is asked for.
    pub(super) fn notifications(&self) -> Notifications {
        // What is no number is out of the range as well.
        let number = |text: &str| text.parse().unwrap_or(0);
        let further_days = self.further_days.value.split([',', ';', ' ']).filter(|text| !text.is_empty());
        Notifications {
            enabled: self.enabled,
            days: number(&self.days.value),
            further_days: further_days.map(number).collect(),
            digest: self.digest,
            server: Some(self.server.value.clone()),
            subject: self.subject.value.clone(),
            body: self.body.value.clone(),
        }
    }

    /// Puts what is wrong beside the fields. Returns the status that goes with it.
    #[expect(clippy::needless_pass_by_value, reason = "a refusal is told once")]
    pub(super) fn judge(&mut self, problem: Problem) -> StatusCode {
        for fault in problem.faults() {
            let field = match fault.field.trim_start_matches("emailNotifications.") {
                "days" => &mut self.days,
                "furtherDays" => &mut self.further_days,
                "server" => &mut self.server,
                "subject" => &mut self.subject,
                _ => &mut self.body,
            };
            field.error = Some(fault.sentence());
        }
        problem.status()
    }

    /// What is typed and not stored.
    pub(super) fn differences(&self, stored: &EmailNotifications) -> Vec<Difference> {
        let stored = Self::of_settings(stored);
        let switch = |is_on: bool| if is_on { "on" } else { "off" }.to_owned();
        let switches = [
            ("Enable email notifications", stored.enabled, self.enabled),
            ("One mail for each person and night", stored.digest, self.digest),
        ];
        let switches = switches.into_iter().filter(|(_, stored, typed)| stored != typed);
        let mut differences: Vec<_> = switches
            .map(|(label, stored, typed)| Difference { label, stored: switch(stored), wanted: switch(typed) })
            .collect();
        // A browser sends `\r\n` from a text area (WHATWG HTML §4.10.22.4).
        let body = Field { value: self.body.value.replace("\r\n", "\n"), ..self.body.clone() };
        differences.extend(Difference::of([
            (&self.days, stored.days.value),
            (&self.further_days, stored.further_days.value),
            (&self.server, stored.server.value),
            (&self.subject, stored.subject.value),
            (&body, stored.body.value),
        ]));
        differences
    }
}
