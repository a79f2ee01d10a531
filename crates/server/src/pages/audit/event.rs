//! An event as the pages show it.

use patgate_core::identifier::GrantId;
use patgate_core::permission::names::TOKEN_VIEW_ALL;
use patgate_store::{ActorKind, AuditEvent, SubjectKind};

use super::detail::{Line, lines};
use crate::caller::Caller;
use crate::pages::Moment;
use crate::state::AppState;

/// What was done, as it stands in the log, and in words.
pub(super) const ACTIONS: [(&str, &str); 46] = [
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
    ("item.reseal", "Secrets encrypted anew"),
    ("session.create", "Logged in"),
    ("session.delete", "Session ended"),
    ("session.delete_all", "Sessions ended"),
];

/// An event.
pub(in crate::pages) struct EventRow {
    pub(in crate::pages) at: Moment,
    pub(in crate::pages) actor: String,
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
        let sees_tokens = visitor.may(state, TOKEN_VIEW_ALL);
        let token_path = |id: &str| if sees_tokens { format!("/admin/tokens/{id}") } else { String::new() };
        let words = ACTIONS.iter().find(|(action, _)| *action == event.action);
        Self {
            at: event.at.into(),
            actor_kind: match event.actor.kind {
                ActorKind::User => "",
                ActorKind::CommandLine => "command line",
                ActorKind::System => "Patgate itself",
            },
            actor: event.actor.name,
            by_token: event.actor.grant.map(|id: GrantId| {
                let id = id.to_string();
                Link { path: token_path(&id), name: id }
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
                SubjectKind::Session => "session of",
                SubjectKind::Decision => "decision about the",
                SubjectKind::Exemption => "exemption of",
                SubjectKind::Mail => "mail",
                SubjectKind::ReminderRun => "run of reminders",
                SubjectKind::Item => "configuration item",
            },
            subject: Link {
                path: match event.subject_kind {
                    SubjectKind::Grant => token_path(&event.subject_id),
                    _ => String::new(),
                },
                name: event.subject_name,
            },
            lines: lines(&event.detail),
        }
    }
}
