//! Changes that the word of a provider makes: users confirmed, and no longer let in.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use patgate_core::confirmation::{Confirmation, FreshnessWindows, Withdrawal};
use patgate_core::identifier::UserId;
use patgate_core::user::{Origin, User, UserState};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sea_orm::{ConnectionTrait, QueryResult};
use serde_json::json;

use super::Change;
use crate::change_log::ChangedKind;
use crate::confirmations::{NextLook, refresh_tokens, to_text};
use crate::error::StoreError;
use crate::items::SealedSecret;
use crate::rows::{AT_ONCE, column, of_each};
use crate::tables::{Confirmations, Sessions, Users};
use crate::users;

impl Change {
    /// The user whom a provider knows by this key, when not deleted.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails; so with all below.
    pub async fn user_by_subject(
        &self,
        origin: Origin,
        provider: &str,
        subject: &str,
    ) -> Result<Option<User>, StoreError> {
        users::by_subject(&self.transaction, origin, provider, subject).await
    }

    /// Notes that a provider vouched for users just now, and when it is asked again. What was suspended for their
    /// sake passes again, and that alone is an event of the audit log: a word that only repeats the last is none. When
    /// nobody has noted yet that it was suspended, that is one as well.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn confirm_users(
        &mut self,
        ids: &[UserId],
        next: impl Into<NextLook>,
    ) -> Result<(), StoreError> {
        let now = self.now;
        self.confirm_users_as_of(ids, now, next).await
    }

    /// The same, when the provider was asked at another time, sooner: its word is as old as that.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn confirm_users_as_of(
        &mut self,
        ids: &[UserId],
        asked: Timestamp,
        next: impl Into<NextLook>,
    ) -> Result<(), StoreError> {
        let next = next.into();
        let windows = self.token_settings().await?.freshness;
        let users: HashMap<_, _> =
            self.users_by_ids(ids).await?.into_iter().map(|user| (user.id, user)).collect();
        let lapsed = self.lapsed(ids).await?;
        for id in ids {
            let user = users.get(id).ok_or(StoreError::NotFound("user"))?;
            let is_noted = matches!(user.confirmation, Confirmation::Withdrawn { .. }) || lapsed.contains(id);
            // The clock suspends tokens, and whoever notes it looks every few seconds.
            let is_unnoted = !is_noted && self.lapses_now(user, windows).await?;
            if is_unnoted {
                self.note_user(user, "user.lapse", json!({ "provider": user.provider }));
            }
            if is_noted || is_unnoted {
                self.note_user(user, "user.confirm", json!({ "provider": user.provider }));
            }
            self.touched.insert((ChangedKind::User, id.as_i64()));
        }
        for ids in ids.chunks(AT_ONCE) {
            let update = Query::update()
                .table(Users::Table)
                .value(Users::ConfirmedAt, asked.as_millisecond())
                .value(Users::WithdrawnAt, Option::<i64>::None)
                .value(Users::Withdrawal, Option::<String>::None)
                .and_where(Expr::col(Users::Id).is_in(ids.iter().map(|id| id.as_i64())))
                .take();
            self.execute(&update).await?;
            let mut insert = Query::insert()
                .into_table(Confirmations::Table)
                .columns([Confirmations::UserId, Confirmations::DueAt])
                .take();
            for &id in ids {
                insert.values_panic([id.as_i64().into(), next.at(id).as_millisecond().into()]);
            }
            let forgotten = [
                (Confirmations::Answer, Option::<String>::None.into()),
                (Confirmations::WarnedAt, Option::<i64>::None.into()),
                (Confirmations::LapsedAt, Option::<i64>::None.into()),
                (Confirmations::Attempts, 0_i64.into()),
            ];
            let mut conflict = OnConflict::column(Confirmations::UserId);
            conflict.update_column(Confirmations::DueAt);
            conflict.values(forgotten.map(|(column, value): (_, sea_orm::Value)| (column, Expr::val(value))));
            self.execute(insert.on_conflict(conflict)).await?;
        }
        Ok(())
    }

    /// Keeps the refresh token of a user's last sign-in, or the same one sealed anew.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn keep_refresh_token(&mut self, user: UserId, token: &SealedSecret) -> Result<(), StoreError> {
        let update = Query::update()
            .table(Confirmations::Table)
            .value(Confirmations::RefreshToken, to_text(token)?)
            .and_where(Expr::col(Confirmations::UserId).eq(user.as_i64()))
            .take();
        self.execute(&update).await?;
        self.touched.insert((ChangedKind::User, user.as_i64()));
        Ok(())
    }

    /// Notes that a provider no longer lets a user in, and ends their sessions: none of their tokens passes until the
    /// provider says otherwise. Nothing happens when that is known.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn withdraw_user(&mut self, user: UserId, reason: Withdrawal) -> Result<(), StoreError> {
        let user = self.present_user(user).await?;
        if matches!(user.confirmation, Confirmation::Withdrawn { reason: known, .. } if known == reason) {
            return Ok(());
        }
        let update = Query::update()
            .table(Users::Table)
            .value(Users::WithdrawnAt, self.now.as_millisecond())
            .value(Users::Withdrawal, reason.as_str())
            .and_where(Expr::col(Users::Id).eq(user.id.as_i64()))
            .take();
        self.execute(&update).await?;
        self.end_sessions(user.id, None).await?;
        self.note_user(&user, "user.withdraw", json!({ "provider": user.provider, "reason": reason }));
        Ok(())
    }

    /// Notes once that the last word of a user's provider counts no longer, because it is of this `age`. It was the
    /// clock that suspended their tokens, so nothing but the audit log learns it here.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn note_lapse(&mut self, user: UserId, age: SignedDuration) -> Result<(), StoreError> {
        let user = self.present_user(user).await?;
        if self.set_once(&user, Confirmations::LapsedAt, age).await? {
            self.note_user(&user, "user.lapse", json!({ "provider": user.provider }));
        }
        Ok(())
    }

    /// Notes once that a user is told that their tokens will be suspended, because the last word of their provider is
    /// of this `age`. Returns whether that is news, and they can be told.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn note_warning(&mut self, user: UserId, age: SignedDuration) -> Result<bool, StoreError> {
        let user = self.present_user(user).await?;
        let can_be_told = user.state == UserState::Enabled && !user.email.is_empty();
        let is_news = can_be_told && self.set_once(&user, Confirmations::WarnedAt, age).await?;
        if is_news {
            self.note_user(&user, "user.warn", json!({ "provider": user.provider }));
        }
        Ok(is_news)
    }

    /// Ends the sessions that were opened through an identity provider: those of a subject, of one session there, or,
    /// with both, those that are of both. Returns how many.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn end_provider_sessions(
        &mut self,
        provider: &str,
        subject: Option<&str>,
        session: Option<&str>,
    ) -> Result<usize, StoreError> {
        if subject.is_none() && session.is_none() {
            return Ok(0);
        }
        let users = Query::select()
            .column(Users::Id)
            .from(Users::Table)
            .and_where(Expr::col(Users::Provider).eq(provider))
            .take();
        let select = Query::select()
            .column(Sessions::Digest)
            .from(Sessions::Table)
            .and_where_option(subject.map(|subject| Expr::col(Sessions::ProviderSubject).eq(subject)))
            .and_where_option(session.map(|session| Expr::col(Sessions::ProviderSession).eq(session)))
            .and_where(Expr::col(Sessions::UserId).in_subquery(users))
            .take();
        let rows = self.transaction.query_all(&select).await?;
        for row in &rows {
            self.delete_session(&crate::rows::bytes32(row, "digest")?).await?;
        }
        Ok(rows.len())
    }

    /// Forgets when a user's provider is asked, and with what.
    pub(super) async fn forget_confirmation(&mut self, user: UserId) -> Result<(), StoreError> {
        let delete = Query::delete()
            .from_table(Confirmations::Table)
            .and_where(Expr::col(Confirmations::UserId).eq(user.as_i64()))
            .take();
        self.execute(&delete).await?;
        Ok(())
    }

    /// The sealed refresh tokens, each with its user.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn refresh_tokens(&self) -> Result<Vec<(UserId, SealedSecret)>, StoreError> {
        refresh_tokens(&self.transaction).await
    }

    /// Takes the ID tokens out of all sessions: a log-out at the provider then asks the person there.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn forget_id_tokens(&mut self) -> Result<(), StoreError> {
        let update = Query::update()
            .table(Sessions::Table)
            .value(Sessions::IdToken, Option::<String>::None)
            .and_where(Expr::col(Sessions::IdToken).is_not_null())
            .take();
        self.execute(&update).await?;
        Ok(())
    }

    /// Those of whom it is noted that their last word counts no longer.
    async fn lapsed(&self, ids: &[UserId]) -> Result<HashSet<UserId>, StoreError> {
        let selection = Query::select()
            .column(Confirmations::UserId)
            .from(Confirmations::Table)
            .and_where(Expr::col(Confirmations::LapsedAt).is_not_null())
            .take();
        let ids = ids.iter().map(|id| id.as_i64()).collect();
        let read = |row: &QueryResult| Ok(UserId::from_i64(column(row, "user_id")?));
        let lapsed = of_each(&self.transaction, &selection, Confirmations::UserId, ids, read).await?;
        Ok(lapsed.into_iter().collect())
    }

    /// Whether the last word of a user's provider counts no longer, and a token of theirs is suspended for it.
    async fn lapses_now(&self, user: &User, windows: FreshnessWindows) -> Result<bool, StoreError> {
        if user.confirmation.suspends(windows.of(user.origin), self.now).is_none() {
            return Ok(false);
        }
        Ok(self.count_live_grants(user.id).await? > 0)
    }

    /// Marks what is done when the last word of a user's provider is of this age, unless it is not, or was done since.
    async fn set_once(
        &mut self,
        user: &User,
        step: Confirmations,
        age: SignedDuration,
    ) -> Result<bool, StoreError> {
        let Confirmation::At(last) = user.confirmation else { return Ok(false) };
        let due = last.saturating_add(age).unwrap_or(Timestamp::MAX);
        if self.now < due {
            return Ok(false);
        }
        let update = Query::update()
            .table(Confirmations::Table)
            .value(step, self.now.as_millisecond())
            .and_where(Expr::col(Confirmations::UserId).eq(user.id.as_i64()))
            .and_where(Expr::col(step).is_null().or(Expr::col(step).lt(due.as_millisecond())))
            .take();
        Ok(self.execute(&update).await? > 0)
    }
}
