//! Users: the vendor's calls, who may make them, and what a change of a user does.

mod accounts;
mod bad_input;
mod command_line;
mod delegation;
mod passwords;
mod removal;

/// Where users are.
const USERS: &str = "/api/v1/users";
