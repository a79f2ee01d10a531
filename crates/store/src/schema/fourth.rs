//! Version 4 of the tables: what administrators decided about tokens, and who is exempt.

use sea_orm::sea_query::{Expr, ExprTrait, Index, Table};
use sea_orm::{ConditionalStatement, DbBackend};

use super::Step;
use super::first::{index, number, optional_number, optional_text, table, text};
use crate::tables::{Decisions, Exemptions, Grants};

/// All statements of this version, in order.
pub(super) fn steps(_: DbBackend) -> Vec<Step> {
    let pending = || Expr::col(Decisions::State).eq("pending");
    let suspended = || Expr::col(Grants::SuspendedAt).is_not_null();
    vec![
        table(
            Decisions::Table,
            [
                number(Decisions::Id).primary_key(),
                &mut text(Decisions::Decided),
                &mut number(Decisions::EffectiveAt),
                &mut text(Decisions::Zone),
                &mut number(Decisions::MadeAt),
                &mut text(Decisions::MadeBy),
                &mut text(Decisions::State),
                &mut optional_number(Decisions::SettledAt),
                &mut optional_text(Decisions::SettledBy),
                &mut optional_number(Decisions::Tokens),
                &mut optional_text(Decisions::Reason),
            ],
            [],
        ),
        Step::Index(
            index("decisions_by_time", Decisions::Table, [Decisions::EffectiveAt])
                .and_where(pending())
                .take(),
        ),
        Step::Index(index("decisions_by_making", Decisions::Table, [Decisions::MadeAt, Decisions::Id])),
        table(
            Exemptions::Table,
            [
                number(Exemptions::Id).primary_key(),
                &mut text(Exemptions::Kind),
                &mut text(Exemptions::Provider),
                &mut text(Exemptions::Name),
                &mut optional_text(Exemptions::Fullname),
                &mut text(Exemptions::Reason),
                &mut number(Exemptions::MadeAt),
                &mut text(Exemptions::MadeBy),
                &mut number(Exemptions::EndsAt),
            ],
            [],
        ),
        // The rows of the origin policy in which a token was left working, one bit each.
        Step::Column(
            Table::alter().table(Grants::Table).add_column(number(Grants::LeftWorking).default(0)).take(),
        ),
        Step::Index(
            Index::create()
                .name("grants_by_suspension")
                .table(Grants::Table)
                .col(Grants::SuspensionReason)
                .col(Grants::Id)
                .and_where(suspended())
                .take(),
        ),
    ]
}
