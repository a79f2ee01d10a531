//! What a mail server answers, and where mail goes.

/// A way to sign in, which stands for all.
pub mod server {
    /// One.
    #[derive(Clone, Copy)]
    pub(crate) struct Mechanism;

    impl Mechanism {
        /// Its name.
        pub(crate) fn name(self) -> &'static str {
            "PLAIN"
        }
    }
}

#[path = "../../crates/server/src/mail/address.rs"]
#[expect(dead_code, reason = "no header is written here")]
mod address;
#[path = "../../crates/server/src/mail/connection/reply.rs"]
#[expect(dead_code, reason = "what an answer means is asked elsewhere")]
mod reply;

pub use address::Mailbox;

/// Reads lines of an answer, and what the server says that it can do.
pub fn read(bytes: &[u8]) {
    let mut reply = reply::Reply::default();
    for line in bytes.split(|byte| *byte == b'\n') {
        match reply.push(line) {
            Ok(false) => {}
            Ok(true) | Err(_) => break,
        }
    }
    let abilities = reply::Abilities::read(&reply);
    let _ = (abilities.offers(server::Mechanism), reply.text());
}
