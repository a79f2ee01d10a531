//! Real servers, started for a test and stopped with it.

pub mod mail;
pub mod nginx;
pub mod patgate;
pub mod postgres;
