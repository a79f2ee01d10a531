//! The outbox: mails are claimed before they are sent, and marked with what became of them.

use jiff::Timestamp;
use patgate_core::expiry::Expiry;
use patgate_core::identifier::{GrantId, MailId, RunId, UserId};
use patgate_core::reminder::SkipReason;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, UpdateStatement};

use super::facts::with_facts;
use super::list::{self, mail};
use super::untold::{self, Untold};
use super::{MailKind, MailState, Sender};
use crate::error::StoreError;
use crate::rows::column;
use crate::store::Store;
use crate::tables::{Mails, ReminderMarks};
use crate::transaction::WriteTransaction;

/// A claim of a mail: what became of the mail counts as long as nobody claimed it after that.
///
/// Each claim raises the number of the attempt, which a sender that is gone leaves as it is. The number alone could come
/// again: what was not tried after all takes its attempt back, and who tries a failed mail again begins at none. Both move
/// the time from which on the mail is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MailClaim {
    pub(super) mail: MailId,
    pub(super) attempt: u32,
    pub(super) due_at: Timestamp,
}

/// A mail to send, with what is true now.
#[derive(Clone, Debug)]
pub struct ClaimedMail {
    /// The row.
    pub id: MailId,
    /// By what its outcome is marked.
    pub claim: MailClaim,
    /// The run that planned it.
    pub run: Option<RunId>,
    /// What it is about.
    pub kind: MailKind,
    /// How often it was tried before.
    pub attempts: u32,
    /// Whether the mail server had it whole once and never answered.
    pub is_unanswered: bool,
    /// When it was planned.
    pub created_at: Timestamp,
    /// The owner.
    pub owner: UserId,
    /// Their log-in name.
    pub username: String,
    /// Their full name; may be empty.
    pub full_name: String,
    /// Their address; may be empty.
    pub address: String,
    /// Whether they may act.
    pub enabled: bool,
    /// The tokens that it was planned for, each with the threshold in days that it had reached; 0 in a notice.
    pub planned: Vec<(GrantId, u32)>,
    /// Those of them that are there, in the order of the mail.
    pub tokens: Vec<MailedToken>,
    /// Those of them of which a newer mail tells, or told, with fewer days left: who waited over a threshold is told once.
    pub overtaken: Vec<GrantId>,
}

/// A token in a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailedToken {
    /// The row.
    pub id: GrantId,
    /// Its name.
    pub name: String,
    /// When it ends.
    pub expires_at: Expiry,
}

/// What became of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailOutcome {
    /// The mail server took it for this address, with these words.
    Sent {
        /// Where it went.
        address: String,
        /// The server's words.
        answer: String,
        /// The tokens that it no longer told of: each is listed as left out.
        untold: Vec<Untold>,
    },
    /// It is left out. Its tokens are looked at again the next night.
    Skipped(SkipReason),
    /// It was refused for good.
    Failed {
        /// What it was refused for.
        address: String,
        /// The server's words, or what went wrong.
        answer: String,
    },
    /// It was refused for now, and is tried again.
    Later {
        /// When.
        due_at: Timestamp,
        /// The server's words, or what went wrong.
        answer: String,
    },
    /// The mail server had it whole and did not answer: it may have arrived, and is tried once more.
    Unanswered {
        /// When.
        due_at: Timestamp,
        /// What went wrong.
        answer: String,
    },
    /// It was not tried after all, and waits as before.
    Untried {
        /// When it is tried.
        due_at: Timestamp,
        /// What was in the way, when it is worth telling.
        answer: Option<String>,
    },
}

impl Store {
    /// Whether a mail is due, or was left half way: a look without a lock, because mostly there is nothing to do.
    ///
    /// # Errors
    /// When the database fails; so with all below.
    pub async fn mails_wait(&self, now: Timestamp) -> Result<bool, StoreError> {
        let select = Query::select()
            .column(Mails::Id)
            .from(Mails::Table)
            .and_where(Expr::col(Mails::DueAt).lte(now.as_millisecond()))
            .limit(1)
            .take();
        Ok(self.inner.orm.query_one(&select).await?.is_some())
    }

