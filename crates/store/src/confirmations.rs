//! Which users are to be asked about, when, and with what: the rows of the re-checks. They are data; what a provider
//! answers is a [`crate::Change`].

use jiff::{SignedDuration, Timestamp};
use patgate_core::identifier::UserId;
use patgate_core::provider::ProviderName;
use patgate_core::user::{Origin, User};
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait, Func, Order, Query, SelectStatement, SimpleExpr};
use sea_orm::{ConnectionTrait, QueryResult};

use crate::error::StoreError;
use crate::items::SealedSecret;
use crate::rows::{AT_ONCE, column, from_json, optional_time};
use crate::store::Store;
use crate::tables::{Confirmations, Grants, Sessions, Users};
use crate::users;

/// A user about whom their provider is to be asked now.
#[derive(Clone, Debug)]
pub struct DueConfirmation {
    /// As last known.
    pub user: User,
    /// What an identity provider is asked with.
    pub refresh_token: Option<SealedSecret>,
}

/// When users about whom there was news are asked about again: each at a moment of their own within a span, so that those
/// who came at once are not asked about at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextLook {
    /// The end of the span.
    pub latest: Timestamp,
    /// Its length.
    pub spread: SignedDuration,
}

/// At this moment, all of them.
impl From<Timestamp> for NextLook {
    fn from(at: Timestamp) -> Self {
        Self { latest: at, spread: SignedDuration::ZERO }
    }
}

impl NextLook {
    /// When this user is asked about. An identifier is random, and spreads as well as any other number.
    #[must_use]
    pub fn at(self, user: UserId) -> Timestamp {
        let sooner = SignedDuration::from_millis(user.as_i64() % self.milliseconds());
        self.latest.saturating_sub(sooner).unwrap_or(self.latest)
    }

    /// At least one, to divide by.
    fn milliseconds(self) -> i64 {
        Ord::max(i64::try_from(self.spread.as_millis()).unwrap_or(i64::MAX), 1)
    }
}

/// What is known about the asking, for people to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfirmationRecord {
    /// When the provider is asked next, if there are tokens then.
    pub due_at: Option<Timestamp>,
    /// Whether an identity provider gave something to ask it with.
    pub has_refresh_token: bool,
    /// How often it was asked in vain since its last answer.
    pub attempts: u32,
    /// What came of the last attempt, when it was in vain.
    pub answer: Option<String>,
}

impl Store {
    /// The user whom a provider knows by this key, when not deleted.
    ///
    /// # Errors
    /// When the database fails; so with all below.
    pub async fn user_by_subject(
        &self,
        origin: Origin,
        provider: &str,
        subject: &str,
    ) -> Result<Option<User>, StoreError> {
        users::by_subject(&self.inner.orm, origin, provider, subject).await
    }

    /// Claims at most `limit` users with a live token or a session about whom this provider is to be asked at `now`, the
    /// longest waiting first; of an identity provider's, those whose refresh token is kept. Nobody else gets them before `until`; who stops meanwhile leaves them until then.
    ///
    /// # Errors
    /// As above.
    pub async fn claim_confirmations(
        &self,
        provider: &ProviderName,
        now: Timestamp,
        until: Timestamp,
        limit: u64,
    ) -> Result<Vec<DueConfirmation>, StoreError> {
        let select = asked_about(has_token(now).or(has_session()))
            .column(Confirmations::RefreshToken)
            .and_where(Expr::col(Users::Provider).eq(provider.as_str()))
            .and_where(Expr::col(Confirmations::DueAt).lte(now.as_millisecond()))
            .and_where(can_be_asked_about())
            .order_by(Confirmations::DueAt, Order::Asc)
            .limit(limit)
            .take();
        // A look without a lock, because mostly there is nothing to do.
        if self.inner.orm.query_one(&select).await?.is_none() {
            return Ok(Vec::new());
        }
        let (_turn, transaction) = self.inner.begin_data().await?;
        let due: Vec<_> =
            transaction.query_all(&select).await?.iter().map(due).collect::<Result<_, StoreError>>()?;
        let claim = Query::update()
            .table(Confirmations::Table)
            .value(Confirmations::DueAt, until.as_millisecond())
            .and_where(Expr::col(Confirmations::UserId).is_in(due.iter().map(|it| it.user.id.as_i64())))
            .take();
        transaction.execute(&claim).await?;
        transaction.commit().await?;
        Ok(due)
    }

