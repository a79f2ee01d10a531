//! Real servers, started for a test and stopped with it.

pub mod fake_directory;
pub mod fake_http;
pub mod mail;
pub mod nginx;
pub mod oidc;
pub mod patgate;
pub mod postgres;
pub mod proxy;
pub mod slapd;
