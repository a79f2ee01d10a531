//! Version 8 of the tables: releases and templates, and what their tasks said.

use sea_orm::ConditionalStatement;
use sea_orm::DbBackend;
use sea_orm::sea_query::Expr;
use sea_orm::sea_query::ExprTrait;

use super::Step;
use super::first::{index, key, number, optional_number, table, text};
use crate::tables::{ReleaseLogs, Releases};

/// All statements of this version, in order. A release is one text that is read and written whole; beside it stands what
/// is searched.
pub(super) fn steps(backend: DbBackend) -> Vec<Step> {
    vec![
        table(
            Releases::Table,
            [
                number(Releases::Number).primary_key(),
                &mut key(Releases::Id, backend),
                &mut text(Releases::Status),
                &mut text(Releases::Title),
                &mut key(Releases::TitleKey, backend),
                &mut text(Releases::Owner),
                &mut number(Releases::Version),
                &mut text(Releases::Document),
                &mut text(Releases::SealedSecrets),
                &mut number(Releases::CreatedAt),
                &mut optional_number(Releases::StartedAt),
                &mut optional_number(Releases::EndedAt),
                &mut optional_number(Releases::DueAt),
                &mut optional_number(Releases::Lease),
            ],
            [],
        ),
        Step::Index(index("releases_by_id", Releases::Table, [Releases::Id]).unique().take()),
        Step::Index(index(
            "releases_by_creation",
            Releases::Table,
            [Releases::Status, Releases::CreatedAt, Releases::Number],
        )),
        Step::Index(index("releases_by_title", Releases::Table, [Releases::TitleKey])),
        Step::Index(
            index("releases_due", Releases::Table, [Releases::DueAt])
                .and_where(Expr::col(Releases::DueAt).is_not_null())
                .take(),
        ),
        table(
            ReleaseLogs::Table,
            [
                &mut number(ReleaseLogs::Release),
                &mut key(ReleaseLogs::Task, backend),
                &mut number(ReleaseLogs::Run),
                &mut number(ReleaseLogs::Line),
                &mut number(ReleaseLogs::At),
                &mut text(ReleaseLogs::Said),
            ],
            [],
        ),
        Step::Index(
            index(
                "release_logs_of_task",
                ReleaseLogs::Table,
                [ReleaseLogs::Release, ReleaseLogs::Task, ReleaseLogs::Run, ReleaseLogs::Line],
            )
            .unique()
            .take(),
        ),
    ]
}
