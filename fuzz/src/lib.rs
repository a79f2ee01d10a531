//! Parsers of crates that a fuzzer had better not build whole, from their own files: a database and a TLS server behind
//! each target would cost more than the trial. What the files name besides is put in here, as small as it can be.

pub mod api;
pub mod configuration;
pub mod grants;
pub mod keyset;
pub mod ldap;
pub mod logging;
pub mod mail;
pub mod oidc;
pub mod pages;
pub mod problem;
pub mod scim;
pub mod script;
pub mod service;
pub mod session;
pub mod state;
pub mod tokens;