    /// Claims at most `limit` mails that are due, the longest waiting first. Who stops now leaves them to the next
    /// [`Sender`].
    ///
    /// # Errors
    /// As above.
    pub async fn claim_mails(
        &self,
        _sender: &Sender,
        now: Timestamp,
        limit: u64,
    ) -> Result<Vec<ClaimedMail>, StoreError> {
        let is_due = || {
            let waits = Expr::col(Mails::State).eq(MailState::Waiting.stored());
            waits.and(Expr::col(Mails::DueAt).lte(now.as_millisecond()))
        };
        let due = Query::select()
            .column(Mails::Id)
            .from(Mails::Table)
            .and_where(is_due())
            .order_by(Mails::DueAt, Order::Asc)
            .order_by(Mails::Id, Order::Asc)
            .limit(limit)
            .take();
        let (_turn, transaction) = self.inner.begin_data().await?;
        let claim = Query::update()
            .table(Mails::Table)
            .value(Mails::State, MailState::Sending.stored())
            .value(Mails::Attempts, Expr::col(Mails::Attempts).add(1))
            .and_where(Expr::col(Mails::Id).in_subquery(due))
            .and_where(is_due())
            .returning(Query::returning().columns(list::MAIL_COLUMNS))
            .take();
        let rows = transaction.query_all(&claim).await?;
        let mut mails = Vec::with_capacity(rows.len());
        for row in &rows {
            match mail(row) {
                Ok(mail) => mails.push(mail),
                // Of a newer version, perhaps. It must not stand in the way of the others.
                Err(error) => {
                    let id = MailId::from_i64(column(row, "id")?);
                    tracing::error!(%id, %error, "a mail cannot be read; it counts as failed");
                    let answer = error.to_string();
                    let failed = MailOutcome::Failed { address: String::new(), answer };
                    transaction.execute(&marking(id, &failed, now)).await?;
                }
            }
        }
        // `RETURNING` has no order of its own.
        mails.sort_unstable_by_key(|mail| (mail.due_at, mail.id));
        let claimed = with_facts(&transaction, mails).await?;
        transaction.commit().await?;
        Ok(claimed)
    }

    /// Marks claimed mails with what became of them, all or none. What somebody else claimed meanwhile, or is marked already,
    /// stays as it is: a node that lost its [`Sender`] undoes nothing of the next one.
    ///
    /// # Errors
    /// As above; a mail that was sent may then be repeated under the same `Message-ID`.
    pub async fn mark_mails(
        &self,
        _sender: &Sender,
        outcomes: &[(MailClaim, MailOutcome)],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if outcomes.is_empty() {
            return Ok(());
        }
        let (_turn, transaction) = self.inner.begin_data().await?;
        for (claim, outcome) in outcomes {
            let mut update = marking(claim.mail, outcome, now);
            update.and_where(claim.is_newest());
            if transaction.execute(&update).await?.rows_affected() == 0 {
                continue;
            }
            match outcome {
                MailOutcome::Skipped(_) => forget_marks(&transaction, claim.mail).await?,
                MailOutcome::Sent { untold, .. } if !untold.is_empty() => {
                    untold::list(&transaction, claim.mail, untold, now).await?;
                }
                _ => {}
            }
        }
        transaction.commit().await
    }

    /// Lets mails that nobody sends any more wait again.
    pub(super) async fn put_half_sent_back(&self) -> Result<(), StoreError> {
        let is_half_sent = || Expr::col(Mails::State).eq(MailState::Sending.stored());
        let select =
            Query::select().column(Mails::Id).from(Mails::Table).and_where(is_half_sent()).limit(1).take();
        if self.inner.orm.query_one(&select).await?.is_none() {
            return Ok(());
        }
        let (_turn, transaction) = self.inner.begin_data().await?;
        let update = Query::update()
            .table(Mails::Table)
            .value(Mails::State, MailState::Waiting.stored())
            .and_where(is_half_sent())
            .take();
        transaction.execute(&update).await?;
        transaction.commit().await
    }

