//! Version 6 of the tables: what providers say of their users, and what is asked of them.

use sea_orm::sea_query::{Expr, ExprTrait, Table};
use sea_orm::{ConditionalStatement, DbBackend};

use super::Step;
use super::first::{index, key, number, optional_number, optional_text, reference, table, text};
use crate::tables::{Confirmations, ScimGroups, ScimMembers, Sessions, Users};

/// All statements of this version, in order.
pub(super) fn steps(backend: DbBackend) -> Vec<Step> {
    let user_column = |column| Step::Column(Table::alter().table(Users::Table).add_column(column).take());
    let session_column =
        |column| Step::Column(Table::alter().table(Sessions::Table).add_column(column).take());
    let from_provider = |name: &str, column: Sessions| {
        let known = Expr::col(column).is_not_null();
        Step::Index(index(name, Sessions::Table, [column]).and_where(known).take())
    };
    vec![
        user_column(optional_number(Users::ConfirmedAt)),
        user_column(optional_number(Users::WithdrawnAt)),
        user_column(optional_text(Users::Withdrawal)),
        session_column(optional_text(Sessions::ProviderSubject)),
        session_column(optional_text(Sessions::ProviderSession)),
        session_column(optional_text(Sessions::IdToken)),
        from_provider("sessions_by_provider_subject", Sessions::ProviderSubject),
        from_provider("sessions_by_provider_session", Sessions::ProviderSession),
        table(
            Confirmations::Table,
            [
                number(Confirmations::UserId).primary_key(),
                &mut number(Confirmations::DueAt),
                &mut number(Confirmations::Attempts).default(0),
                &mut optional_text(Confirmations::Answer),
                &mut optional_text(Confirmations::RefreshToken),
                &mut optional_number(Confirmations::WarnedAt),
                &mut optional_number(Confirmations::LapsedAt),
            ],
            [reference(Confirmations::Table, Confirmations::UserId, Users::Table, Users::Id)],
        ),
        Step::Index(index("confirmations_by_time", Confirmations::Table, [Confirmations::DueAt])),
        table(
            ScimGroups::Table,
            [
                number(ScimGroups::Id).primary_key(),
                &mut text(ScimGroups::Provider),
                &mut optional_text(ScimGroups::ExternalId),
                &mut text(ScimGroups::DisplayName),
                &mut key(ScimGroups::NameKey, backend),
                &mut number(ScimGroups::CreatedAt),
                &mut number(ScimGroups::ChangedAt),
            ],
            [],
        ),
        Step::Index(
            index("scim_groups_by_name", ScimGroups::Table, [ScimGroups::Provider, ScimGroups::NameKey])
                .unique()
                .take(),
        ),
        table(
            ScimMembers::Table,
            [&mut number(ScimMembers::GroupId), &mut number(ScimMembers::UserId)],
            [
                reference(ScimMembers::Table, ScimMembers::GroupId, ScimGroups::Table, ScimGroups::Id),
                reference(ScimMembers::Table, ScimMembers::UserId, Users::Table, Users::Id),
            ],
        ),
        Step::Index(
            index("scim_members_of_group", ScimMembers::Table, [ScimMembers::GroupId, ScimMembers::UserId])
                .unique()
                .take(),
        ),
        Step::Index(index("scim_groups_of_user", ScimMembers::Table, [ScimMembers::UserId])),
    ]
}
