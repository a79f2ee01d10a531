//! Version 1 of the tables.
//!
//! Columns are text, bigint and blob; times are milliseconds of UTC; lists are JSON texts that are read whole.

use sea_orm::sea_query::{
    ColumnDef, Expr, ExprTrait, ForeignKey, ForeignKeyCreateStatement, Index, IndexCreateStatement,
    IntoColumnDef, IntoIden, Query, Table,
};
use sea_orm::{ConditionalStatement, DbBackend};

use super::{Step, key_text};
use crate::tables::{
    AuditEvents, ChangeLog, ChangeSequence, Grants, Nodes, Roles, Secrets, Sessions, Settings, Users,
};

/// All statements of this version, in order.
pub(super) fn steps(backend: DbBackend) -> Vec<Step> {
    let mut steps = change_steps();
    steps.extend(user_steps(backend));
    steps.extend(grant_steps(backend));
    steps.extend(session_steps());
    steps
}

fn change_steps() -> Vec<Step> {
    vec![
        table(
            ChangeSequence::Table,
            [number(ChangeSequence::Id).primary_key(), &mut number(ChangeSequence::Value)],
            [],
        ),
        Step::Row(
            Query::insert()
                .into_table(ChangeSequence::Table)
                .columns([ChangeSequence::Id, ChangeSequence::Value])
                .values_panic([1_i64.into(), 0_i64.into()])
                .take(),
        ),
        table(
            ChangeLog::Table,
            [
                &mut number(ChangeLog::Sequence),
                &mut number(ChangeLog::Position),
                &mut number(ChangeLog::At),
                &mut text(ChangeLog::Kind),
                &mut number(ChangeLog::Subject),
            ],
            [],
        ),
        Step::Index(
            index("change_log_by_sequence", ChangeLog::Table, [ChangeLog::Sequence, ChangeLog::Position])
                .unique()
                .take(),
        ),
        table(
            AuditEvents::Table,
            [
                &mut number(AuditEvents::Sequence),
                &mut number(AuditEvents::Position),
                &mut number(AuditEvents::At),
                &mut text(AuditEvents::ActorKind),
                &mut text(AuditEvents::ActorName),
                &mut optional_number(AuditEvents::ActorUser),
                &mut optional_number(AuditEvents::ActorGrant),
                &mut optional_text(AuditEvents::Address),
                &mut text(AuditEvents::Action),
                &mut text(AuditEvents::SubjectKind),
                &mut text(AuditEvents::SubjectId),
                &mut text(AuditEvents::SubjectName),
                &mut text(AuditEvents::Detail),
            ],
            [],
        ),
        Step::Index(
            index(
                "audit_events_by_sequence",
                AuditEvents::Table,
                [AuditEvents::Sequence, AuditEvents::Position],
            )
            .unique()
            .take(),
        ),
        Step::Index(index("audit_events_by_time", AuditEvents::Table, [AuditEvents::At])),
        Step::Index(index(
            "audit_events_by_subject",
            AuditEvents::Table,
            [AuditEvents::SubjectKind, AuditEvents::SubjectId, AuditEvents::Sequence],
        )),
        Step::Index(index(
            "audit_events_by_actor",
            AuditEvents::Table,
            [AuditEvents::ActorName, AuditEvents::Sequence],
        )),
    ]
}

fn user_steps(backend: DbBackend) -> Vec<Step> {
    let present = || Expr::col(Users::DeletedAt).is_null();
    vec![
        table(
            Users::Table,
            [
                number(Users::Id).primary_key(),
                &mut text(Users::Origin),
                &mut text(Users::Provider),
                &mut text(Users::Subject),
                &mut text(Users::Username),
                &mut key(Users::UsernameKey, backend),
                &mut text(Users::FullName),
                &mut text(Users::FullNameKey),
                &mut text(Users::Email),
                &mut text(Users::EmailKey),
                &mut text(Users::Groups),
                &mut optional_text(Users::PasswordHash),
                &mut number(Users::PasswordVersion),
                &mut number(Users::CreatedAt),
                &mut optional_number(Users::LastActiveAt),
                &mut optional_number(Users::DisabledAt),
                &mut optional_number(Users::DeletedAt),
            ],
            [],
        ),
        Step::Index(
            index("users_by_name", Users::Table, [Users::UsernameKey]).unique().and_where(present()).take(),
        ),
        Step::Index(
            index("users_by_subject", Users::Table, [Users::Origin, Users::Provider, Users::Subject])
                .unique()
                .and_where(present())
                .take(),
        ),
        table(
            Roles::Table,
            [
                number(Roles::Id).primary_key(),
                &mut text(Roles::Name),
                &mut key(Roles::NameKey, backend),
                &mut text(Roles::Principals),
                &mut text(Roles::Permissions),
            ],
            [],
        ),
        Step::Index(index("roles_by_name", Roles::Table, [Roles::NameKey]).unique().take()),
        table(Settings::Table, [text(Settings::Name).primary_key(), &mut text(Settings::Value)], []),
    ]
}

