//! What a claimed mail is sent with: what is true now of those to whom and of what it tells.

use std::collections::HashMap;

use patgate_core::identifier::GrantId;
use sea_orm::sea_query::{Expr, ExprTrait, JoinType, Query};
use sea_orm::{ConnectionTrait, QueryResult};

use super::{ClaimedMail, MailClaim, MailKind, MailState, MailedToken, StoredMail};
use crate::error::StoreError;
use crate::grants::expiry;
use crate::rows::column;
use crate::tables::{Grants, Mails, ReminderMarks, Users};

/// These mails, each with its facts.
pub(super) async fn with_facts(
    connection: &impl ConnectionTrait,
    mails: Vec<StoredMail>,
) -> Result<Vec<ClaimedMail>, StoreError> {
    let select = Query::select()
        .columns([
            Users::Id,
            Users::Username,
            Users::FullName,
            Users::Email,
            Users::DisabledAt,
            Users::DeletedAt,
        ])
        .from(Users::Table)
        .and_where(Expr::col(Users::Id).is_in(mails.iter().map(|mail| mail.owner.as_i64())))
        .take();
    let mut users = HashMap::new();
    for row in connection.query_all(&select).await? {
        users.insert(column::<i64>(&row, "id")?, row);
    }
    let select = Query::select()
        .columns([Grants::Id, Grants::Name, Grants::ExpiresAt])
        .from(Grants::Table)
        .and_where(Expr::col(Grants::DeletedAt).is_null())
        .and_where(
            Expr::col(Grants::Id)
                .is_in(mails.iter().flat_map(|mail| mail.tokens.iter().map(|(grant, _)| grant.as_i64()))),
        )
        .take();
    let mut tokens = HashMap::new();
    for row in connection.query_all(&select).await? {
        let token = read_token(&row)?;
        tokens.insert(token.id, token);
    }
    let fewest = fewest_days(connection, &mails).await?;
    mails
        .into_iter()
        .map(|mail| {
            let user = users.get(&mail.owner.as_i64()).ok_or(StoreError::Unreadable("owner"))?;
            let time = |name| column::<Option<i64>>(user, name);
            let is_overtaken = |(grant, days): &&(GrantId, u32)| {
                let fewest = fewest.get(grant).copied();
                mail.kind == MailKind::Reminder && fewest.is_some_and(|fewest| fewest < i64::from(*days))
            };
            let due_at = mail.due_at.ok_or(StoreError::Unreadable("due_at"))?;
            Ok(ClaimedMail {
                id: mail.id,
                claim: MailClaim { mail: mail.id, attempt: mail.attempts, due_at },
                run: mail.run,
                kind: mail.kind,
                attempts: mail.attempts.saturating_sub(1),
                is_unanswered: mail.is_unanswered,
                created_at: mail.created_at,
                owner: mail.owner,
                username: column(user, "username")?,
                full_name: column(user, "full_name")?,
                address: column(user, "email")?,
                enabled: time("disabled_at")?.is_none() && time("deleted_at")?.is_none(),
                tokens: mail.tokens.iter().filter_map(|(grant, _)| tokens.get(grant).cloned()).collect(),
                overtaken: mail.tokens.iter().filter(is_overtaken).map(|(grant, _)| *grant).collect(),
                planned: mail.tokens,
            })
        })
        .collect()
}

/// At how few days left each token of these mails is told of, by whichever mail. One that failed tells nobody.
async fn fewest_days(
    connection: &impl ConnectionTrait,
    mails: &[StoredMail],
) -> Result<HashMap<GrantId, i64>, StoreError> {
    let days = || Expr::col((ReminderMarks::Table, ReminderMarks::Days));
    let state = || Expr::col((Mails::Table, Mails::State));
    let grants = mails.iter().flat_map(|mail| mail.tokens.iter().map(|(grant, _)| grant.as_i64()));
    let select = Query::select()
        .column((ReminderMarks::Table, ReminderMarks::GrantId))
        .expr_as(days().min(), "days")
        .from(ReminderMarks::Table)
        // A mark outlives its mail, which was sent then.
        .join(
            JoinType::LeftJoin,
            Mails::Table,
            Expr::col((Mails::Table, Mails::Id)).equals((ReminderMarks::Table, ReminderMarks::Mail)),
        )
        .and_where(Expr::col((ReminderMarks::Table, ReminderMarks::GrantId)).is_in(grants))
        .and_where(state().is_null().or(state().ne(MailState::Failed.stored())))
        .group_by_col((ReminderMarks::Table, ReminderMarks::GrantId))
        .take();
    let rows = connection.query_all(&select).await?;
    let read = |row: &QueryResult| Ok((GrantId::from_i64(column(row, "grant_id")?), column(row, "days")?));
    rows.iter().map(read).collect()
}

fn read_token(row: &QueryResult) -> Result<MailedToken, StoreError> {
    Ok(MailedToken {
        id: GrantId::from_i64(column(row, "id")?),
        name: column(row, "name")?,
        expires_at: expiry(column(row, "expires_at")?)?,
    })
}
