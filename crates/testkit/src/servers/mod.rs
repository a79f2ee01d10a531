//! Real servers, started for a test and stopped with it.

pub mod mail;
pub mod nginx;
pub mod oidc;
pub mod patgate;
pub mod postgres;
pub mod slapd;
