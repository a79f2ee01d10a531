//! `Authorization: Basic` (RFC 7617): a blank user name and a token, the owner's name and a token, or a password.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use patgate_core::token::text::is_token_shaped;
use zeroize::Zeroizing;

use super::secret::{DecodedSecret, Secret};
use super::{Credential, CredentialFault, PresentedPassword, PresentedToken, Via};

/// Reads what follows the word `Basic`, without blanks at its ends.
pub(super) fn read(encoded: &str) -> Result<Credential<'static>, CredentialFault> {
    // Decoded in one buffer that never moves, so that nothing is left behind of it.
    let mut buffer = Zeroizing::new(vec![0; base64::decoded_len_estimate(encoded.len())]);
    let length = STANDARD.decode_slice(encoded, &mut buffer).map_err(|_| CredentialFault::NotBase64)?;
    buffer.truncate(length);
    let text = std::str::from_utf8(&buffer).map_err(|_| CredentialFault::NotUtf8)?;
    if text.contains(char::is_control) {
        return Err(CredentialFault::ControlCharacter);
    }
    let (username, password) = text.split_once(':').ok_or(CredentialFault::NoColon)?;
    let username = username.trim();
    if is_token_shaped(username) {
        return Err(CredentialFault::TokenAsUsername);
    }
    if password.is_empty() {
        return Err(CredentialFault::NoPassword);
    }
    let via = if username.is_empty() {
        Some(Via::BasicBlank)
    } else if is_token_shaped(password.trim()) {
        Some(Via::BasicOwner(username.to_owned()))
    } else {
        None
    };
    let username = username.to_owned();
    let Some(via) = via else {
        let from = text.len() - password.len();
        let password = Secret::Decoded(DecodedSecret::new(buffer, from));
        return Ok(Credential::Password(PresentedPassword { username, password }));
    };
    // A token has no blanks; those that a copied one brought along do not count, as in the other headers.
    let from = text.len() - password.trim_start().len();
    let end = text.trim_end().len().max(from);
    buffer.truncate(end);
    let text = Secret::Decoded(DecodedSecret::new(buffer, from));
    Ok(Credential::Token(PresentedToken { text, via }))
}