    /// Forgets mails that were done before a moment, the runs of that time, and the marks of tokens that expired then.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_mails(&self, before: Timestamp) -> Result<(), StoreError> {
        let before = before.as_millisecond();
        let (_turn, transaction) = self.inner.begin_data().await?;
        let sql = [
            "DELETE FROM reminder_marks WHERE grant_id IN (SELECT id FROM grants WHERE expires_at < $1)",
            // What failed is kept as long as its mark: another address is served for it.
            "DELETE FROM mails WHERE done_at < $1 \
             AND NOT (state = 'failed' AND id IN (SELECT mail FROM reminder_marks))",
            "DELETE FROM reminder_runs WHERE at < $1 AND id NOT IN (SELECT run FROM mails WHERE run IS NOT NULL)",
        ];
        let backend = transaction.get_database_backend();
        for sql in sql {
            let statement = sea_orm::Statement::from_sql_and_values(backend, sql, [before.into()]);
            transaction.execute_raw(statement).await?;
        }
        transaction.commit().await
    }
}

impl MailClaim {
    /// Whether the row of its mail is as this claim left it.
    fn is_newest(self) -> Expr {
        let is_attempt = Expr::col(Mails::Attempts).eq(i64::from(self.attempt));
        is_attempt.and(Expr::col(Mails::DueAt).eq(self.due_at.as_millisecond()))
    }
}

/// The next night may plan a mail about the tokens of this one.
async fn forget_marks(transaction: &WriteTransaction, mail: MailId) -> Result<(), StoreError> {
    let delete = Query::delete()
        .from_table(ReminderMarks::Table)
        .and_where(Expr::col(ReminderMarks::Mail).eq(mail.as_i64()))
        .take();
    transaction.execute(&delete).await?;
    Ok(())
}

fn marking(id: MailId, outcome: &MailOutcome, now: Timestamp) -> UpdateStatement {
    let mut update = Query::update();
    update
        .table(Mails::Table)
        .and_where(Expr::col(Mails::Id).eq(id.as_i64()))
        .and_where(Expr::col(Mails::State).eq(MailState::Sending.stored()));
    let mut done = |state: MailState| {
        update
            .value(Mails::State, state.stored())
            .value(Mails::DueAt, None::<i64>)
            .value(Mails::DoneAt, now.as_millisecond());
    };
    match outcome {
        MailOutcome::Sent { address, answer, .. } | MailOutcome::Failed { address, answer } => {
            let sent = matches!(outcome, MailOutcome::Sent { .. });
            done(if sent { MailState::Sent } else { MailState::Failed });
            update.value(Mails::Reason, None::<String>);
            update.value(Mails::Address, address.as_str()).value(Mails::Answer, answer.as_str());
        }
        MailOutcome::Skipped(reason) => {
            done(MailState::Skipped(*reason));
            update.value(Mails::Reason, reason.as_str());
        }
        MailOutcome::Later { due_at, answer } | MailOutcome::Unanswered { due_at, answer } => {
            if matches!(outcome, MailOutcome::Unanswered { .. }) {
                update.value(Mails::Reason, list::UNANSWERED);
            }
            update
                .value(Mails::State, MailState::Waiting.stored())
                .value(Mails::DueAt, due_at.as_millisecond())
                .value(Mails::Answer, answer.as_str());
        }
        MailOutcome::Untried { due_at, answer } => {
            if let Some(answer) = answer {
                update.value(Mails::Answer, answer.as_str());
            }
            update
                .value(Mails::State, MailState::Waiting.stored())
                .value(Mails::Attempts, Expr::col(Mails::Attempts).sub(1))
                .value(Mails::DueAt, due_at.as_millisecond());
        }
    }
    update
}
