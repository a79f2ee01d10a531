//! An event as the pages show it.

use patgate_core::identifier::{GrantId, UserId};
use patgate_core::permission::names::{
    CONFIG_EDIT, CONFIG_VIEW, SECURITY_EDIT, SECURITY_VIEW, TOKEN_VIEW_ALL,
};
use patgate_store::{ActorKind, AuditEvent, SubjectKind};

use super::detail::{Line, MOST, length, lines};
use crate::caller::Caller;
use crate::pages::beginning::{LISTED, beginning};
use crate::pages::{Moment, users};
use crate::service::settings;
use crate::state::AppState;

/// What was done, as it stands in the log, and in words.
pub(super) const ACTIONS: [(&str, &str); 62] = [
    ("grant.create", "Token generated"),
    ("grant.delete", "Token deleted"),
    ("grant.suspend", "Token suspended"),
    ("grant.resume", "Token resumed"),
    ("grant.set_expiry", "Token's end changed"),
    ("grant.leave_working", "Token left working"),
    ("grant.end_left_working", "Token no longer left working"),
    ("mail.retry", "Mail tried again"),
    ("reminder_run.start", "Reminders run"),
    ("reminder_run.retry", "Failed mails tried again"),
    ("user.create", "User made"),
    ("user.update", "User changed"),
    ("user.set_password", "Password set"),
    ("user.disable", "User disabled"),
    ("user.enable", "User enabled"),
    ("user.unlock", "User unlocked"),
    ("user.delete", "User deleted"),
    ("user.confirm", "User confirmed by provider"),
    ("user.withdraw", "User no longer let in by provider"),
    ("user.warn", "User asked to sign in"),
    ("user.lapse", "User unconfirmed for too long"),
    ("user.create_reset_link", "Password reset link made"),
    ("user.use_reset_link", "Password reset link used"),
    ("group.create", "Group made"),
    ("group.update", "Group changed"),
    ("group.delete", "Group deleted"),
    ("role.create", "Role made"),
    ("role.update", "Role changed"),
    ("role.delete", "Role deleted"),
    ("settings.update", "Settings changed"),
    ("provider.move", "Provider moved"),
    ("decision.create", "Decision made"),
    ("decision.apply", "Decision took effect"),
    ("decision.undo", "Decision undone"),
    ("decision.fail", "Decision failed"),
    ("exemption.create", "Exemption made"),
    ("exemption.end", "Exemption ended"),
    ("item.create", "Configuration item made"),
    ("item.update", "Configuration item changed"),
    ("item.move", "Configuration item moved"),
    ("item.delete", "Configuration item deleted"),
    ("item.test_mail", "Test mail sent"),
    ("item.send_sample", "Sample of a reminder sent"),
    ("item.sign_in", "Signed in at a mail server to try it"),
    ("item.reseal", "Secrets encrypted anew"),
    ("template.create", "Template made"),
    ("template.update", "Template changed"),
    ("template.delete", "Template deleted"),
    ("release.create", "Release made"),
    ("release.update", "Release changed"),
    ("release.delete", "Release deleted"),
    ("release.expire", "Release deleted after its time"),
    ("release.start", "Release started"),
    ("release.approve", "Gate approved"),
    ("release.abort", "Release aborted"),
    ("release.restart", "Release restarted"),
    ("release.reseal", "Passwords encrypted anew"),
    ("webhook.redeliver", "Webhook event sent again"),
    ("webhook.test", "Webhook endpoint tried"),
    ("session.create", "Logged in"),
    ("session.delete", "Session ended"),
    ("session.delete_all", "Sessions ended"),
];

/// As many bytes of an event are left to its detail at least. A link that leaves fewer is none: of names of letters that no address
/// has as they are, it takes a thousand bytes.
const LEAST_DETAIL: usize = 250;

/// An event.
pub(in crate::pages) struct EventRow {
    pub(in crate::pages) at: Moment,
    pub(in crate::pages) actor: Link,
    /// What the actor is, when it is no user.
    pub(in crate::pages) actor_kind: &'static str,
    /// The token that was used, with the address of its page, when there was one.
    pub(in crate::pages) by_token: Option<Link>,
    pub(in crate::pages) address: String,
    pub(in crate::pages) action: String,
    pub(in crate::pages) words: String,
    pub(in crate::pages) subject: Link,
    pub(in crate::pages) subject_kind: &'static str,
    pub(in crate::pages) lines: Vec<Line>,
}

/// A name, and where more of it is, without the base; empty for nowhere.
pub(in crate::pages) struct Link {
    pub(in crate::pages) name: String,
    pub(in crate::pages) path: String,
}

