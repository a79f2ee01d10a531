//! Whatever stands in `trusted_proxies`, it is read or refused. Each line of the input is one network.
#![no_main]

use patgate_gateway::TrustedProxies;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = TrustedProxies::read(text.lines());
});
