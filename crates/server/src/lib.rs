//! The control plane: configuration, use cases, the API, sign-in, and what keeps the index in step with the database.
//!
//! `app` puts the parts together and runs them. A request goes from `listener` either straight to the gateway
//! (`/auth`) or to `api`, whose handlers authenticate the [`caller`], call a use case of `service`, and answer. A change
//! ends in [`state::AppState::commit`]: one transaction, then the own index ([`node`]), then the answer.

pub mod api;
pub mod app;
pub mod caller;
pub mod command;
pub mod configuration;
pub mod demo;
pub mod edge;
pub mod jobs;
pub mod keys;
pub mod logging;
pub mod mail;
pub mod node;
pub mod outbound;
pub mod pages;
pub mod password;
pub mod problem;
pub mod provider;
pub mod release;
pub mod scim;
pub mod script;
pub mod sealing;
mod secret_file;
pub mod service;
pub mod session;
pub mod state;
pub mod tls;
mod watching;
pub mod webhook;
pub mod written_lists;
