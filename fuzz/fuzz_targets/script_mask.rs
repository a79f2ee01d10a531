//! Neither a secret nor a token is in a text that has been masked. The first line is the secret.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &str| {
    if let Some((secret, text)) = input.split_once('\n') {
        patgate_fuzz::script::hide(secret, text);
    }
});
