//! Whatever stands in `Accept`, `If-Match` and `If-None-Match`, it is understood or refused. Each line of the input is a
//! value, for each header in turn. The last word of `Accept` about a form counts, in however many lines it comes.
#![no_main]

use http::header::{ACCEPT, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue};
use patgate_fuzz::api::{read_entity_tags, takes_json};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let mut headers = HeaderMap::new();
    for (name, value) in
        [ACCEPT, IF_MATCH, IF_NONE_MATCH].iter().cycle().zip(input.split(|byte| *byte == b'\n'))
    {
        if let (false, Ok(value)) = (value.is_empty(), HeaderValue::from_bytes(value)) {
            headers.append(name.clone(), value);
        }
    }
    read_entity_tags(&headers);

    let lines: Vec<_> = headers.get_all(ACCEPT).iter().filter_map(|line| line.to_str().ok()).collect();
    let in_one = |last: &str| {
        let line = [lines.join(","), last.to_owned()].join(",");
        takes_json(&HeaderMap::from_iter([(
            ACCEPT,
            HeaderValue::from_str(&line).expect("lines of visible ASCII"),
        )]))
    };
    assert_eq!(takes_json(&headers), in_one(""));
    assert!(in_one("application/json, application/xml;q=0"));
    assert!(!in_one("application/json;q=0, application/xml"));
});
