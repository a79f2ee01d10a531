//! Version 2 of the tables.

use sea_orm::ConditionalStatement;
use sea_orm::DbBackend;
use sea_orm::sea_query::{ColumnDef, Expr, ExprTrait, Index};

use super::Step;
use super::first::{index, number, reference, table};
use crate::tables::{AuditEvents, Grants, ResetLinks, Users};

/// All statements of this version, in order.
pub(super) fn steps(_: DbBackend) -> Vec<Step> {
    let mut steps = reset_link_steps();
    steps.extend(list_steps());
    steps.extend(audit_steps());
    steps
}

/// Links with which somebody sets a new password. The user is the key: a new link takes the place of the one before.
fn reset_link_steps() -> Vec<Step> {
    vec![
        table(
            ResetLinks::Table,
            [
                number(ResetLinks::UserId).primary_key(),
                ColumnDef::new(ResetLinks::Digest).blob().not_null(),
                &mut number(ResetLinks::CreatedBy),
                &mut number(ResetLinks::CreatedAt),
                &mut number(ResetLinks::ExpiresAt),
            ],
            [reference(ResetLinks::Table, ResetLinks::UserId, Users::Table, Users::Id)],
        ),
        Step::Index(index("reset_links_by_digest", ResetLinks::Table, [ResetLinks::Digest]).unique().take()),
    ]
}

/// The list of one owner's tokens by their end.
fn list_steps() -> Vec<Step> {
    let present = Expr::col(Grants::DeletedAt).is_null();
    let columns = [Grants::Owner, Grants::ExpiresAt, Grants::Id];
    vec![Step::Index(index("grants_of_owner_by_expiry", Grants::Table, columns).and_where(present).take())]
}

/// The audit log is read by time, newest first, whatever is asked of it.
fn audit_steps() -> Vec<Step> {
    let by = |name: &str, first: &[AuditEvents]| {
        let time = [AuditEvents::At, AuditEvents::Sequence, AuditEvents::Position];
        Step::Index(index(name, AuditEvents::Table, first.iter().copied().chain(time)))
    };
    let drop = |name: &str| Step::NoIndex(Index::drop().name(name).table(AuditEvents::Table).to_owned());
    vec![
        drop("audit_events_by_time"),
        drop("audit_events_by_actor"),
        drop("audit_events_by_subject"),
        by("audit_events_by_moment", &[]),
        by("audit_events_of_actor", &[AuditEvents::ActorName]),
        by("audit_events_of_action", &[AuditEvents::Action]),
        by("audit_events_of_subject", &[AuditEvents::SubjectId]),
        by("audit_events_of_name", &[AuditEvents::SubjectName]),
    ]
}
