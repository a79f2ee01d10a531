//! For tests only: a frozen clock, a seeded generator, and the real programs that Patgate works with.
//!
//! Nothing here is a mock. nginx, PostgreSQL, curl and openssl are the ones of the machine (`cargo xtask test` installs
//! them), and [`servers::patgate`] runs the program that people run. Every server listens on loopback, on a port of
//! its own, is a direct child of the test, and is stopped by its own process id when its value is dropped.
//!
//! All of it blocks: an asynchronous test calls it before it starts its work, or from a blocking thread.
//!
//! # Panics
//! Everything here panics with a sentence, because a test whose parts do not start has failed.
#![expect(
    clippy::panic,
    reason = "a test whose server does not start has failed; the sentence is the message of that failure"
)]

#[cfg(feature = "browser")]
pub mod browser;
pub mod certificates;
pub mod child;
pub mod clock;
pub mod crash;
pub mod curl;
pub mod ports;
pub mod random;
pub mod scripts;
pub mod servers;
pub mod standard_webhooks;
pub mod upstream;
pub mod vendor;
pub mod wait;
pub mod wire;
