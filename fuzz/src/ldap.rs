//! What an LDAP server says.

#[path = "../../crates/server/src/provider/ldap/ber.rs"]
mod ber;
#[path = "../../crates/server/src/provider/ldap/entry.rs"]
#[expect(dead_code, reason = "what an entry means is asked elsewhere")]
mod entry;
#[path = "../../crates/server/src/provider/ldap/message.rs"]
#[expect(dead_code, reason = "what is written is not read back here")]
mod message;

/// Reads as a connection does: one message after the other, as far as they are whole.
pub fn read(mut bytes: &[u8]) {
    while let Ok(Some(length)) = ber::measure(bytes) {
        let Some((whole, rest)) = bytes.split_at_checked(length) else { return };
        assert!(length > 0, "a message without bytes would be read for ever");
        let _ = message::read(whole);
        bytes = rest;
    }
}
