//! Settings: one JSON text a name.

use patgate_core::policy::TokenSettings;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Query};

use crate::error::StoreError;
use crate::rows::json;
use crate::tables::Settings;

/// The row of [`TokenSettings`].
pub(crate) const TOKENS: &str = "personal_access_tokens";

/// The stored token settings, or the defaults when none were ever stored.
pub(crate) async fn tokens(connection: &impl ConnectionTrait) -> Result<TokenSettings, StoreError> {
    let select = Query::select()
        .column(Settings::Value)
        .from(Settings::Table)
        .and_where(Expr::col(Settings::Name).eq(TOKENS))
        .take();
    match connection.query_one(&select).await? {
        Some(row) => json(&row, "value"),
        None => Ok(TokenSettings::default()),
    }
}