    /// Notes that a provider answered and nothing is different: these users are asked about again then.
    ///
    /// # Errors
    /// As above.
    pub async fn settle_confirmations(
        &self,
        users: &[UserId],
        next: impl Into<NextLook>,
    ) -> Result<(), StoreError> {
        let next = next.into();
        let sooner = || Expr::col(Confirmations::UserId).modulo(next.milliseconds());
        let (_turn, transaction) = self.inner.begin_data().await?;
        for users in users.chunks(AT_ONCE) {
            let update = Query::update()
                .table(Confirmations::Table)
                .value(Confirmations::DueAt, Expr::val(next.latest.as_millisecond()).sub(sooner()))
                .value(Confirmations::Attempts, 0)
                .value(Confirmations::Answer, Option::<String>::None)
                .and_where(Expr::col(Confirmations::UserId).is_in(users.iter().map(|user| user.as_i64())))
                .take();
            transaction.execute(&update).await?;
        }
        transaction.commit().await
    }

    /// Notes that a provider was asked in vain about these users: they are asked about again after `pause`, and twice,
    /// four times that long and so on while it stays so, up to `longest`.
    ///
    /// # Errors
    /// As above.
    pub async fn postpone_confirmations(
        &self,
        users: &[UserId],
        now: Timestamp,
        pause: SignedDuration,
        longest: SignedDuration,
        answer: &str,
    ) -> Result<(), StoreError> {
        let (_turn, transaction) = self.inner.begin_data().await?;
        let attempts = || Expr::col(Confirmations::Attempts);
        let milliseconds = |span: SignedDuration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        for users in users.chunks(AT_ONCE) {
            // A case for each number of attempts: neither database needs a power or a least of two then.
            let mut wait = CaseStatement::new();
            for before in 0..16_i64 {
                let span = Ord::min(milliseconds(pause).saturating_mul(1 << before), milliseconds(longest));
                wait = wait.case(attempts().eq(before), now.as_millisecond().saturating_add(span));
            }
            let last = now.as_millisecond().saturating_add(milliseconds(longest));
            let update = Query::update()
                .table(Confirmations::Table)
                .value(Confirmations::DueAt, wait.finally(last))
                .value(Confirmations::Attempts, attempts().add(1))
                .value(Confirmations::Answer, answer)
                .and_where(Expr::col(Confirmations::UserId).is_in(users.iter().map(|user| user.as_i64())))
                .take();
            transaction.execute(&update).await?;
        }
        transaction.commit().await
    }

    /// Puts the refresh token that a provider gave in exchange in place of the one that is `used` up: before anything
    /// else is done with the answer, because that one is worth nothing any more. A newer one of a sign-in stays.
    ///
    /// # Errors
    /// As above.
    pub async fn replace_refresh_token(
        &self,
        user: UserId,
        used: &SealedSecret,
        next: &SealedSecret,
    ) -> Result<(), StoreError> {
        let (_turn, transaction) = self.inner.begin_data().await?;
        let update = Query::update()
            .table(Confirmations::Table)
            .value(Confirmations::RefreshToken, to_text(next)?)
            .and_where(Expr::col(Confirmations::UserId).eq(user.as_i64()))
            .and_where(Expr::col(Confirmations::RefreshToken).eq(to_text(used)?))
            .take();
        transaction.execute(&update).await?;
        transaction.commit().await
    }

