//! The secret itself: how it is written ([`text`]), which prefix says what it is for ([`prefix`]), and the keyed
//! digest that is all Patgate keeps of it ([`digest`]).

pub mod digest;
pub mod prefix;
pub mod text;

pub use digest::{Digest, DigestKey, DigestKeys};
pub use prefix::Prefix;
pub use text::{FormatError, PlainToken, TokenText};
