//! The data plane: credentials to verdict, and the answers of forward authentication.
//!
//! [`listener`] serves the connections of every surface. A request to `/auth` walks through [`credentials::find`],
//! `patgate_core::verify` (the only place that decides) and [`identity::headers`], which asks for the `Permit` that only a
//! verdict makes. There is no database here, and no waiting between a request and its verdict: what needs a password's
//! slow hash is handed back to the caller ([`forward::Decision::JudgePassword`]).

pub mod application;
pub mod challenge;
pub mod credentials;
pub mod forward;
pub mod identity;
pub mod listener;
pub mod proxies;
mod refusal;

pub use application::{Gate, Route, Rule};
pub use challenge::{Challenge, challenge};
pub use credentials::{Credential, CredentialFault, SessionCookie, TokenHeaders};
pub use forward::{Decision, Gateway, PasswordDemand, PasswordOutcome, UseSample};
pub use proxies::TrustedProxies;