    /// At most `limit` users of a provider, those whom it vouched for last: to see whether it knows anybody at all.
    ///
    /// # Errors
    /// As above.
    pub async fn lately_confirmed(
        &self,
        provider: &ProviderName,
        limit: u64,
    ) -> Result<Vec<User>, StoreError> {
        let select = users::selection()
            .and_where(Expr::col(Users::Provider).eq(provider.as_str()))
            .and_where(Expr::col(Users::WithdrawnAt).is_null())
            .order_by(Users::ConfirmedAt, Order::Desc)
            .limit(limit)
            .take();
        self.inner.orm.query_all(&select).await?.iter().map(users::read).collect()
    }

    /// At most `limit` owners of live tokens of an origin who were last confirmed this `age` ago or longer, and of whom
    /// this was not done since they were. Those whom their provider no longer lets in are not among them; neither are,
    /// where somebody is to be told, those who are disabled or have no address.
    ///
    /// # Errors
    /// As above.
    pub async fn lapsing(
        &self,
        origin: Origin,
        age: SignedDuration,
        step: LapseStep,
        now: Timestamp,
        limit: u64,
    ) -> Result<Vec<User>, StoreError> {
        let age = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
        let before = now.as_millisecond().saturating_sub(age);
        let done = match step {
            LapseStep::Warn => Confirmations::WarnedAt,
            LapseStep::Note => Confirmations::LapsedAt,
        };
        // Of another window, which was shorter: it was not due yet by this one.
        let is_too_early = Expr::col(done).lt(Expr::col(Users::ConfirmedAt).add(age));
        let mut select = asked_about(has_token(now));
        select
            .and_where(Expr::col(Users::Origin).eq(origin.as_str()))
            .and_where(Expr::col(Users::WithdrawnAt).is_null())
            .and_where(Expr::col(Users::ConfirmedAt).lte(before))
            .and_where(Expr::col(done).is_null().or(is_too_early))
            .limit(limit);
        if step == LapseStep::Warn {
            select
                .and_where(Expr::col(Users::DisabledAt).is_null())
                .and_where(Expr::col(Users::Email).ne(""));
        }
        self.inner.orm.query_all(&select).await?.iter().map(users::read).collect()
    }

    /// How many owners of live tokens of an origin were last confirmed at or before `until`, and after `since` where that
    /// is given. Those who are disabled, and whom their provider no longer lets in, are not among them.
    ///
    /// # Errors
    /// As above.
    pub async fn count_confirmed_between(
        &self,
        origin: Origin,
        since: Option<Timestamp>,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        // Whoever was made before there were confirmations was there then.
        let confirmed_at =
            || Expr::expr(Func::coalesce([Expr::col(Users::ConfirmedAt), Expr::col(Users::CreatedAt)]));
        let mut select = Query::select();
        select
            .expr_as(Expr::col((Users::Table, Users::Id)).count(), "owners")
            .from(Users::Table)
            .and_where(Expr::col(Users::Origin).eq(origin.as_str()))
            .and_where(Expr::col(Users::DeletedAt).is_null())
            .and_where(Expr::col(Users::DisabledAt).is_null())
            .and_where(Expr::col(Users::WithdrawnAt).is_null())
            .and_where(confirmed_at().lte(until.as_millisecond()))
            .and_where(has_token(now));
        if let Some(since) = since {
            select.and_where(confirmed_at().gt(since.as_millisecond()));
        }
        let row = self.inner.orm.query_one(&select).await?.ok_or(StoreError::Unreadable("owners"))?;
        Ok(column::<i64>(&row, "owners")?.unsigned_abs())
    }

