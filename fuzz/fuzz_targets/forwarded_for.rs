//! Whatever a client writes into `X-Forwarded-For`, its address is found. Each line of the input is one header.
#![no_main]

use std::net::{IpAddr, Ipv4Addr};

use http::{HeaderMap, HeaderValue};
use patgate_gateway::TrustedProxies;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Ok(proxies) = TrustedProxies::read(["10.0.0.0/8", "::1"]) else { return };
    let mut headers = HeaderMap::new();
    for line in input.split(|byte| *byte == b'\n') {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append("x-forwarded-for", value);
        }
    }
    let _ = proxies.client_address(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), &headers);
});
