//! The rules of Patgate, pure.
//!
//! Nothing here can fail for an outside reason: no runtime, no database, no socket, no file. Time and randomness
//! are arguments. What this crate decides (is a token well formed, expired, allowed) is decided nowhere else.
//!
//! A request walks through [`index::Index::view`] and [`verify::verify`]; everything else feeds those two.

pub mod application;
pub mod authority;
pub mod base62;
pub mod confirmation;
pub mod delegation;
pub mod expiry;
pub mod grant;
pub mod hexadecimal;
pub mod identifier;
pub mod index;
pub mod item;
pub mod permission;
pub mod policy;
pub mod provider;
pub mod release;
pub mod reminder;
pub mod role;
pub mod scim;
pub mod throttle;
pub mod token;
pub mod user;
pub mod verify;
pub mod webhook;
pub mod xml;
