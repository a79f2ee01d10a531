//! Requests for tokens.

#[path = "../../crates/server/src/service/tokens/request.rs"]
mod request;

use std::fmt;

use patgate_core::application::{ApplicationSlot, Applications};
use patgate_core::permission::Catalog;
use patgate_core::policy::RequestedLifetime;

use self::issue::NewToken;
pub use self::request::TokenRequest;
use crate::state::AppState;

/// What a token is made from.
pub mod issue {
    use patgate_core::application::ApplicationSlot;
    use patgate_core::grant::{GrantName, GrantPermissions};
    use patgate_core::policy::RequestedLifetime;

    /// What is asked of a new token.
    #[derive(Debug)]
    pub struct NewToken {
        /// What it is for.
        pub name: GrantName,
        /// Where it passes.
        pub application: ApplicationSlot,
        /// How long.
        pub lifetime: RequestedLifetime,
        /// What it carries of its owner's permissions.
        pub permissions: GrantPermissions,
        /// The field of the request that asked for the lifetime.
        pub lifetime_field: &'static str,
    }
}

/// What a refusal tells.
pub mod refused {
    use super::fmt;

    /// Permissions in a sentence.
    #[derive(Debug)]
    pub struct Ids(pub Vec<String>);

    impl fmt::Display for Ids {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str(&self.0.join(", "))
        }
    }
}

/// Reads a request as the server does, by the applications and permissions that every server has.
#[must_use]
pub fn read(request: TokenRequest) -> Option<NewToken> {
    let state = AppState { applications: Applications::new([]).ok()?, catalog: Catalog::new([]).ok()? };
    request.read(&state, ApplicationSlot::ANY).ok()
}

/// Reads the end of a token: `expiresAt`, or `expiryDate` as Release's clients call it.
#[must_use]
pub fn end(text: &str, is_date: bool) -> Option<jiff::Timestamp> {
    let text = Some(text.to_owned());
    let (expires_at, expiry_date) = if is_date { (None, text) } else { (text, None) };
    let request =
        TokenRequest { token_note: "n".to_owned(), expires_at, expiry_date, ..TokenRequest::default() };
    match read(request)?.lifetime {
        RequestedLifetime::Until(moment) => Some(moment),
        other => panic!("a moment was asked, not {other:?}"),
    }
}
