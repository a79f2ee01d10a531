//! What a process that runs scripts says, and what is hidden of what scripts print.

#[path = "../../crates/server/src/script/call.rs"]
#[expect(dead_code, reason = "calls are made elsewhere")]
mod call;
#[path = "../../crates/server/src/script/frame.rs"]
#[expect(dead_code, reason = "nothing is written here")]
mod frame;
#[path = "../../crates/server/src/script/mask/mod.rs"]
#[expect(dead_code, reason = "nobody counts secrets here")]
mod mask;
#[path = "../../crates/server/src/script/message.rs"]
#[expect(dead_code, reason = "nothing is said here")]
mod message;

use patgate_core::item::SecretText;
use patgate_core::token::TokenText;

/// Reads as the server does: one message after the other, as far as they are whole.
pub fn read(mut bytes: &[u8]) {
    while let Some((head, rest)) = bytes.split_first_chunk::<4>() {
        let Ok(length) = frame::length(*head, frame::FROM_WORKER) else { return };
        let Some((message, rest)) = rest.split_at_checked(length) else { return };
        let _ = message::read(message);
        bytes = rest;
    }
}

/// Hides a secret in a text; what is left has neither it nor a token any more.
pub fn hide(secret: &str, text: &str) {
    let hidden = mask::Mask::new(&[SecretText::from(secret)]).applied(text);
    if secret.is_empty() {
        // Nothing but tokens is hidden then.
        assert!(hidden == text || hidden.contains("******"), "{hidden}");
    } else if !secret.contains('*') {
        // Two halves of it can meet at what is hidden between them, never as one.
        assert!(!hidden.contains(secret), "{hidden}");
    }
    for word in hidden.split(|character: char| !(character.is_ascii_alphanumeric() || character == '_')) {
        assert!(TokenText::parse(word).is_err(), "{hidden}");
    }
}
