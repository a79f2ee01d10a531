//! Any headers show one credential, none, or a fault. Each line of the input is a value, for each header in turn.
#![no_main]

use http::{HeaderMap, HeaderName, HeaderValue};
use patgate_gateway::application::{DEPLOY_TOKEN_HEADER, RELEASE_TOKEN_HEADER};
use patgate_gateway::credentials::{SessionCookie, TokenHeaders, find};

const NAMES: [HeaderName; 4] =
    [http::header::AUTHORIZATION, RELEASE_TOKEN_HEADER, DEPLOY_TOKEN_HEADER, http::header::COOKIE];

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Ok(token_headers) = TokenHeaders::new([RELEASE_TOKEN_HEADER, DEPLOY_TOKEN_HEADER]) else { return };
    let mut headers = HeaderMap::new();
    for (name, value) in NAMES.iter().cycle().zip(input.split(|byte| *byte == b'\n')) {
        if let (false, Ok(value)) = (value.is_empty(), HeaderValue::from_bytes(value)) {
            headers.append(name.clone(), value);
        }
    }
    let _ = find(&headers, &token_headers, Some(SessionCookie::Plain));
});