impl EventRow {
    /// The event as this visitor sees it: the links lead where they may go.
    pub(in crate::pages) fn new(state: &AppState, visitor: &Caller, event: AuditEvent) -> Self {
        let paths = Paths { state, visitor };
        let words = ACTIONS.iter().find(|(action, _)| *action == event.action);
        let to_actor = event.actor.user.map(|user| paths.to_user(user)).unwrap_or_default();
        let to_subject = paths.to_subject(&event);
        let [actor, subject] = [&event.actor.name, &event.subject_name].map(|name| beginning(name, LISTED));
        let mut left = MOST.saturating_sub(length(&actor) + length(&subject));
        let [subject, actor] = [(subject, to_subject), (actor, to_actor)].map(|(name, path)| {
            match left.checked_sub(path.len()).filter(|rest| *rest >= LEAST_DETAIL) {
                Some(rest) => {
                    left = rest;
                    Link { name, path }
                }
                None => Link { name, path: String::new() },
            }
        });
        Self {
            at: event.at.into(),
            actor_kind: match event.actor.kind {
                ActorKind::User => "",
                ActorKind::CommandLine => "command line",
                ActorKind::System => "Patgate itself",
            },
            subject,
            actor,
            by_token: event.actor.grant.map(|id: GrantId| {
                let id = id.to_string();
                Link { path: paths.to_token(&id), name: id }
            }),
            address: event.actor.address.unwrap_or_default(),
            words: words.map_or_else(|| event.action.clone(), |(_, words)| (*words).to_owned()),
            action: event.action,
            subject_kind: match event.subject_kind {
                SubjectKind::User => "user",
                SubjectKind::Group => "group",
                SubjectKind::Role => "role",
                SubjectKind::Grant => "token",
                SubjectKind::Settings => "settings",
                SubjectKind::Provider => "provider",
                SubjectKind::Session => "session of",
                SubjectKind::Decision => "decision about the",
                SubjectKind::Exemption => "exemption of",
                SubjectKind::Mail => "mail",
                SubjectKind::ReminderRun => "run of reminders",
                SubjectKind::Item => "configuration item",
                SubjectKind::Release => "release",
            },
            lines: lines(&event.detail, left),
        }
    }
}

/// Where a visitor may see more of what an event names.
struct Paths<'s> {
    state: &'s AppState,
    visitor: &'s Caller,
}

impl Paths<'_> {
    fn if_any(&self, permissions: &[&str], path: String) -> String {
        let may = permissions.iter().any(|permission| self.visitor.may(self.state, permission));
        if may { path } else { String::new() }
    }

    fn to_token(&self, id: &str) -> String {
        self.if_any(&[TOKEN_VIEW_ALL], format!("/admin/tokens/{id}"))
    }

    /// Of a user who is gone there is no page.
    fn to_user(&self, id: UserId) -> String {
        let view = self.state.index.view();
        let name = view.owner(id).and_then(|facts| facts.username.parse().ok());
        let path = name.map(|name| users::path(&name)).unwrap_or_default();
        self.if_any(&[SECURITY_VIEW, SECURITY_EDIT], path)
    }

    fn to_subject(&self, event: &AuditEvent) -> String {
        let id = &event.subject_id;
        // What was deleted has no page any more; but of tokens the life stays.
        let is_gone = event.action.ends_with(".delete");
        match event.subject_kind {
            SubjectKind::Grant => self.to_token(id),
            SubjectKind::User | SubjectKind::Session => {
                id.parse().map(|id| self.to_user(id)).unwrap_or_default()
            }
            SubjectKind::Role if !is_gone => {
                self.if_any(&[SECURITY_VIEW, SECURITY_EDIT], format!("/admin/roles/{id}"))
            }
            SubjectKind::Item if !is_gone => {
                self.if_any(&[CONFIG_VIEW, CONFIG_EDIT], format!("/configuration/{id}"))
            }
            SubjectKind::Settings | SubjectKind::Decision => {
                self.if_any(&settings::SEES, "/settings".to_owned())
            }
            SubjectKind::Exemption => self.if_any(&settings::SEES, "/settings/exemptions".to_owned()),
            SubjectKind::ReminderRun => self.if_any(&settings::SEES, format!("/admin/reminders/{id}")),
            SubjectKind::Role
            | SubjectKind::Item
            | SubjectKind::Group
            | SubjectKind::Provider
            | SubjectKind::Mail
            | SubjectKind::Release => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::ACTIONS;

    /// The texts `"subject.verb"` of the files that write events, or say how one is called.
    fn written() -> BTreeSet<String> {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let folders = [
            "store/src/change",
            "store/src/reminders",
            "server/src/service/releases",
            "server/src/jobs/releases",
        ]
        .map(|name| std::fs::read_dir(crates.join(name)).unwrap());
        let files = folders.into_iter().flatten().map(|file| file.unwrap().path());
        let is_word = |text: &str| {
            !text.is_empty() && text.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_')
        };
        let is_action = |text: &&str| {
            text.split_once('.').is_some_and(|(subject, verb)| is_word(subject) && is_word(verb))
        };
        let texts = files.map(|file| std::fs::read_to_string(file).unwrap());
        texts
            .flat_map(|text| text.split('"').filter(is_action).map(str::to_owned).collect::<Vec<_>>())
            .collect()
    }

    #[test]
    fn every_action_that_is_written_has_words_and_no_other() {
        let known: BTreeSet<String> = ACTIONS.iter().map(|(action, _)| (*action).to_owned()).collect();
        assert_eq!(known.len(), ACTIONS.len(), "each once");
        assert_eq!(written(), known);
    }
}
