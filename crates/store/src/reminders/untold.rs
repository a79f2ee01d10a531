//! What a mail no longer told of when it was sent: each such token is listed beside it, with the reason.

use jiff::Timestamp;
use patgate_core::identifier::{GrantId, MailId};
use patgate_core::reminder::SkipReason;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Query};

use super::MailState;
use super::list::{MAIL_COLUMNS, mail};
use crate::error::StoreError;
use crate::rows::to_json;
use crate::tables::Mails;
use crate::transaction::WriteTransaction;

/// A token that a mail was planned for, and no longer told of when it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untold {
    /// Of the row that lists it.
    pub id: MailId,
    /// The token.
    pub grant: GrantId,
    /// Why.
    pub reason: SkipReason,
}

/// Takes these tokens out of a mail that was sent, and lists each as left out of the same run. Their marks stay: nobody
/// is to be told of them any more.
pub(super) async fn list(
    transaction: &WriteTransaction,
    sent: MailId,
    untold: &[Untold],
    now: Timestamp,
) -> Result<(), StoreError> {
    let is_it = || Expr::col(Mails::Id).eq(sent.as_i64());
    let select = Query::select().columns(MAIL_COLUMNS).from(Mails::Table).and_where(is_it()).take();
    let row = transaction.query_one(&select).await?.ok_or(StoreError::Unreadable("mail"))?;
    let sent = mail(&row)?;
    let why = |grant: GrantId| untold.iter().find(|token| token.grant == grant);
    let told: Vec<_> = sent.tokens.iter().filter(|(grant, _)| why(*grant).is_none()).collect();
    let update = Query::update()
        .table(Mails::Table)
        .value(Mails::Tokens, to_json(&told, "tokens")?)
        .and_where(is_it())
        .take();
    transaction.execute(&update).await?;
    let mut insert = Query::insert();
    insert.into_table(Mails::Table).columns([
        Mails::Id,
        Mails::Run,
        Mails::Kind,
        Mails::Owner,
        Mails::Tokens,
        Mails::State,
        Mails::Reason,
        Mails::CreatedAt,
        Mails::DoneAt,
    ]);
    for (grant, _) in &sent.tokens {
        let Some(left) = why(*grant) else { continue };
        insert.values_panic([
            left.id.as_i64().into(),
            sent.run.map(|run| run.as_i64()).into(),
            sent.kind.as_str().into(),
            sent.owner.as_i64().into(),
            to_json(&[(*grant, 0_u32)], "tokens")?.into(),
            MailState::Skipped(left.reason).stored().into(),
            left.reason.as_str().into(),
            sent.created_at.as_millisecond().into(),
            now.as_millisecond().into(),
        ]);
    }
    transaction.execute(&insert).await?;
    Ok(())
}