    /// What is known about the asking after a user; `None` for one who is never asked about.
    ///
    /// # Errors
    /// As above.
    pub async fn confirmation_record(&self, user: UserId) -> Result<Option<ConfirmationRecord>, StoreError> {
        let select = Query::select()
            .columns([Confirmations::DueAt, Confirmations::Attempts, Confirmations::Answer])
            .column(Confirmations::RefreshToken)
            .from(Confirmations::Table)
            .and_where(Expr::col(Confirmations::UserId).eq(user.as_i64()))
            .take();
        let Some(row) = self.inner.orm.query_one(&select).await? else { return Ok(None) };
        Ok(Some(ConfirmationRecord {
            due_at: optional_time(&row, "due_at")?,
            has_refresh_token: column::<Option<String>>(&row, "refresh_token")?.is_some(),
            attempts: attempts(&row)?,
            answer: column(&row, "answer")?,
        }))
    }
}

/// The two things that happen once when a confirmation grows old: once for each window that ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LapseStep {
    /// The user is told that their tokens will be suspended.
    Warn,
    /// The audit log is told that they are.
    Note,
}

/// For its column.
pub(crate) fn to_text(secret: &SealedSecret) -> Result<String, StoreError> {
    crate::rows::to_json(secret, "refresh_token")
}

/// The sealed refresh tokens, each with its user.
pub(crate) async fn refresh_tokens(
    connection: &impl ConnectionTrait,
) -> Result<Vec<(UserId, SealedSecret)>, StoreError> {
    let select = Query::select()
        .columns([Confirmations::UserId, Confirmations::RefreshToken])
        .from(Confirmations::Table)
        .and_where(Expr::col(Confirmations::RefreshToken).is_not_null())
        .take();
    let read = |row: &QueryResult| {
        let text: String = column(row, "refresh_token")?;
        Ok((UserId::from_i64(column(row, "user_id")?), from_json(&text, "refresh_token")?))
    };
    connection.query_all(&select).await?.iter().map(read).collect()
}

/// The users from outside of whom this is true.
fn asked_about(condition: SimpleExpr) -> SelectStatement {
    users::selection()
        .inner_join(
            Confirmations::Table,
            Expr::col((Confirmations::Table, Confirmations::UserId)).equals((Users::Table, Users::Id)),
        )
        .and_where(condition)
        .take()
}

/// Whether a user has a token that is neither deleted nor expired.
fn has_token(now: Timestamp) -> SimpleExpr {
    let ends = Expr::col((Grants::Table, Grants::ExpiresAt));
    let live = Query::select()
        .expr(Expr::val(1))
        .from(Grants::Table)
        .and_where(Expr::col((Grants::Table, Grants::Owner)).equals((Users::Table, Users::Id)))
        .and_where(Expr::col((Grants::Table, Grants::DeletedAt)).is_null())
        .and_where(ends.clone().is_null().or(ends.gt(now.as_millisecond())))
        .take();
    Expr::exists(live)
}

/// Whether there is something to ask with: a directory needs nothing.
fn can_be_asked_about() -> SimpleExpr {
    let is_ldap = Expr::col((Users::Table, Users::Origin)).eq(Origin::Ldap.as_str());
    is_ldap.or(Expr::col(Confirmations::RefreshToken).is_not_null())
}

/// Whether a user has a session; those that have ended are forgotten soon.
fn has_session() -> SimpleExpr {
    let sessions = Query::select()
        .expr(Expr::val(1))
        .from(Sessions::Table)
        .and_where(Expr::col((Sessions::Table, Sessions::UserId)).equals((Users::Table, Users::Id)))
        .take();
    Expr::exists(sessions)
}

fn due(row: &QueryResult) -> Result<DueConfirmation, StoreError> {
    let token: Option<String> = column(row, "refresh_token")?;
    Ok(DueConfirmation {
        user: users::read(row)?,
        refresh_token: token.map(|text| from_json(&text, "refresh_token")).transpose()?,
    })
}

fn attempts(row: &QueryResult) -> Result<u32, StoreError> {
    Ok(u32::try_from(column::<i64>(row, "attempts")?).unwrap_or(u32::MAX))
}