fn grant_steps(backend: DbBackend) -> Vec<Step> {
    let listed = |name: &str, columns: Vec<Grants>| {
        let present = Expr::col(Grants::DeletedAt).is_null();
        Step::Index(index(name, Grants::Table, columns).and_where(present).take())
    };
    vec![
        table(
            Grants::Table,
            [
                number(Grants::Id).primary_key(),
                &mut number(Grants::Owner),
                &mut text(Grants::Name),
                &mut key(Grants::NameKey, backend),
                &mut text(Grants::Application),
                &mut optional_text(Grants::Permissions),
                &mut number(Grants::CreatedAt),
                &mut optional_number(Grants::ExpiresAt),
                &mut optional_number(Grants::SuspendedAt),
                &mut optional_text(Grants::SuspensionReason),
                &mut optional_number(Grants::DeletedAt),
                &mut optional_number(Grants::LastUsedAt),
                &mut optional_text(Grants::LastUsedAddress),
                &mut optional_text(Grants::LastUsedUserAgent),
            ],
            [reference(Grants::Table, Grants::Owner, Users::Table, Users::Id)],
        ),
        listed("grants_of_owner_by_name", vec![Grants::Owner, Grants::NameKey, Grants::Id]),
        listed("grants_of_owner_by_creation", vec![Grants::Owner, Grants::CreatedAt, Grants::Id]),
        listed("grants_by_name", vec![Grants::NameKey, Grants::Id]),
        listed("grants_by_creation", vec![Grants::CreatedAt, Grants::Id]),
        listed("grants_by_expiry", vec![Grants::ExpiresAt, Grants::Id]),
        // No index by last use: it would be rewritten by every sweep, for a list that few ask for.
        table(
            Secrets::Table,
            [
                ColumnDef::new(Secrets::Digest).blob().not_null().primary_key(),
                &mut number(Secrets::KeyId),
                &mut number(Secrets::GrantId),
                &mut number(Secrets::CreatedAt),
            ],
            [reference(Secrets::Table, Secrets::GrantId, Grants::Table, Grants::Id)],
        ),
        Step::Index(index("secrets_of_grant", Secrets::Table, [Secrets::GrantId, Secrets::Digest])),
    ]
}

fn session_steps() -> Vec<Step> {
    vec![
        table(
            Sessions::Table,
            [
                ColumnDef::new(Sessions::Digest).blob().not_null().primary_key(),
                &mut number(Sessions::UserId),
                &mut number(Sessions::CreatedAt),
                &mut number(Sessions::SeenAt),
                ColumnDef::new(Sessions::CsrfSeed).blob().not_null(),
                &mut optional_text(Sessions::Address),
                &mut optional_text(Sessions::UserAgent),
                &mut number(Sessions::PasswordVersion),
            ],
            [reference(Sessions::Table, Sessions::UserId, Users::Table, Users::Id)],
        ),
        Step::Index(index("sessions_of_user", Sessions::Table, [Sessions::UserId])),
        Step::Index(index("sessions_by_last_request", Sessions::Table, [Sessions::SeenAt])),
        table(
            Nodes::Table,
            [
                number(Nodes::Id).primary_key(),
                &mut number(Nodes::StartedAt),
                &mut number(Nodes::SeenAt),
                &mut number(Nodes::AppliedSequence),
            ],
            [],
        ),
    ]
}

pub(super) fn table<'a>(
    name: impl IntoIden,
    columns: impl IntoIterator<Item = &'a mut ColumnDef>,
    references: impl IntoIterator<Item = ForeignKeyCreateStatement>,
) -> Step {
    let mut table = Table::create();
    table.table(name.into_iden());
    for column in columns {
        table.col(column.into_column_def());
    }
    for mut reference in references {
        table.foreign_key(&mut reference);
    }
    Step::Table(table)
}

pub(super) fn index<C: IntoIden>(
    name: &str,
    table: impl IntoIden,
    columns: impl IntoIterator<Item = C>,
) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(name).table(table.into_iden());
    for column in columns {
        index.col(column.into_iden());
    }
    index
}

pub(super) fn reference<C: IntoIden, D: IntoIden>(
    from: C,
    column: C,
    to: D,
    target: D,
) -> ForeignKeyCreateStatement {
    ForeignKey::create().from(from.into_iden(), column).to(to.into_iden(), target).take()
}

pub(super) fn number(name: impl IntoIden) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().take()
}

pub(super) fn optional_number(name: impl IntoIden) -> ColumnDef {
    ColumnDef::new(name).big_integer().null().take()
}

pub(super) fn text(name: impl IntoIden) -> ColumnDef {
    ColumnDef::new(name).text().not_null().take()
}

pub(super) fn optional_text(name: impl IntoIden) -> ColumnDef {
    ColumnDef::new(name).text().null().take()
}

pub(super) fn key(name: impl IntoIden, backend: DbBackend) -> ColumnDef {
    ColumnDef::new_with_type(name, key_text(backend)).not_null().take()
}
