//! The API over the real router and a real database, with a frozen clock and seeded randomness: what is in the
//! snapshots are the real answers.
//!
//! One binary for all of them: each file is a module, and [`common`] is their ground.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what cannot be prepared or read fails the test, and the message says where"
)]

mod callers;
mod command_line;
mod common;
mod configuration_items;
mod deploy;
mod deploy_control;
mod deploy_limits;
mod deploy_lists;
mod deploy_many;
mod deploy_repository;
mod first_start;
mod health;
mod ldap;
mod logged_out;
mod nights;
mod openapi;
mod outbox;
mod outsiders;
mod outsiders_tokens;
mod pages;
mod passwords;
mod policy;
mod postgres;
mod proxied;
mod rechecks;
mod rechecks_in_vain;
mod rechecks_paced;
mod rechecks_told;
mod refusals;
mod release;
mod release_credentials;
mod release_generations;
mod release_lists;
mod release_planned;
mod release_tasks;
mod release_variables;
mod releases;
mod reminders;
mod roles;
mod scim;
mod session;
mod settings;
mod sso;
mod tokens;
mod users;
mod vendor_rules;
mod vendor_tokens;
mod webhooks;
