//! Providers: what a directory or an identity provider says of a person.
//!
//! A provider proves who somebody is, and says again later whether they are still there. What that means for the user
//! and their tokens is decided by the use cases.

pub mod check;
pub mod ldap;
pub mod oidc;
mod scim_clients;

pub use scim_clients::ScimClients;

/// What a provider says of somebody. Bounded and trimmed; not yet a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The provider's own key for them, which it never gives to another: 1 to 255 characters.
    pub subject: String,
    /// The log-in name as the provider writes it; whether it can be a user's name is asked later.
    pub username: String,
    /// May be empty.
    pub full_name: String,
    /// May be empty.
    pub email: String,
    /// Their groups, sorted, each once. Compared with their case.
    pub groups: Vec<String>,
}

/// What a provider says when it is asked again about somebody whom it knew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// They are there, and this is what is true of them now.
    Present(Person),
    /// They are there and may not sign in.
    Disabled,
    /// There is no such person any more.
    Gone,
    /// It vouches for nobody now, which is no word against them: a log-out looks the same.
    Unknown,
}
